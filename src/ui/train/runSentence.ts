import type { RunRecord } from '../../domain/run';
import type { RunView } from '../../domain/train/runView';
import type { Dictionary } from '../i18n/en';
import { formatCount, formatFigure, formatPercent } from '../i18n/format';

function trainingSentence(t: Dictionary['train']['sentence'], record: RunRecord, view: RunView): string {
  const last = view.steps[view.steps.length - 1];
  if (!last) return t.firstStep;
  const first = view.dev[0];
  const now = view.dev[view.dev.length - 1];
  const dev =
    first && now && now !== first
      ? t.trainingDev(formatPercent(now.metrics.recallAt10), formatPercent(first.metrics.recallAt10))
      : t.trainingNoDev;
  return `${t.training(formatCount(last.step), formatCount(record.steps), formatFigure(last.loss))}${dev}`;
}

/** How far the run is within its phase, such as "encoding passages 30 / 288"; empty if that is not known. */
export function progressText({ job }: Dictionary, record: RunRecord, view: RunView): string {
  const { progress } = view;
  const step = view.steps[view.steps.length - 1]?.step;
  if (progress && progress.of > 0)
    return `${job.what[progress.what]} ${formatCount(progress.done)} / ${formatCount(progress.of)}`;
  return view.phase === 'train' && step !== undefined ? `${formatCount(step)} / ${formatCount(record.steps)}` : '';
}

/** Where the run is: its phase, the step if it trains, and the work under way. */
function placeText(t: Dictionary, record: RunRecord, view: RunView): string {
  const step = view.steps[view.steps.length - 1]?.step ?? 0;
  const training = view.phase === 'train' && step > 0;
  const place = training
    ? t.train.sentence.atStep(formatCount(step), formatCount(record.steps))
    : t.job.phases[view.phase];
  const under = view.progress ? progressText(t, record, view) : '';
  return under === '' ? place : `${place}${t.common.comma}${under}`;
}

/** Describes the state of a run in a sentence or two, shown above the curves. */
export function runSentence(dictionary: Dictionary, record: RunRecord | null, view: RunView | null): string {
  const t = dictionary.train.sentence;
  if (!record || !view) return t.none;
  const step = formatCount(view.steps[view.steps.length - 1]?.step ?? 0);
  switch (record.status) {
    case 'queued':
      return t.queued;
    case 'paused':
      return t.paused(placeText(dictionary, record, view));
    case 'interrupted':
      return t.interrupted(step);
    case 'cancelled':
      return t.cancelled(step);
    case 'failed':
      return t.failed(step);
    case 'done':
      return record.keptStep === undefined
        ? t.done(record.steps)
        : t.doneKept(formatCount(record.keptStep), formatCount(record.steps));
    case 'running':
      if (view.phase === 'train') return trainingSentence(t, record, view);
      if (view.phase === 'evaluateBefore') return t.evaluateBefore;
      return view.phase === 'evaluateAfter' || view.phase === 'done' ? t.evaluateAfter : t.prepare;
    default:
      return record.status satisfies never;
  }
}
