import type { RunQuestions } from '../../../src/protocol/compareApi';
import type { Database } from '../../../src/storage/database';
import { comparedData } from './comparedData';

/**
 * Returns the test questions of a run, and how many questions of their file were not used.
 * @throws not-found if the run was deleted; data-missing if its data was; nothing-to-evaluate without test questions.
 */
export async function runQuestions(db: Database, runId: string): Promise<RunQuestions> {
  const { questions, leftOut } = await comparedData(db, { runId }, 'test');
  return { questions, leftOut };
}
