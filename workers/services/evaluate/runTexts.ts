import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import type { RunQuestions } from '../../../src/protocol/compareApi';
import type { Database } from '../../../src/storage/database';
import { getRun } from '../../../src/storage/runs';
import { preparedData, type PreparedData } from '../split/preparedData';
import { countLeftOut } from './comparedData';

/** The texts of the run that was asked for last. Those of a run never change. */
let latest: { key: string; data: Promise<PreparedData> } | null = null;

async function experimentOf(db: Database, runId: string): Promise<Experiment> {
  const run = await getRun(db, runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  return run.experiment;
}

/**
 * Returns the test questions and the knowledge base of a run.
 * @throws not-found if the run was deleted; data-missing if its data was.
 */
export async function runTexts(db: Database, runId: string): Promise<PreparedData> {
  const experiment = await experimentOf(db, runId);
  const key = `${db.name} ${runId}`;
  if (latest?.key !== key) {
    const reading = preparedData(db, experiment);
    latest = { key, data: reading };
    reading.catch(() => {
      if (latest?.data === reading) latest = null;
    });
  }
  return latest.data;
}

/** Returns the test questions of a run, and how many of their file were not used. Throws as `runTexts` does. */
export async function runQuestions(db: Database, runId: string): Promise<RunQuestions> {
  const { test, unanswered } = await runTexts(db, runId);
  const used = test.length + unanswered.test.length;
  return { questions: test, leftOut: await countLeftOut(db, await experimentOf(db, runId), 'test', used) };
}
