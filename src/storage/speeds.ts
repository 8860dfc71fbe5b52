import { AppError } from '../domain/errors';
import type { SpeedResult } from '../domain/evaluate/speed';
import { guard, withHandledEnd, type Database } from './database';

/** Stores the newest measurement of an experiment. Throws `not-found` if the experiment was deleted meanwhile. */
export async function putSpeed(db: Database, experimentId: string, result: SpeedResult): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['experiments', 'speeds'], 'readwrite'));
    const owner = await transaction.objectStore('experiments').get(experimentId);
    if (owner) await transaction.objectStore('speeds').put({ experimentId, result });
    await transaction.done;
    if (!owner) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
  });
}

export async function getSpeed(db: Database, experimentId: string): Promise<SpeedResult | null> {
  return (await db.get('speeds', experimentId))?.result ?? null;
}
