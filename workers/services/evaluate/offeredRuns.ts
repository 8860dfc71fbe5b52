import { canonicalJson } from '../../../src/domain/canonicalJson';
import type { Experiment } from '../../../src/domain/experiment';
import type { RunRecord } from '../../../src/domain/run';
import type { Database } from '../../../src/storage/database';
import { listExperiments } from '../../../src/storage/experiments';
import { listRuns } from '../../../src/storage/runs';

/** Whether the runs of two experiments hold the same questions back. */
const sameData = (a: Experiment, b: Experiment): boolean =>
  canonicalJson([a.data, a.split, a.seed]) === canonicalJson([b.data, b.split, b.seed]);

/**
 * Returns the finished runs that can be compared on an experiment's data: its own, and those of other experiments with
 * the same data and split, whose names are given.
 */
export async function offeredRuns(
  db: Database,
  experimentId: string,
  experiment: Experiment,
): Promise<{ run: RunRecord; other: string | null }[]> {
  const offered: { run: RunRecord; other: string | null }[] = [];
  for (const stored of await listExperiments(db)) {
    const isOwn = stored.experimentId === experimentId;
    for (const run of await listRuns(db, stored.experimentId))
      if (run.status === 'done' && run.trial !== true && (isOwn || sameData(run.experiment, experiment)))
        offered.push({ run, other: isOwn ? null : stored.name });
  }
  return offered;
}
