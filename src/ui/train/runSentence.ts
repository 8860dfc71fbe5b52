import type { RunRecord } from '../../domain/run';
import { devHits } from '../../domain/train/devTrend';
import { timeLeftMs, type RunView } from '../../domain/train/runView';
import type { Dictionary } from '../i18n/en';
import { formatCount, formatDuration, formatFigure } from '../i18n/format';

/** What the train stage says first: what the run has achieved, and a sentence on its state. */
export interface Headline {
  title: string;
  text: string;
}

const stepOf = (view: RunView): string => formatCount(view.steps[view.steps.length - 1]?.step ?? 0);

function trainingHeadline(dictionary: Dictionary, record: RunRecord, view: RunView): Headline {
  const t = dictionary.train.sentence;
  const last = view.steps[view.steps.length - 1];
  if (!last) return { title: t.firstStep, text: t.leave };
  const left = timeLeftMs(view, record.steps, view.lastAt);
  const parts = {
    step: formatCount(last.step),
    steps: formatCount(record.steps),
    loss: formatFigure(last.loss),
    left: left === null ? null : formatDuration(left, dictionary.time),
  };
  const hits = devHits(view.dev);
  if (!hits) return { title: t.trainingTitle(parts.step, parts.steps), text: t.trainingNoDev(parts.loss, parts.left) };
  return {
    title: t.devHits(hits.before, hits.now, hits.of),
    text: t.training(parts.step, parts.steps, parts.loss, parts.left),
  };
}

function doneHeadline(dictionary: Dictionary, record: RunRecord, view: RunView): Headline {
  const t = dictionary.train.sentence;
  const text =
    record.keptStep === undefined
      ? t.done(record.steps)
      : t.doneKept(formatCount(record.keptStep), formatCount(record.steps));
  const hits = devHits(view.dev, record.keptStep);
  return hits ? { title: t.devHits(hits.before, hits.now, hits.of), text } : { title: text, text: t.doneNext };
}

/** Describes a run; or, before the first one, the run that the settings `plan`. */
export function runHeadline(
  dictionary: Dictionary,
  record: RunRecord | null,
  view: RunView | null,
  plan: { pairs: number; steps: number } | null,
): Headline {
  const t = dictionary.train.sentence;
  if (!record || !view) return { title: plan ? t.planned(plan.pairs, plan.steps) : t.notPlanned, text: t.none };
  const step = stepOf(view);
  const stopped = (text: string): Headline => ({
    title: t.stopped(dictionary.job.status[record.status], step, formatCount(record.steps)),
    text,
  });
  switch (record.status) {
    case 'queued':
      return { title: t.queued, text: t.leave };
    case 'paused':
      return stopped(t.paused);
    case 'interrupted':
      return stopped(t.interrupted);
    case 'cancelled':
      return stopped(t.cancelled);
    case 'failed':
      return stopped(t.failed);
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
