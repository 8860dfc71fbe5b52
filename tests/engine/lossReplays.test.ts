import { beforeAll, describe, expect, it } from 'vitest';
import replays from '../fixtures/engine/lossReplays.json';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { Trainer } from '../../workers/engine/trainer';
import { triplet } from '../../workers/losses/triplet';
import type { VectorLoss } from '../../workers/losses/vectorLoss';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { openTfjsLoss } from '../../workers/services/train/tfjsLoss';
import { expectNoLeak } from './expectNoLeak';
import { golden, loadGoldenModel } from './golden';
import { openTestDevice } from './testDevice';
import { tokenBatch } from './tokenBatch';

let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

const cases: [string, keyof typeof replays.steps, VectorLoss][] = [
  [
    'triplet margin with the defaults of sentence-transformers, Euclidean distance and a margin of 5',
    'tripletDefault',
    triplet({ distance: 'euclidean', margin: 5 }),
  ],
  ['triplet margin with cosine distance', 'tripletCosine', triplet({ distance: 'cosine', margin: 1.5 })],
];

/** Positives, then the explicit negatives of each anchor in turn. */
const candidates = tokenBatch([
  ...golden.positives,
  ...golden.anchors.flatMap((_, anchor) => replays.negatives.map((column) => column[anchor] ?? [])),
]);

/** Trains for a number of steps; returns the losses and the bits of all weights. */
async function trained(vectorLoss: VectorLoss, steps: number, stepStrategy?: StepStrategy) {
  const { loss, close } = await openTfjsLoss(deviceEngine(), vectorLoss);
  const parameters = pytorch.parameters();
  const adamW = new AdamWState(parameters);
  const optimizer = { kind: 'adamW', ...golden.optimizer } as const;
  const options = {
    config: pytorch.config,
    pooling: 'mean',
    loss,
    optimizer,
    dropout: 0,
    seed: 1,
    stepStrategy,
  } as const;
  const trainer = new Trainer(options, parameters.segments, adamW.segments);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++)
    losses.push((await trainer.step({ anchors: pytorch.anchors, candidates }, replays.learningRate, step)).loss);
  const weights: Uint32Array[] = [];
  for (const { name } of pytorch.tensors) weights.push(new Uint32Array((await parameters.read(name)).buffer));
  for (const held of [trainer, adamW, parameters]) held.dispose();
  close();
  return { losses, weights };
}

describe('a loss with explicit negatives', () => {
  it.each(cases)('follows sentence-transformers for 50 steps: %s', async (_, key, loss) => {
    await expectNoLeak(async () => {
      const { losses } = await trained(loss, 50);
      for (const [i, expected] of replays.steps[key].entries())
        expect(Math.abs((losses[i] ?? NaN) - expected), `step ${i + 1}`).toBeLessThan(
          Math.max(0.002 * expected, 0.001),
        );
    });
  });

  it.each(cases)(
    'has the same losses with GradCache, and the same bits when it is repeated: %s',
    async (_, __, loss) => {
      const plain = await trained(loss, 5);
      const cached = await trained(loss, 5, { kind: 'gradCache', tokensPerPass: 30 });
      for (const [i, expected] of plain.losses.entries())
        expect(Math.abs((cached.losses[i] ?? NaN) - expected)).toBeLessThan(1e-3 * expected);
      expect(await trained(loss, 5)).toEqual(plain);
    },
  );
});
