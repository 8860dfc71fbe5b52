import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultStage } from '../../../src/domain/experiment';
import type { CheckpointInput } from '../../../src/storage/checkpoints';

const storage = vi.hoisted(() => ({
  takeCheckpointSnapshot: vi.fn(),
  writeCheckpoint: vi.fn(),
  writeSnapshot: vi.fn(),
}));
vi.mock('../../../src/storage/checkpoints', () => storage);
const { CheckpointKeeper } = await import('../../../workers/services/train/checkpointKeeper');

let now = 0;
/** Milliseconds spent on reading the tensors and on storing them. */
let took = { snapshot: 0, write: 0 };
const manifestOf = ({ role, step }: CheckpointInput): object => ({ role, step, generation: 3, floats: 10 });

beforeEach(() => {
  now = 1000;
  took = { snapshot: 5, write: 50 };
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  storage.writeCheckpoint.mockReset().mockImplementation((_db: object, input: CheckpointInput) => {
    now += took.write;
    return Promise.resolve(manifestOf(input));
  });
  storage.takeCheckpointSnapshot.mockReset().mockImplementation((input: CheckpointInput) => {
    now += took.snapshot;
    return Promise.resolve(input);
  });
  storage.writeSnapshot.mockReset().mockImplementation((_db: object, input: CheckpointInput) => {
    now += took.write;
    return Promise.resolve(manifestOf(input));
  });
});
afterEach(() => void vi.restoreAllMocks());

function keeper(snapshotBytes = 0) {
  const logged: object[] = [];
  const statuses: string[] = [];
  const reached: unknown[] = [];
  const state = {
    step: 4,
    stage: 0,
    loop: { bestDev: null, bestStep: null, elapsedMs: 0 } as Record<string, unknown>,
    adamW: {},
  };
  const session = {
    db: {},
    experiment: { stages: [defaultStage()] },
    record: { runId: 'r', memory: { snapshotBytes } },
    model: { tensors: [], totalFloats: 0 },
    recovery: { reached: (...args: unknown[]) => reached.push(args) },
    log: {
      append: (event: object) => logged.push(event),
      flushWith: (event: object) => Promise.resolve(void logged.push(event)),
      status: (status: string) => Promise.resolve(void statuses.push(status)),
    },
  };
  const made = new CheckpointKeeper(session as never, {} as never, state as never);
  const inputs = (): CheckpointInput[] =>
    (storage.writeCheckpoint.mock.calls as [object, CheckpointInput][]).map(([, input]) => input);
  return { keeper: made, logged, statuses, reached, state, inputs };
}

const settled = (): Promise<void> => Promise.resolve();
/** Lets a write in the background finish. */
const background = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('a checkpoint that is due', () => {
  it('is written 15 seconds after the last one, once the steps under way are recorded', async () => {
    const { keeper: kept, inputs, state } = keeper();
    const settle = vi.fn(settled);
    now += 14_999;
    await kept.writeWhenDue(settle);
    expect([settle.mock.calls.length, inputs().length]).toEqual([0, 0]);
    now += 1;
    settle.mockImplementation(async () => {
      await background();
      expect(inputs()).toHaveLength(0);
      state.step = 6;
    });
    await kept.writeWhenDue(settle);
    expect(inputs()).toMatchObject([{ runId: 'r', step: 6, role: 'latest' }]);
    expect(inputs()[0]?.sections).toHaveLength(3);
    now += 14_999;
    await kept.writeWhenDue(settle);
    expect(inputs()).toHaveLength(1);
  });

  it('waits longer if writing takes long, so that steps wait for at most a twentieth of the time', async () => {
    const { keeper: kept, inputs } = keeper();
    took.write = 1000;
    now += 15_000;
    await kept.writeWhenDue(settled);
    now += 19_999;
    await kept.writeWhenDue(settled);
    expect(inputs()).toHaveLength(1);
    now += 1;
    await kept.writeWhenDue(settled);
    expect(inputs()).toHaveLength(2);
  });

  it('is announced, and then logged with its size and how long steps waited', async () => {
    const { keeper: kept, logged, reached } = keeper();
    await kept.write();
    expect(logged).toEqual([
      { type: 'progress', what: 'checkpoint', done: 0, of: 0 },
      { type: 'checkpoint', step: 4, generation: 3, writeMs: 50, waitedMs: 50, bytes: 40 },
    ]);
    expect(reached).toEqual([['checkpoint', 4]]);
  });
});

describe('a checkpoint for which there is room for a snapshot', () => {
  it('lets steps continue as soon as the snapshot is taken', async () => {
    const { keeper: kept, logged } = keeper(100);
    now += 15_000;
    let stored: (manifest: object) => void = () => undefined;
    storage.writeSnapshot.mockReturnValue(new Promise((resolve) => (stored = resolve)));
    await kept.writeWhenDue(settled);
    expect(storage.takeCheckpointSnapshot).toHaveBeenCalledTimes(1);
    now += 60_000;
    await kept.writeWhenDue(() => Promise.reject(new Error('a second write began')));
    stored({ role: 'latest', step: 4, generation: 3, floats: 10 });
    await kept.end();
    await background();
    expect(logged.at(-1)).toMatchObject({ type: 'checkpoint', waitedMs: 5, writeMs: 60_005 });
    expect(storage.writeCheckpoint).not.toHaveBeenCalled();
  });

  it('is followed by the next one that is due', async () => {
    const { keeper: kept } = keeper(100);
    for (const count of [1, 2]) {
      now += 20_000;
      await kept.writeWhenDue(settled);
      await background();
      expect(storage.takeCheckpointSnapshot).toHaveBeenCalledTimes(count);
    }
  });

  it('is waited for when training ends', async () => {
    const { keeper: kept } = keeper(100);
    let stored: (manifest: object) => void = () => undefined;
    storage.writeSnapshot.mockReturnValue(new Promise((resolve) => (stored = resolve)));
    now += 15_000;
    await kept.writeWhenDue(settled);
    let ended = false;
    const ending = kept.end().then(() => (ended = true));
    await background();
    expect(ended).toBe(false);
    stored({ role: 'latest', step: 4, generation: 3, floats: 10 });
    expect(await ending).toBe(true);
  });

  it('stops the run at the next checkpoint if it could not be stored', async () => {
    const { keeper: kept } = keeper(100);
    const failure = new Error('the disk is full');
    storage.writeSnapshot.mockRejectedValue(failure);
    now += 15_000;
    await kept.writeWhenDue(settled);
    await expect(kept.end()).resolves.toBeUndefined();
    await background();
    await expect(kept.writeWhenDue(settled)).rejects.toBe(failure);
    await expect(kept.write()).rejects.toBe(failure);
    await expect(kept.writeBest()).rejects.toBe(failure);
  });

  it('is stored before a checkpoint is written that must be', async () => {
    const { keeper: kept } = keeper(100);
    await kept.write();
    expect(storage.writeSnapshot).toHaveBeenCalledTimes(1);
    storage.writeSnapshot.mockRejectedValueOnce(new Error('the disk is full'));
    await expect(keeper(100).keeper.write()).rejects.toThrow('the disk is full');
  });
});

describe('a checkpoint of a step', () => {
  it('is not written twice, unless its dev evaluation was pending in the first', async () => {
    const { keeper: kept, state, inputs } = keeper();
    state.loop['devPending'] = true;
    await kept.write();
    await kept.write();
    expect(inputs()).toHaveLength(1);
    delete state.loop['devPending'];
    await kept.write();
    await kept.write();
    expect(inputs().map(({ loopState }) => loopState.devPending)).toEqual([true, undefined]);
    state.step = 5;
    await kept.write();
    expect(inputs().map(({ step }) => step)).toEqual([4, 4, 5]);
  });

  it('is written also if the weights of the same step are stored as the best', async () => {
    const { keeper: kept, inputs } = keeper();
    await kept.writeBest();
    await kept.write();
    expect(inputs().map(({ role }) => role)).toEqual(['best', 'latest']);
  });

  it('keeps the state of the loop as it was', async () => {
    const { keeper: kept, state, inputs } = keeper();
    await kept.write();
    state.loop['elapsedMs'] = 99;
    expect(inputs()[0]?.loopState.elapsedMs).toBe(0);
  });

  it('is written before the run says that it is paused', async () => {
    const { keeper: kept, statuses, inputs } = keeper();
    storage.writeCheckpoint.mockImplementation((_db: object, input: CheckpointInput) => {
      expect(statuses).toEqual([]);
      return Promise.resolve(manifestOf(input));
    });
    await kept.pause();
    await kept.resume();
    expect([inputs().length, statuses]).toEqual([1, ['paused', 'running']]);
  });
});

it('the weights of the best step are stored without moments, and do not delay or replace the next checkpoint', async () => {
  const { keeper: kept, logged, reached, inputs } = keeper();
  now += 15_000;
  await kept.writeBest();
  expect(inputs()).toMatchObject([{ role: 'best', step: 4 }]);
  expect(inputs()[0]?.sections).toHaveLength(1);
  expect([reached, logged]).toEqual([[], [{ type: 'progress', what: 'checkpoint', done: 0, of: 0 }]]);
  await kept.writeWhenDue(settled);
  expect(inputs().map(({ role }) => role)).toEqual(['best', 'latest']);
});
