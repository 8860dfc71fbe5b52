import { expect } from 'vitest';
import { defaultStage, type Stage } from '../../src/domain/experiment';
import type { RunRecord } from '../../src/domain/run';
import type { Database } from '../../src/storage/database';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { carriedOut } from './losingRun';

/** A learning rate that changes ranks within twelve steps. */
const stage: Partial<Stage> = {
  optimizer: { ...defaultStage().optimizer, learningRate: 0.05 },
};

/** Carries out a run whose weights differ from the base model's. */
export async function finished(): Promise<{ db: Database; run: RunRecord }> {
  const { db, record, failure } = await carriedOut(() => false, {}, { stage, passages: 60 });
  expect(failure).toBeUndefined();
  if (!record) throw new Error('no run');
  return { db, run: record };
}

/** What evaluating blends needs. */
export const deps = (db: Database, control = new RunControl()) => ({
  db,
  control,
  wasmBaseUrl: wasmBase,
  baseUrl: 'http://127.0.0.1/app/',
  progress: () => undefined,
});
