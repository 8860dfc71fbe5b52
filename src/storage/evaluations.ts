import type { Evaluation } from '../domain/evaluate/evaluation';
import { guard, withHandledEnd, type Database } from './database';
import { requireRun } from './requireRun';

/** Stores an evaluation of a run. Throws `not-found` if the run was deleted. */
export async function putEvaluation(db: Database, evaluation: Evaluation): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['runs', 'evaluations'], 'readwrite'));
    await requireRun(transaction, evaluation.runId);
    await Promise.all([transaction.objectStore('evaluations').put(evaluation), transaction.done]);
  });
}

export function getEvaluation(
  db: Database,
  runId: string,
  part: 'dev' | 'test',
  moment: 'before' | 'after',
): Promise<Evaluation | undefined> {
  return db.get('evaluations', [runId, part, moment]);
}
