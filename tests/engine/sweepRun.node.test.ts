import 'fake-indexeddb/auto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Experiment } from '../../src/domain/experiment';
import type { RunRecord } from '../../src/domain/run';
import { sweepPoints } from '../../src/domain/sweep/sweep';
import type { Database } from '../../src/storage/database';
import { getExperiment, putExperiment } from '../../src/storage/experiments';
import { readEvents } from '../../src/storage/runEvents';
import { getRun, updateRun } from '../../src/storage/runs';
import { createRun } from '../../workers/services/train/createRun';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { wasmBase } from './environment';
import { prepared } from './smallRun';

// Node has no navigator before version 21.
beforeAll(() => void vi.stubGlobal('navigator', { userAgent: 'node', hardwareConcurrency: 1 }));

const request = { device: 'wasm', budgetBytes: null } as const;

/** Adds a sweep of two learning rates to the small experiment. */
async function withSweep(): Promise<{ db: Database; ownRun: string }> {
  const { db, runId } = await prepared({}, { stages: [{ duration: { unit: 'steps', value: 2 } }], passages: 60 });
  const stored = await getExperiment(db, 'e');
  if (!stored) throw new Error('no experiment');
  const { experiment } = stored;
  const axes = [{ setting: 'learningRate' as const, values: [1e-4, 5e-4] }];
  await putExperiment(db, { ...stored, sweeps: [{ sweepId: 's', experiment, axes, createdAt: 1 }] });
  return { db, ownRun: runId };
}

/** Returns the settings of the sweep's second run. */
async function pointOf(db: Database): Promise<Experiment> {
  const [sweep] = (await getExperiment(db, 'e'))?.sweeps ?? [];
  const point = sweep && sweepPoints(sweep.experiment, sweep.axes)[1];
  if (!point) throw new Error('no sweep');
  return point.experiment;
}

async function carryOut(db: Database, runId: string): Promise<RunRecord | undefined> {
  const deps = { db, control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined };
  await runExperiment(deps, runId);
  return getRun(db, runId);
}

/** Expects that only the weights of models are stored. */
async function noWeightsLeft(db: Database): Promise<void> {
  expect(await db.count('checkpoints')).toBe(0);
  const ofModels = (await db.getAll('models')).map(({ weightsId }) => weightsId);
  expect(new Set((await db.getAllKeys('weightParts')).map(([id]) => id))).toEqual(new Set(ofModels));
}

describe('a run that is a trial of other settings', () => {
  it('has the settings of its place in a sweep, is evaluated on dev only, and keeps no weights', async () => {
    const { db, ownRun } = await withSweep();
    const stored = await getExperiment(db, 'e');
    const [sweep] = stored?.sweeps ?? [];
    const runId = await createRun(db, 'e', request, 'test', await pointOf(db), 's');
    const record = await carryOut(db, runId);
    expect(record).toMatchObject({ status: 'done', sweepId: 's', weightsSha256: expect.any(String) as string });
    expect(record?.experiment).toEqual(sweep && sweepPoints(sweep.experiment, sweep.axes)[1]?.experiment);
    expect(record?.experiment.stages[0]?.optimizer.learningRate).toBe(5e-4);
    const evaluated = (await db.getAllKeys('evaluations')).map(([, part, moment]) => `${part} ${moment}`);
    expect(evaluated.sort()).toEqual(['dev after', 'dev before']);
    expect((await readEvents(db, runId)).filter(({ type }) => type === 'testEvaluation')).toEqual([]);
    await noWeightsLeft(db);
    const ordinary = await carryOut(db, ownRun);
    expect(ordinary?.sweepId).toBeUndefined();
    expect(await db.count('evaluations')).toBe(6);
    expect(await db.count('checkpoints')).toBeGreaterThan(0);
  });

  it('that compares kinds of negatives keeps no weights either, and is not trained again if it stopped there', async () => {
    const { db } = await withSweep();
    const runId = await createRun(db, 'e', request, 'test', await pointOf(db));
    const done = await carryOut(db, runId);
    expect(done).toMatchObject({ status: 'done', trial: true, phase: 'done' });
    expect(done?.sweepId).toBeUndefined();
    await noWeightsLeft(db);
    const before = (await readEvents(db, runId)).length;
    await updateRun(db, runId, { status: 'interrupted' });
    expect(await carryOut(db, runId)).toEqual(done);
    const later = (await readEvents(db, runId)).slice(before).map(({ type }) => type);
    expect(new Set(later)).toEqual(new Set(['status']));
    await noWeightsLeft(db);
  });

  it('trains nothing again if it was killed after its weights were deleted', async () => {
    const { db } = await withSweep();
    const runId = await createRun(db, 'e', request, 'test', await pointOf(db), 's');
    const record = await carryOut(db, runId);
    const steps = async (): Promise<number> =>
      (await readEvents(db, runId)).filter(({ type }) => type === 'step' || type === 'resumed').length;
    const before = await steps();
    await updateRun(db, runId, { status: 'interrupted' });
    expect(await carryOut(db, runId)).toEqual(record);
    expect(await steps()).toBe(before);
    await noWeightsLeft(db);
  });

  it('ends with the weights of an ordinary run with the same settings', async () => {
    const { db } = await withSweep();
    const inSweep = await carryOut(db, await createRun(db, 'e', request, 'test', await pointOf(db), 's'));
    const stored = await getExperiment(db, 'e');
    if (!stored || !inSweep) throw new Error('no experiment');
    await putExperiment(db, { ...stored, experiment: inSweep.experiment });
    const ordinary = await carryOut(db, await createRun(db, 'e', request, 'test'));
    expect(ordinary?.experimentHash).toBe(inSweep.experimentHash);
    expect(ordinary?.weightsSha256).toBe(inSweep.weightsSha256);
  });

  it('needs dev questions', async () => {
    const { db } = await withSweep();
    const stored = await getExperiment(db, 'e');
    const [sweep] = stored?.sweeps ?? [];
    if (!stored || !sweep) throw new Error('no sweep');
    const split = { devFraction: 0, devMaximum: 1 };
    const data = sweep.experiment.data.filter(({ part }) => part !== 'dev');
    const experiment = { ...sweep.experiment, data, split };
    await putExperiment(db, { ...stored, sweeps: [{ ...sweep, experiment }] });
    await expect(createRun(db, 'e', request, 'test', await pointOf(db), 's')).rejects.toMatchObject({
      details: { kind: 'nothing-to-evaluate', part: 'dev' },
    });
  });
});
