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

/** The tiny models' scores all lie within a few thousandths, so their softmax needs this low temperature. */
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
  it('begins with a loss of 0 if the base model teaches itself, and of more with another temperature or teacher', async () => {
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

  it('encodes the negatives of two stages with one teacher once, and gives the weights of separate runs', async () => {
    const encodedBy = async (stages: readonly Partial<Stage>[]) => {
      const { failure, calls, result } = await carriedOut(() => false, {}, { ...taught, stages });
      expect(failure).toBe(undefined);
      return { calls: calls['prepare'] ?? 0, losses: result.losses };
    };
    const [one, both] = [await encodedBy([taughtBy(other)]), await encodedBy([taughtBy(other), taughtBy(other)])];
    expect(both.calls).toBe(one.calls);
    for (const [step, loss] of one.losses) expect(both.losses.get(step)).toBe(loss);
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

describe('a run that distils the scores of its data', () => {
  const imported = { from: 'imported', perAnchor: 2 } as const;
  const fromData = {
    negatives: imported,
    loss: { kind: 'distillation', temperature: 0.02, teacherTemperature: 1, scores: 'imported' },
  } as const satisfies Partial<Stage>;
  const run = { stages: [fromData, fromData], withNegatives: true, withTeacherScores: true };

  it('needs no teacher, and its loss falls', async () => {
    const optimizer = { ...defaultStage().optimizer, learningRate: 0.01 };
    const stage = { ...fromData, dropout: 0, optimizer, duration: { unit: 'epochs', value: 16 } } as const;
    const { failure, result } = await carriedOut(() => false, {}, { ...run, stages: [stage] });
    expect(failure).toBe(undefined);
    const losses = [...result.losses.values()];
    const mean = (some: number[]): number => some.reduce((sum, x) => sum + x, 0) / some.length;
    expect(mean(losses.slice(-6))).toBeLessThan(0.5 * mean(losses.slice(0, 6)));
  });

  it('has identical weights after the device was lost, and when it was cancelled and is resumed', async () => {
    const undisturbed = await carriedOut(() => false, {}, run);
    const disturbed = await carriedOut((phase, call) => phase === 'train' && [5, 11].includes(call), {}, run);
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 2]);
    expect(disturbed.result).toEqual(undisturbed.result);
    const { resumed } = await cancelledAndResumed(9, run);
    expect(resumed).toMatchObject({ status: 'done', weightsSha256: undisturbed.result.weights });
  });

  it('is refused before it starts if its negatives are not the imported ones, or a pair lacks scores', async () => {
    const refusal = (small: Parameters<typeof prepared>[1]): Promise<unknown> =>
      prepared({}, small).then(
        () => null,
        (thrown: unknown) => thrown instanceof AppError && thrown.details,
      );
    const drawn = { ...fromData, negatives };
    expect(await refusal({ ...run, stages: [drawn] })).toEqual({ kind: 'teacher-scores-need-imported', stage: 0 });
    expect(await refusal({ ...run, withTeacherScores: false })).toEqual({
      ...{ kind: 'teacher-scores-missing', stage: 0, id: '0', missing: 24, pairs: 24 },
    });
    const three = { ...fromData, negatives: { ...imported, perAnchor: 3 } };
    expect(await refusal({ ...run, stages: [{}, three] })).toMatchObject({
      ...{ kind: 'teacher-scores-too-few', stage: 1, found: 2, perAnchor: 3 },
    });
  });
});
