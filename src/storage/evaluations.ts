import type { BlendPoint } from '../domain/evaluate/blend';
import { probeOfMoment, ratioOfMoment } from '../domain/evaluate/blendMoment';
import type { EvaluatedPart, Evaluation } from '../domain/evaluate/evaluation';
import type { ChosenThreshold } from '../domain/evaluate/threshold';
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

/** Stores a threshold with the dev evaluation of a model, if there is one. Returns whether it was stored. */
export async function keepThreshold(
  db: Database,
  runId: string,
  moment: Evaluation['moment'],
  threshold: ChosenThreshold,
): Promise<boolean> {
  return guard(async () => {
    const transaction = withHandledEnd(db.transaction('evaluations', 'readwrite'));
    const stored = await transaction.store.get([runId, 'dev', moment]);
    if (stored) await transaction.store.put({ ...stored, threshold });
    await transaction.done;
    return stored !== undefined;
  });
}

export function getEvaluation(
  db: Database,
  runId: string,
  part: EvaluatedPart,
  moment: Evaluation['moment'],
): Promise<Evaluation | undefined> {
  return db.get('evaluations', [runId, part, moment]);
}

/**
 * Returns the metrics of a run's blends by ratio, ascending. The evaluations before and after training are the ends,
 * with the ratios 0 and 1. On a probe set, `probeSha256` says which one.
 */
export async function listBlends(
  db: Database,
  runId: string,
  part: EvaluatedPart,
  probeSha256: string | null = null,
): Promise<BlendPoint[]> {
  const stored = await db.getAll('evaluations', IDBKeyRange.bound([runId, part, ''], [runId, part, '\uffff']));
  const found = stored.filter(({ moment }) => probeOfMoment(moment) === probeSha256);
  const points = found.map(({ moment, metrics }): BlendPoint => ({ ratio: ratioOfMoment(moment) ?? NaN, metrics }));
  return points.sort((a, b) => a.ratio - b.ratio);
}
