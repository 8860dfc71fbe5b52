import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { sha256Stream } from '../../src/domain/hash';
import type { Stage } from '../../src/domain/experiment';
import { withLowestVersion } from '../../src/domain/experiment';
import { adapterName, stageLayout } from '../../src/domain/train/lora';
import { defaultLora, type LoraStrategy } from '../../src/domain/train/loraSchema';
import { keptCheckpoint } from '../../src/storage/checkpoints';
import { readTensors } from '../../src/storage/weightReader';
import { weightFloats } from '../../workers/services/project/savedRun';
import { carriedOut } from './losingRun';
import { prepared } from './smallRun';

const biases: Partial<Stage> = { strategy: { kind: 'bitFit', keywords: ['bias'] } };
const stages: Partial<Stage>[] = [{}, biases];

describe('a run that trains everything and then only biases', () => {
  it('has the same bits if it is resumed between the stages or inside either', async () => {
    const undisturbed = await carriedOut(() => false, {}, { stages });
    const disturbed = await carriedOut(
      (phase, call) => phase === 'train' && [4, 7, 12].includes(call),
      {},
      { stages, pauses: (phase, call) => phase === 'train' && [2, 6, 10].includes(call) },
    );
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 3]);
    expect(disturbed.result).toEqual(undisturbed.result);
  });

  it('stores moments only of the biases in the checkpoints of the second stage', async () => {
    const { db, failure, record } = await carriedOut(() => false, {}, { stages });
    expect(failure).toBeUndefined();
    expect(record && withLowestVersion(record.experiment).schemaVersion).toBe(2);
    const [model] = await db.getAll('models');
    const ofBiases = (model?.tensors ?? [])
      .filter(({ name }) => name.includes('bias'))
      .reduce((sum, { length }) => sum + length, 0);
    const last = (await db.getAll('checkpoints')).findLast(({ role, step }) => role === 'latest' && step === 12);
    expect(last?.momentFloats).toBe(ofBiases);
    expect(last && weightFloats(last)).toBe(model?.totalFloats);
    expect(last?.floats).toBe((model?.totalFloats ?? 0) + 2 * ofBiases);
  });
});

const lora = (change: Partial<LoraStrategy>): Partial<Stage> => ({
  strategy: { ...defaultLora, rank: 2, alpha: 4, ...change },
});

describe('a run that trains adapters', () => {
  const twice = [lora({ dropout: 0.2 }), lora({ rank: 3, matrices: ['key', 'output.dense'] })];

  it('has the same bits if it is resumed between the stages or inside either', async () => {
    const undisturbed = await carriedOut(() => false, {}, { stages: twice });
    const disturbed = await carriedOut(
      (phase, call) => phase === 'train' && [4, 7, 12].includes(call),
      {},
      { stages: twice, pauses: (phase, call) => phase === 'train' && [2, 6, 10].includes(call) },
    );
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 3]);
    expect(disturbed.result).toEqual(undisturbed.result);
  });

  it('begins the next stage with merged weights, and a full stage changes them further', async () => {
    const { failure, result } = await carriedOut(() => false, {}, { stages: [lora({}), {}] });
    expect(failure).toBeUndefined();
    const [first] = result.losses.values();
    expect(result.losses.get(12)).toBeLessThan(first ?? NaN);
  });

  it.each([
    ['last', { checkpoint: 'last', devEverySteps: 2 }],
    ['best on dev', { checkpoint: 'bestDev', devEverySteps: 2 }],
    ['last before an early stop', { checkpoint: 'last', devEverySteps: 1, earlyStop: { patience: 3 } }],
  ] as const)('keeps merged weights and the adapters, which add up to the base model’s: %s', async (_, evaluation) => {
    const strategy = { ...defaultLora, rank: 2, alpha: 4 };
    const run = { stages: [{ strategy }] };
    const { db, failure, record } = await carriedOut(() => false, evaluation, run);
    expect(failure).toBeUndefined();
    expect(record?.stoppedStep).toBe('earlyStop' in evaluation ? 4 : undefined);
    const [model] = await db.getAll('models');
    if (!model || !record) throw new Error('no model');
    const { weights } = await keptCheckpoint(db, record.runId);
    const layout = stageLayout(model, { strategy });
    const values = new Map<string, Float32Array>();
    for await (const [{ name }, numbers] of readTensors(db, weights, layout.tensors)) values.set(name, numbers);
    const module = 'encoder.layer.0.attention.self.value';
    const [a, b] = (['A', 'B'] as const).map((part) => values.get(adapterName(module, part)) ?? []);
    const merged = values.get(`${module}.weight`) ?? new Float32Array();
    let changed = 0;
    for await (const [{ shape }, base] of readTensors(
      db,
      model,
      model.tensors.filter(({ name }) => name === `${module}.weight`),
    )) {
      const [rows = 0, columns = 0] = shape;
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const at = row * columns + column;
          const added = [0, 1].reduce(
            (sum, r) => sum + 2 * (b?.[row * 2 + r] ?? NaN) * (a?.[r * columns + column] ?? NaN),
            0,
          );
          expect(merged[at]).toBeCloseTo((base[at] ?? NaN) + added, 6);
          changed += Math.abs(added);
        }
    }
    expect(changed).toBeGreaterThan(1e-3);
    expect(record.weightsSha256).toBe(
      await sha256Of(model.tensors.map(({ name }) => values.get(name) ?? new Float32Array())),
    );
  });
});

async function sha256Of(tensors: Float32Array[]): Promise<string> {
  async function* each(): AsyncGenerator<Float32Array> {
    for (const tensor of tensors) yield await Promise.resolve(tensor);
  }
  return sha256Stream(each());
}

describe('a new run', () => {
  it.each<[string, Partial<Stage>, object]>([
    [
      'trains no parameter',
      { strategy: { kind: 'bitFit', keywords: ['layer.7.'] } },
      { kind: 'nothing-trained', stage: 1 },
    ],
    [
      'freezes more layers than the model has',
      { frozen: { embeddings: false, layers: 2 } },
      { kind: 'too-many-frozen-layers', stage: 1, frozen: 2, layers: 1 },
    ],
    [
      'trains adapters of a higher rank than a matrix',
      lora({ rank: 9 }),
      { kind: 'lora-rank-too-large', stage: 1, rank: 9, width: 8 },
    ],
    [
      'trains adapters in mixed precision',
      { ...lora({}), precision: 'mixed' },
      { kind: 'lora-needs-full-precision', stage: 1 },
    ],
  ])('is refused if a stage %s', async (_, stage, details) => {
    await expect(prepared({}, { stages: [{}, stage], passages: 20 })).rejects.toMatchObject({ details });
  });
});
