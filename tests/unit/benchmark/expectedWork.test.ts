import 'fake-indexeddb/auto';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { demoWork } from '../../../src/domain/benchmark/demoTime';
import type { Experiment } from '../../../src/domain/experiment';
import { openDatabase, type Database } from '../../../src/storage/database';
import { getExperiment, putExperiment } from '../../../src/storage/experiments';
import { reportExperimentMemory } from '../../../workers/services/train/reportMemory';
import { expectedWork } from '../../../workers/services/benchmark/expectedWork';
import { prepareDemo } from '../../../workers/services/import/prepareDemo';
import { preparedData } from '../../../workers/services/split/preparedData';
import { stageBatches } from '../../../workers/services/train/stageBatches';
import { storedTokenSet } from '../../../workers/services/tokenize/storedTokenSet';
import { tokenize } from '../../../workers/services/tokenize/tokenize';

const publicFolder = new URL('../../../public/', import.meta.url);
const base = 'http://127.0.0.1/app/';
let db: Database;
let experimentId: string;

beforeAll(async () => {
  vi.stubGlobal('navigator', { userAgent: 'node', hardwareConcurrency: 1 });
  vi.stubGlobal('fetch', (url: string) => {
    const file = new URL(url.slice(base.length), publicFolder);
    return Promise.resolve(existsSync(file) ? new Response(readFileSync(file)) : new Response('', { status: 404 }));
  });
  db = await openDatabase('expected-work');
  ({ experimentId } = await prepareDemo(db, base, () => undefined));
});
afterAll(() => vi.unstubAllGlobals());

async function experimentOf(id: string): Promise<Experiment> {
  const stored = await getExperiment(db, id);
  if (!stored) throw new Error('no experiment');
  return stored.experiment;
}

const request = (budgetBytes: number | null) => ({ device: 'wasm', budgetBytes }) as const;
const planned = (budgetBytes: number | null) => reportExperimentMemory(db, experimentId, request(budgetBytes));

/**
 * Returns a budget that is too small for the plain strategy but fits another one. Tries smaller ones in steps of 10%.
 */
async function budgetOfTwoPasses(): Promise<number> {
  const { need } = (await planned(null)).choice;
  for (let share = 0.9; share > 0.3; share -= 0.1) {
    const { fits, stepStrategy } = (await planned(share * need.total)).choice;
    if (fits && stepStrategy.kind !== 'plain') return share * need.total;
  }
  throw new Error('no budget requires a strategy other than plain');
}

describe('the expected work of an experiment', () => {
  it('counts the tokens and batches that a run would process', async () => {
    const experiment = await experimentOf(experimentId);
    const data = await preparedData(db, experiment);
    const keys = await tokenize(db, experiment, () => undefined);
    const [anchors, positives] = [await storedTokenSet(db, keys.anchors), await storedTokenSet(db, keys.positives)];
    let tokens = 0;
    for (const row of (await stageBatches(db, experiment, data)).flat(2))
      for (const { offsets } of [anchors, positives]) tokens += (offsets[row + 1] ?? NaN) - (offsets[row] ?? NaN);
    const work = await expectedWork(db, experimentId, request(null));
    expect(work.stages).toEqual([{ trainingTokens: tokens, stepStrategy: 'plain' }]);
    expect(work.mixed).toBe(false);
    expect(work.encodingTokens).toBeGreaterThan((await storedTokenSet(db, keys.knowledgeBase)).ids.length);
    expect(work.textTokens).toBeGreaterThan(10);
    expect(work.textTokens).toBeLessThan(128);
  });

  it('of the demo is what the home screen assumes', async () => {
    const work = await expectedWork(db, experimentId, request(null));
    const textTokens = Number(work.textTokens.toFixed(1));
    expect({ ...work, config: demoWork.config, textTokens }).toEqual(demoWork);
    expect(work.config).toMatchObject({ layers: 3, hiddenSize: 256, intermediateSize: 1024 });
  });

  it('assumes the step strategies that a run would choose for the same memory budget', async () => {
    const budget = await budgetOfTwoPasses();
    const { stages } = await expectedWork(db, experimentId, request(budget));
    expect(stages.map(({ stepStrategy }) => stepStrategy)).toEqual(
      (await planned(budget)).run.ways.map(({ kind }) => kind),
    );
    expect(stages[0]?.stepStrategy).not.toBe('plain');
  });

  it('reports whether a stage trains in mixed precision', async () => {
    const stored = await getExperiment(db, experimentId);
    if (!stored) throw new Error('no experiment');
    const stages = stored.experiment.stages.map((stage) => ({ ...stage, precision: 'mixed' as const }));
    await putExperiment(db, { ...stored, experimentId: 'mixed', experiment: { ...stored.experiment, stages } });
    expect((await expectedWork(db, 'mixed', request(null))).mixed).toBe(true);
  });

  it('is refused if no step strategy fits the budget, just as a run would be', async () => {
    const work = expectedWork(db, experimentId, request(1e6));
    await expect(work).rejects.toMatchObject({ details: { kind: 'memory-too-small' } });
  });
});
