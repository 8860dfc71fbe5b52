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

/** Describes the state of a run in a sentence or two, shown above the curves. */
export function runSentence(dictionary: Dictionary, record: RunRecord | null, view: RunView | null): string {
  const t = dictionary.train.sentence;
  if (!record || !view) return t.none;
  const step = formatCount(view.steps[view.steps.length - 1]?.step ?? 0);
  switch (record.status) {
    case 'queued':
      return t.queued;
    case 'paused':
      return t.paused(step);
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
