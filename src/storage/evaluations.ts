import type { Evaluation } from '../domain/evaluate/evaluation';
import { guard, type Database } from './database';

export async function putEvaluation(db: Database, evaluation: Evaluation): Promise<void> {
  await guard(() => db.put('evaluations', evaluation));
}

export function getEvaluation(
  db: Database,
  runId: string,
  part: 'dev' | 'test',
  moment: 'before' | 'after',
): Promise<Evaluation | undefined> {
  return db.get('evaluations', [runId, part, moment]);
}
