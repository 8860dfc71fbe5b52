import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/domain/experiment';
import { withLowestVersion } from '../../src/domain/experiment';
import { weightFloats } from '../../workers/services/project/savedRun';
import { carriedOut } from './losingRun';
import { prepared } from './smallRun';

const biases: Partial<Stage> = { strategy: { kind: 'bitFit', keywords: ['bias'] } };
const stages: Partial<Stage>[] = [{}, biases];

describe('a run that trains everything and then only biases', () => {
  it('has the same bits if it is resumed at the boundary and inside of either stage', async () => {
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

describe('a new run', () => {
  it.each([
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
  ] as const)('is refused if a stage %s', async (_, stage, details) => {
    const second: Partial<Stage> =
      'strategy' in stage ? { strategy: { kind: 'bitFit', keywords: ['layer.7.'] } } : stage;
    await expect(prepared({}, { stages: [{}, second], passages: 20 })).rejects.toMatchObject({ details });
  });
});
