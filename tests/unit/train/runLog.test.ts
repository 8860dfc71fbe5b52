import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunEvent, RunRecord, RunStatus } from '../../../src/domain/run';
import type { Database } from '../../../src/storage/database';
import { readEvents } from '../../../src/storage/runEvents';
import { getRun, putRun } from '../../../src/storage/runs';
import { RunLog } from '../../../workers/services/train/runLog';
import { freshDatabase } from '../storage/support';

afterEach(() => void vi.restoreAllMocks());

async function opened(): Promise<{ db: Database; log: RunLog; sent: RunEvent[][] }> {
  const db = await freshDatabase();
  await putRun(db, { runId: 'r', experimentId: 'e', status: 'queued', step: 0 } as RunRecord);
  const sent: RunEvent[][] = [];
  return { db, sent, log: await RunLog.open(db, 'r', (events) => void sent.push(events)) };
}

/** Sets the clock that the log measures its intervals with. */
function clock(): { at: (ms: number) => void } {
  const now = vi.spyOn(performance, 'now');
  now.mockReturnValue(10_000);
  return { at: (ms) => void now.mockReturnValue(10_000 + ms) };
}

const step = (number: number) =>
  ({ type: 'step', step: number, stage: 0, epoch: 0, learningRate: 0, stepMs: 1, backendBytes: 0, loss: 1 }) as never;
const types = (events: readonly RunEvent[]): string[] => events.map(({ type }) => type);

describe('the log of a run', () => {
  it('tells a page of a new status only when the record of the run has it', async () => {
    const { db } = await opened();
    const seen: Promise<RunStatus | undefined>[] = [];
    const log = await RunLog.open(db, 'r', () => void seen.push(getRun(db, 'r').then((run) => run?.status)));
    for (const status of ['running', 'paused', 'running'] as const) await log.status(status);
    expect(await Promise.all(seen)).toEqual(['running', 'paused', 'running']);
  });

  it('stores the error of a failed run in its record and in its events', async () => {
    const { db, log, sent } = await opened();
    const error = { kind: 'unexpected', message: 'x' } as never;
    await log.status('failed', error);
    await log.status('running');
    expect(sent.flat()).toMatchObject([{ type: 'status', status: 'failed', error }, { status: 'running' }]);
    expect(sent.flat()[1]).not.toHaveProperty('error');
    expect((await getRun(db, 'r'))?.error).toEqual(error);
  });

  it('stores and sends events in batches a quarter of a second apart', async () => {
    const { at } = clock();
    const { db, log, sent } = await opened();
    log.append(step(1));
    await log.settle();
    expect(sent.map(types)).toEqual([['step']]);
    at(249);
    log.append(step(2));
    log.append(step(3));
    await log.settle();
    expect(sent).toHaveLength(1);
    at(250);
    log.append(step(4));
    await log.settle();
    expect(sent.map((events) => events.map((event) => (event as { step?: number }).step))).toEqual([[1], [2, 3, 4]]);
    expect(await readEvents(db, 'r')).toEqual(sent.flat());
  });

  it('stores what is left when it is closed, and sends nothing if nothing is left', async () => {
    const { at } = clock();
    const { log, sent } = await opened();
    log.append(step(1));
    at(1);
    log.append(step(2));
    await log.close();
    expect(sent.flat()).toHaveLength(2);
    await log.flush();
    expect(sent).toHaveLength(2);
  });

  it('keeps the last step in the record of the run, however many other events follow it', async () => {
    const { db, log } = await opened();
    log.append(step(7));
    await log.flushWith({ type: 'phase', phase: 'train' });
    expect((await getRun(db, 'r'))?.step).toBe(7);
    await log.flushWith({ type: 'phase', phase: 'evaluateAfter' });
    expect((await getRun(db, 'r'))?.step).toBe(7);
  });

  it('sends progress at most five times a second, but never leaves out the end', async () => {
    const { at } = clock();
    const { log, sent } = await opened();
    const progress = async (ms: number, done: number): Promise<void> => {
      at(ms);
      log.progress('encodePassages', done, 10);
      await log.flush();
    };
    await progress(0, 1);
    await progress(199, 2);
    await progress(200, 3);
    await progress(201, 10);
    expect(sent.flat()).toMatchObject([
      { type: 'progress', what: 'encodePassages', done: 1, of: 10 },
      { done: 3 },
      { done: 10 },
    ]);
  });

  it('dates an event when it happens, not when it is stored', async () => {
    const { at } = clock();
    const { log, sent } = await opened();
    log.append(step(1));
    at(1);
    vi.spyOn(Date, 'now').mockReturnValue(123);
    log.append(step(2));
    vi.spyOn(Date, 'now').mockReturnValue(456);
    await log.flush();
    expect(sent.flat()[1]?.at).toBe(123);
  });

  it('refuses further events after an event could not be stored', async () => {
    const { db, log } = await opened();
    vi.spyOn(db, 'transaction').mockImplementation(() => {
      throw new Error('the disk is full');
    });
    const details = expect.objectContaining({ kind: 'unexpected' }) as object;
    const failure = expect.objectContaining({ details }) as Error;
    await expect(log.flushWith({ type: 'phase', phase: 'train' })).rejects.toEqual(failure);
    await expect(log.settle()).rejects.toEqual(failure);
    expect(() => log.append(step(1))).toThrow(failure);
  });
});
