import type { RunRecord } from '../../../src/domain/run';
import { latestCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { updateRun } from '../../../src/storage/runs';
import type { RunLog } from './runLog';

/**
 * Records that a run continues with a new build, because its bits may then differ from those of either build. A run
 * that has not begun simply gets the new build.
 */
export async function noteBuild(db: Database, record: RunRecord, build: string, log: RunLog): Promise<void> {
  const { runId, buildChanges = [] } = record;
  if ((buildChanges.at(-1)?.build ?? record.build) === build) return;
  if (record.kernelPlan === '') return updateRun(db, runId, { build });
  const { step = 0 } = (await latestCheckpoint(db, runId)) ?? {};
  await log.flushWith({ type: 'buildChanged', step, build });
  await updateRun(db, runId, { buildChanges: [...buildChanges, { step, build }] });
}
