import type { RunEvent, RunEventBody } from '../domain/run';
import { guard, withHandledEnd, type Database } from './database';
import { requireRun } from './requireRun';

function eventsOf(runId: string, fromSeq: number): IDBKeyRange {
  return IDBKeyRange.bound([runId, fromSeq], [runId, Infinity]);
}

/**
 * Appends events atomically. Their numbers follow that of the last stored event. Throws `not-found` if the run was
 * deleted.
 */
export async function appendEvents(
  db: Database,
  runId: string,
  bodies: { body: RunEventBody; at: number }[],
): Promise<RunEvent[]> {
  return guard(async () => {
    const transaction = withHandledEnd(db.transaction(['runs', 'runEvents'], 'readwrite'));
    const store = transaction.objectStore('runEvents');
    const lastKey = store.openKeyCursor(eventsOf(runId, 0), 'prev');
    lastKey.catch(() => undefined); // rejects if `requireRun` aborts the transaction
    await requireRun(transaction, runId);
    const last = await lastKey;
    let seq = last ? last.key[1] + 1 : 0;
    const events = bodies.map(({ body, at }) => ({ ...body, runId, at, seq: seq++ }));
    // Issue all puts at once. On wasm the training loop handles one message per step, so each separate wait would last
    // a whole step.
    await Promise.all([...events.map((event) => store.put(event)), transaction.done]);
    return events;
  });
}

/** Returns the events with seq ≥ `fromSeq`, in order of seq. */
export function readEvents(db: Database, runId: string, fromSeq = 0): Promise<RunEvent[]> {
  return db.getAll('runEvents', eventsOf(runId, fromSeq));
}
