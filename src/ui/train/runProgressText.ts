import type { RunRecord } from '../../domain/run';
import { lastStepOf } from '../../domain/train/lastStep';
import type { RunView } from '../../domain/train/runView';
import type { Dictionary } from '../i18n/dictionary';
import { formatCount } from '../i18n/format';

/**
 * Returns the progress of the run within its phase, such as "encoding passages 30 / 288", or an empty text if unknown.
 */
export function runProgressText({ job }: Dictionary, record: RunRecord, view: RunView): string {
  const { progress } = view;
  const step = view.steps[view.steps.length - 1]?.step;
  if (progress && progress.of > 0)
    return `${job.what[progress.what]} ${formatCount(progress.done)} / ${formatCount(progress.of)}`;
  return view.phase === 'train' && step !== undefined
    ? `${formatCount(step)} / ${formatCount(lastStepOf(record, view))}`
    : '';
}
