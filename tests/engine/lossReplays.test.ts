import { beforeAll, describe, expect, it } from 'vitest';
import replays from '../fixtures/engine/lossReplays.json';
import { RowCollector } from '../../src/domain/import/rowCollector';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import { importedPool } from '../../src/domain/negatives/importedPool';
import type { Pair } from '../../src/domain/records';
import { importedTeacherScores } from '../../src/domain/train/importedTeacherScores';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { Trainer } from '../../workers/engine/trainer';
import { cosentLoss } from '../../workers/engine/losses/cosent';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import type { InfoNceOptions } from '../../workers/engine/losses/infoNceOptions';
import type { Loss, LossTargets, StepBatch } from '../../workers/engine/losses/loss';
import { matryoshkaLoss } from '../../workers/engine/losses/matryoshka';
import { angle } from '../../workers/losses/angle';
import { cosineMse } from '../../workers/losses/cosineMse';
import { distillation } from '../../workers/losses/distillation';
import { sigmoidPairs } from '../../workers/losses/sigmoidPairs';
import { triplet } from '../../workers/losses/triplet';
import type { VectorLoss } from '../../workers/losses/vectorLoss';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { openTfjsLoss, type OpenLoss } from '../../workers/services/train/tfjsLoss';
import { expectNoLeak } from './expectNoLeak';
import { golden, loadGoldenModel } from './golden';
import { openTestDevice } from './testDevice';
import { tokenBatch } from './tokenBatch';

let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

/** Positives, then the explicit negatives of each anchor in turn. */
const withNegatives = [
  ...golden.positives,
  ...golden.anchors.flatMap((_, anchor) => replays.negatives.map((column) => column[anchor] ?? [])),
];
const scores = Float32Array.from(replays.scores);

/** Returns a teacher's scores in the form in which a run reads them from the file of its pairs. */
function scoresFromFile(scores: readonly (readonly number[])[]): NonNullable<LossTargets['teacherScores']> {
  const collector = new RowCollector('pairs');
  const pairs = scores.flatMap((label, i) => {
    const texts = { query: `q${i}`, positive: `p${i}`, negative_1: `n${i}`, negative_2: `m${i}` };
    const read = collector.rowsOf({ ...texts, label });
    return 'rows' in read ? (read.rows as Pair[]) : [];
  });
  const perAnchor = replays.negatives.length;
  const { texts: pool, own } = importedPool(pairs);
  const chosen = Int32Array.from(own.flat());
  return { values: importedTeacherScores(0, pairs, { chosen, perAnchor, pool }), shape: [pairs.length, 1 + perAnchor] };
}

interface ReplayCase {
  name: string;
  key: keyof typeof replays.steps;
  open: () => Promise<OpenLoss>;
  batch: { candidates: number[][]; targets?: StepBatch['targets'] };
}

const byTfjs = (loss: VectorLoss) => (): Promise<OpenLoss> => openTfjsLoss(deviceEngine(), loss);
const triplets = { candidates: withNegatives };
const scoredPairs = { candidates: golden.positives, targets: { scores } };

const fused = (loss: Loss) => (): Promise<OpenLoss> => Promise.resolve({ loss, close: () => undefined });
const infoNce = (options: Partial<InfoNceOptions> = {}): Loss =>
  infoNceLoss({ temperature: 0.05, directions: 'queryToPassage', ...options });
const pairsOnly = { candidates: golden.positives };
const halved = [32, 16, 8].map((dimension) => ({ dimension, weight: dimension / 32 }));

const cases: ReplayCase[] = [
  {
    name: 'InfoNCE in both directions',
    key: 'infoNceBoth',
    open: fused(infoNce({ directions: 'both' })),
    batch: pairsOnly,
  },
  {
    name: 'InfoNCE with one softmax over both directions and both sides',
    key: 'infoNceJoint',
    open: fused(infoNce({ directions: 'both', softmax: 'joint', sameSide: 'both' })),
    batch: pairsOnly,
  },
  { name: 'InfoNCE against all texts of the batch', key: 'infoNceNegatives', open: fused(infoNce()), batch: triplets },
  {
    name: 'InfoNCE with hardness weighting',
    key: 'infoNceHardened',
    open: fused(infoNce({ hardness: { mode: 'all', strength: 3 } })),
    batch: triplets,
  },
  {
    name: 'InfoNCE against all explicit negatives',
    key: 'infoNceExplicit',
    open: fused(infoNce({ contrast: 'explicit' })),
    batch: triplets,
  },
  {
    name: 'InfoNCE against own negatives only',
    key: 'infoNceOwn',
    open: fused(infoNce({ contrast: 'own' })),
    batch: triplets,
  },
  { name: 'Matryoshka', key: 'matryoshka', open: fused(matryoshkaLoss(infoNce(), halved)), batch: pairsOnly },
  { name: 'sigmoid pairs', key: 'sigmoidPairs', open: byTfjs(sigmoidPairs({ temperature: 0.05 })), batch: pairsOnly },
  {
    name: 'triplet margin with the defaults of sentence-transformers, Euclidean distance and a margin of 5',
    key: 'tripletDefault',
    open: byTfjs(triplet({ distance: 'euclidean', margin: 5 })),
    batch: triplets,
  },
  {
    name: 'triplet margin with cosine distance',
    key: 'tripletCosine',
    open: byTfjs(triplet({ distance: 'cosine', margin: 1.5 })),
    batch: triplets,
  },
  {
    name: 'CoSENT',
    key: 'cosent',
    open: fused(cosentLoss({ temperature: 0.05 })),
    batch: scoredPairs,
  },
  { name: 'AnglE', key: 'angle', open: byTfjs(angle({ temperature: 0.05 })), batch: scoredPairs },
  { name: 'mean squared error of cosines', key: 'cosineMse', open: byTfjs(cosineMse()), batch: scoredPairs },
  {
    name: 'distillation from scores of the data',
    key: 'distillation',
    open: byTfjs(distillation({ studentTemperature: 0.5, teacherTemperature: 0.2 })),
    batch: { candidates: withNegatives, targets: { teacherScores: scoresFromFile(replays.teacherScores) } },
  },
  {
    name: 'distillation from the logits of a cross-encoder',
    key: 'distillationOfLogits',
    open: byTfjs(distillation({ studentTemperature: 0.1, teacherTemperature: 1 })),
    batch: { candidates: withNegatives, targets: { teacherScores: scoresFromFile(replays.teacherLogits) } },
  },
];

/** Trains for a number of steps; returns the losses and the bits of all weights. */
async function trained({ open, batch }: ReplayCase, steps: number, stepStrategy?: StepStrategy) {
  const { loss, close } = await open();
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
  const texts = { anchors: pytorch.anchors, candidates: tokenBatch(batch.candidates), targets: batch.targets };
  for (let step = 1; step <= steps; step++) losses.push((await trainer.step(texts, replays.learningRate, step)).loss);
  const weights: Uint32Array[] = [];
  for (const { name } of pytorch.tensors) weights.push(new Uint32Array((await parameters.read(name)).buffer));
  for (const held of [trainer, adamW, parameters]) held.dispose();
  close();
  return { losses, weights };
}

describe('a loss on its training data', () => {
  it.each(cases)('follows sentence-transformers for 50 steps: $name', async (one) => {
    await expectNoLeak(async () => {
      const { losses } = await trained(one, 50);
      for (const [i, expected] of replays.steps[one.key].entries())
        expect(Math.abs((losses[i] ?? NaN) - expected), `step ${i + 1}`).toBeLessThan(
          Math.max(0.002 * expected, 0.001),
        );
    });
  });

  it.each(cases)('has the same losses with GradCache, and the same bits when it is repeated: $name', async (one) => {
    const plain = await trained(one, 5);
    const cached = await trained(one, 5, { kind: 'gradCache', tokensPerPass: 30 });
    for (const [i, expected] of plain.losses.entries())
      expect(Math.abs((cached.losses[i] ?? NaN) - expected)).toBeLessThan(1e-3 * expected);
    expect(await trained(one, 5)).toEqual(plain);
  });
});
