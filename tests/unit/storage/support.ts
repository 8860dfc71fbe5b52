import { vi } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import type { RunRecord } from '../../../src/domain/run';
import { openDatabase, type Database } from '../../../src/storage/database';
import type { StoredExperiment } from '../../../src/storage/schema';

export function freshDatabase(): Promise<Database> {
  return openDatabase(`test-${crypto.randomUUID()}`);
}

export function storedExperiment(experimentId: string, changes: Partial<StoredExperiment> = {}): StoredExperiment {
  const times = { createdAt: 1, updatedAt: 1 };
  return { experimentId, name: experimentId, experiment: defaultExperiment(), ...times, demo: false, ...changes };
}

export function runRecord(runId: string, experimentId: string, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    runId,
    experimentId,
    experiment: defaultExperiment(),
    experimentHash: '',
    build: 'test',
    device: null,
    devicePreference: 'wasm',
    kernelPlan: '',
    status: 'running',
    phase: 'train',
    step: 0,
    steps: 10,
    createdAt: 1,
    ...changes,
  };
}

export function evaluationOf(runId: string, hitRateAt1 = 0.5): Evaluation {
  return {
    runId,
    part: 'test',
    moment: 'after',
    metrics: {
      hitRateAt1,
      hitRateAt3: 1,
      hitRateAt5: 1,
      hitRateAt10: 1,
      recallAt10: 1,
      mrrAt10: 0.75,
      ndcgAt10: 0.8,
      questions: 2,
      passages: 3,
    },
    hitRateAtK: { 1: hitRateAt1 },
    recallAtK: { 1: hitRateAt1 },
    precisionAtK: { 1: hitRateAt1 },
    hitRateIntervals: { 1: { low: 0.1, high: 0.9 } },
    results: [{ questionId: 'q', ranks: [1, 3], top: [{ passageId: 'p', score: 0.9 }] }],
    createdAt: 5,
    encodeMs: 7.5,
  };
}

/** Stubs the Web Locks of one page: shared and exclusive, with `ifAvailable`. Waiting requests are granted in order. */
export function stubLocks(): void {
  const held = new Map<string, { mode: LockMode; holders: number }>();
  const waiting: (() => void)[] = [];
  const isFree = (name: string, mode: LockMode): boolean => {
    const lock = held.get(name);
    return !lock || (mode === 'shared' && lock.mode === 'shared');
  };
  const request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
    const work = rest.at(-1) as (lock: object | null) => Promise<unknown>;
    const { mode = 'exclusive', ifAvailable = false } = (rest.length > 1 ? rest[0] : {}) as LockOptions;
    if (!isFree(name, mode) && ifAvailable) return work(null);
    while (!isFree(name, mode)) await new Promise<void>((resolve) => waiting.push(resolve));
    held.set(name, { mode, holders: (held.get(name)?.holders ?? 0) + 1 });
    try {
      return await work({ name, mode });
    } finally {
      const lock = held.get(name);
      if (lock && --lock.holders === 0) held.delete(name);
      waiting.splice(0).forEach((wake) => wake());
    }
  };
  const query = () => Promise.resolve({ held: [...held.keys()].map((name) => ({ name })) });
  vi.stubGlobal('navigator', { locks: { request, query } });
}
