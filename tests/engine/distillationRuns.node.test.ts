import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/errors';
import { defaultStage, type ExperimentModel, type Stage } from '../../src/domain/experiment';
import type { DistillationSettings } from '../../src/domain/train/lossSchema';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import type { RunEvent } from '../../src/domain/run';
import { getRun, updateRun } from '../../src/storage/runs';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { wasmBase } from './environment';
import { cancelledAndResumed, carriedOut } from './losingRun';
import { modelSha256, prepared } from './smallRun';

const settings = { pooling: 'mean', normalize: true, maxTokens: 12, queryPrefix: '', passagePrefix: '' } as const;
const base: ExperimentModel = { contentSha256: modelSha256, ...settings };
const other: ExperimentModel = { contentSha256: 'f'.repeat(64), ...settings, maxTokens: 10, queryPrefix: 'w1 ' };
const models = [{ contentSha256: other.contentSha256, seed: 9 }];
const negatives = { from: 'random', perAnchor: 2 } as const;

/** The tiny models score all texts within a few thousandths, so their softmax needs a temperature as low. */
const temperature = 0.002;

function taughtBy(teacher: ExperimentModel | null, changes: Partial<DistillationSettings> = {}): Partial<Stage> {
  return { negatives, loss: { kind: 'distillation', temperature, ...(teacher ? { teacher } : {}), ...changes } };
}

/** Two stages with a teacher each, the second with imported negatives. */
const taught = {
  stages: [taughtBy(other), { ...taughtBy(base), negatives: { from: 'imported' as const, perAnchor: 2 } }],
  withNegatives: true,
  models,
};

const refusalOf = (stages: readonly Partial<Stage>[]): Promise<unknown> =>
  prepared({}, { stages }).then(
    () => null,
    (thrown: unknown) => thrown instanceof AppError && thrown.details,
  );

describe('a run with a teacher', () => {
  it('begins with no loss if the base model teaches itself, and with some if another temperature or model does', async () => {
    const lossesOf = async (stage: Partial<Stage>): Promise<number[]> => {
      const { failure, result } = await carriedOut(() => false, {}, { stages: [{ ...stage, dropout: 0 }], models });
      expect(failure).toBe(undefined);
      return [...result.losses.values()].map((loss) => loss / temperature ** 2);
    };
    const [self, sharper, taught] = [
      await lossesOf(taughtBy(base)),
      await lossesOf(taughtBy(base, { teacherTemperature: 0.001 })),
      await lossesOf(taughtBy(other)),
    ];
    expect(Math.abs(self[0] ?? NaN)).toBeLessThan(2e-5);
    expect(sharper[0]).toBeGreaterThan(1e-4);
    expect(taught[0]).toBeGreaterThan(0.05);
  });

  it('learns the scores of the teacher: the loss falls', async () => {
    const optimizer = { ...defaultStage().optimizer, learningRate: 0.005 };
    const stage = { ...taughtBy(other), dropout: 0, optimizer, duration: { unit: 'epochs', value: 16 } } as const;
    const { result } = await carriedOut(() => false, {}, { stages: [stage], models });
    const losses = [...result.losses.values()];
    const mean = (some: number[]): number => some.reduce((sum, x) => sum + x, 0) / some.length;
    expect(mean(losses.slice(-6))).toBeLessThan(0.5 * mean(losses.slice(0, 6)));
  });

  it('has identical weights after the device was lost while the teacher encoded and while training', async () => {
    const undisturbed = await carriedOut(() => false, {}, taught);
    const loses = (phase: string, call: number): boolean =>
      (phase === 'prepare' && [2, 5].includes(call)) || (phase === 'train' && [5, 11].includes(call));
    const disturbed = await carriedOut(loses, {}, taught);
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 4]);
    expect(disturbed.result).toEqual(undisturbed.result);
  });

  it('has identical weights when it was cancelled in the second stage and is resumed', async () => {
    const { result } = await carriedOut(() => false, {}, taught);
    const { cancelled, resumed } = await cancelledAndResumed(9, taught);
    expect(cancelled).toMatchObject({ status: 'cancelled', phase: 'train' });
    expect(resumed).toMatchObject({ status: 'done', weightsSha256: result.weights });
  });

  it('has the same losses with GradCache, which encodes a few texts at a time', async () => {
    const lossesWith = async (way: StepStrategy): Promise<number[]> => {
      const { db, runId } = await prepared({}, { stages: [{ ...taughtBy(other), dropout: 0 }], models });
      const memory = (await getRun(db, runId))?.memory;
      if (!memory) throw new Error('no memory plan');
      await updateRun(db, runId, { memory: { ...memory, ways: [way] } });
      const events: RunEvent[] = [];
      const onEvents = (some: RunEvent[]): void => void events.push(...some);
      await runExperiment({ db, control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents }, runId);
      return events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    };
    const plain = await lossesWith({ kind: 'plain' });
    const chunked = await lossesWith({ kind: 'gradCache', tokensPerPass: 24 });
    expect(plain).toHaveLength(6);
    plain.forEach((loss, step) => expect(Math.abs((chunked[step] ?? NaN) / loss - 1)).toBeLessThan(1e-3));
  });

  it('is refused before it starts without negatives, without a teacher, and if the teacher is not stored', async () => {
    const { negatives: _, ...alone } = taughtBy(base);
    expect(await refusalOf([{}, alone])).toEqual({ kind: 'distillation-needs-negatives', stage: 1 });
    expect(await refusalOf([taughtBy(null)])).toEqual({ kind: 'teacher-not-chosen', stage: 0 });
    const { contentSha256 } = other;
    expect(await refusalOf([{}, taughtBy(other)])).toEqual({ kind: 'teacher-missing', stage: 1, contentSha256 });
  });

  it('fails with the same sentence if the teacher was deleted after the run was created', async () => {
    const { db, runId } = await prepared({}, taught);
    await db.delete('models', other.contentSha256);
    const deps = { db, control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined };
    await expect(runExperiment(deps, runId)).rejects.toMatchObject({ details: { kind: 'teacher-missing', stage: 0 } });
  });
});
