import 'fake-indexeddb/auto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Experiment } from '../../src/domain/experiment';
import type { RunRecord } from '../../src/domain/run';
import { sweepPoints } from '../../src/domain/sweep/sweep';
import type { Database } from '../../src/storage/database';
import { getExperiment, putExperiment } from '../../src/storage/experiments';
import { readEvents } from '../../src/storage/runEvents';
import { getRun } from '../../src/storage/runs';
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

describe('a run of a sweep', () => {
  it('has the settings of its place, is evaluated on dev only, and keeps no weights', async () => {
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
    expect(await db.count('checkpoints')).toBe(0);
    expect(new Set((await db.getAllKeys('weightParts')).map(([id]) => id))).toEqual(new Set(['base']));
    const ordinary = await carryOut(db, ownRun);
    expect(ordinary?.sweepId).toBeUndefined();
    expect(await db.count('evaluations')).toBe(6);
    expect(await db.count('checkpoints')).toBeGreaterThan(0);
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
