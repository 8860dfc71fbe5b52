import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { defaultStage, withLowestVersion, type Stage } from '../../src/domain/experiment';
import { carriedOut } from './losingRun';
import { prepared } from './smallRun';

const stage: Partial<Stage> = {
  batching: { kind: 'seeded', batchSize: 4, avoidDuplicatePassages: true, accumulation: 2 },
  duration: { unit: 'steps', value: 5 },
  schedule: { kind: 'linear', warmup: 0, warmupSteps: 3 },
  optimizer: { ...defaultStage().optimizer, layerDecay: 0.5 },
};

describe('a run with a counted warm-up, layer-wise decay and accumulated gradients', () => {
  it('has the same bits if it is resumed inside either stage', async () => {
    const undisturbed = await carriedOut(() => false, {}, { stage });
    const disturbed = await carriedOut(
      (phase, call) => phase === 'train' && [4, 10].includes(call),
      {},
      { stage, pauses: (phase, call) => phase === 'train' && [2, 8].includes(call) },
    );
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 2]);
    expect(disturbed.result).toEqual(undisturbed.result);
    expect([...undisturbed.result.losses.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(undisturbed.record && withLowestVersion(undisturbed.record.experiment).schemaVersion).toBe(2);
  });
});

describe('a new run', () => {
  it('is refused if the warm-up of a stage has more steps than the stage', async () => {
    const schedule = { kind: 'linear', warmup: 0, warmupSteps: 6 } as const;
    const run = prepared({}, { stages: [{}, { ...stage, schedule }], passages: 20 });
    const details = { kind: 'warmup-too-long', stage: 1, warmup: 6, steps: 5 };
    await expect(run).rejects.toMatchObject({ details });
  });
});
