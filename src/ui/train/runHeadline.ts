import type { RunRecord } from '../../domain/run';
import { devHits } from '../../domain/train/devTrend';
import { lastStepOf } from '../../domain/train/lastStep';
import type { RunView } from '../../domain/train/runView';
import { timeLeftMs } from '../../domain/train/timeLeft';
import type { Dictionary } from '../i18n/dictionary';
import { formatCount, formatDuration, formatFigure } from '../i18n/format';
import { runProgressText } from './runProgressText';

/** The text at the top of the train stage: the run's results so far, and a sentence on its state. */
export interface RunHeadline {
  title: string;
  text: string;
}

/** Returns the number of passages that dev is evaluated on during training, or null if all are used. */
function sampleText({ dev }: RunView): string | null {
  const newest = dev[dev.length - 1];
  return newest?.sampleOf === undefined ? null : formatCount(newest.metrics.passages);
}

function trainingHeadline(dictionary: Dictionary, record: RunRecord, view: RunView): RunHeadline {
  const t = dictionary.train.sentence;
  const last = view.steps[view.steps.length - 1];
  if (view.repeating) {
    const [from, to] = [formatCount(view.repeating.from), formatCount(view.repeating.to)];
    const at = last ? formatCount(last.step) : null;
    return {
      title: t.repeating(from, to),
      text: t.repeatingText(at, formatCount(lastStepOf(record, view)), view.repeating.from === 1),
    };
  }
  if (!last) return { title: t.firstStep, text: t.leave };
  const left = timeLeftMs(view, record, view.lastAt);
  const parts = {
    step: formatCount(last.step),
    steps: formatCount(lastStepOf(record, view)),
    loss: formatFigure(last.loss),
    left: left === null ? null : formatDuration(left, dictionary.time),
  };
  const hits = devHits(view.dev);
  const sample = sampleText(view);
  if (!hits) return { title: t.trainingTitle(parts.step, parts.steps), text: t.trainingNoDev(parts.loss, parts.left) };
  return {
    title: t.devHits(hits.before, hits.now, hits.of, sample),
    text: t.training(parts.step, parts.steps, parts.loss, parts.left),
  };
}

function doneHeadline(dictionary: Dictionary, record: RunRecord, view: RunView): RunHeadline {
  const t = dictionary.train.sentence;
  const steps = lastStepOf(record, view);
  const hits = devHits(view.dev, record.keptStep);
  const title = hits && t.devHits(hits.before, hits.now, hits.of, sampleText(view));
  if (record.trial)
    return {
      title: title ?? t.done(steps),
      text: t.doneTrial(formatCount(record.keptStep ?? steps), formatCount(steps)),
    };
  const text =
    record.keptStep === undefined ? t.done(steps) : t.doneKept(formatCount(record.keptStep), formatCount(steps));
  return title === null ? { title: text, text: t.doneNext } : { title, text };
}

/** Writes how far the run is: its phase, the step during training, and the work in progress. */
function placeText(t: Dictionary, record: RunRecord, view: RunView): string {
  const step = view.steps[view.steps.length - 1]?.step ?? 0;
  const training = view.phase === 'train' && step > 0;
  const place = training
    ? t.train.sentence.atStep(formatCount(step), formatCount(lastStepOf(record, view)))
    : t.job.phases[view.phase];
  // If the total is unknown, the progress text is only the step, which the place already contains.
  const under = view.progress && view.progress.of > 0 ? runProgressText(t, record, view) : '';
  return under === '' ? place : `${place}${t.common.comma}${under}`;
}

/**
 * Writes from which step an interrupted run can resume, which steps it will repeat, and how exact the result will be.
 */
function interruptedText({ train: { sentence } }: Dictionary, record: RunRecord, view: RunView): string {
  const from = (view.checkpoint?.step ?? 0) + 1;
  const to = view.steps[view.steps.length - 1]?.step ?? 0;
  const none = view.checkpoint === null;
  const resume = none
    ? sentence.interruptedAtStart
    : from > to
      ? sentence.interrupted
      : sentence.interruptedAfter(formatCount(from), formatCount(to));
  const changed = view.deviceChanges.length > 0 || view.buildChanges.length > 0;
  if (changed) return resume;
  return `${resume}${record.build === __BUILD__ ? sentence.sameBits : sentence.otherBuild}`;
}

/** Describes a run or, before the first run, the run that would start with the current settings (`plan`). */
export function runHeadline(
  dictionary: Dictionary,
  record: RunRecord | null,
  view: RunView | null,
  plan: { pairs: number; steps: number; atMost: boolean } | null,
): RunHeadline {
  const t = dictionary.train.sentence;
  if (!record || !view)
    return { title: plan ? t.planned(plan.pairs, plan.steps, plan.atMost) : t.notPlanned, text: t.none };
  switch (record.status) {
    case 'queued':
      return { title: t.queued, text: t.leave };
    case 'paused':
    case 'interrupted':
    case 'cancelled':
    case 'failed':
      return {
        title: t.stopped[record.status](placeText(dictionary, record, view)),
        text: record.status === 'interrupted' ? interruptedText(dictionary, record, view) : t[record.status],
      };
    case 'done':
      return doneHeadline(dictionary, record, view);
    case 'running':
      if (view.phase === 'train') return trainingHeadline(dictionary, record, view);
      if (view.phase === 'evaluateBefore') return { title: t.evaluateBefore, text: t.leave };
      if (view.phase === 'evaluateAfter' || view.phase === 'done') return { title: t.evaluateAfter, text: t.leave };
      return { title: t.prepare, text: t.leave };
    default:
      return record.status satisfies never;
  }
}
