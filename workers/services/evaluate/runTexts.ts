import { AppError } from '../../../src/domain/errors';
import type { Database } from '../../../src/storage/database';
import { getRun } from '../../../src/storage/runs';
import { preparedData, type PreparedData } from '../split/preparedData';

/** The texts of the run that was asked for last. Those of a run never change. */
let latest: { key: string; data: Promise<PreparedData> } | null = null;

/**
 * Returns the test questions and the knowledge base of a run.
 * @throws not-found if the run was deleted; data-missing if its data was.
 */
export async function runTexts(db: Database, runId: string): Promise<PreparedData> {
  const run = await getRun(db, runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  const key = `${db.name} ${runId}`;
  if (latest?.key !== key) {
    const reading = preparedData(db, run.experiment);
    latest = { key, data: reading };
    reading.catch(() => {
      if (latest?.data === reading) latest = null;
    });
  }
  return latest.data;
}
