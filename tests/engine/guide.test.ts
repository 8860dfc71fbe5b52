import { beforeAll, describe, expect, it } from 'vitest';
import * as v from 'valibot';
import golden from '../fixtures/engine/guide.json';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import { infoNceSchema, type InfoNceSettings } from '../../src/domain/train/lossSchema';
import { infoNceLoss, infoNceNumberCount } from '../../workers/engine/losses/infoNce';
import { freeTargets, uploadTargets, type LossTargets } from '../../workers/engine/losses/loss';
import { matryoshkaLoss } from '../../workers/engine/losses/matryoshka';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { encodeBatch } from '../../workers/engine/model/encode';
import { Trainer } from '../../workers/engine/trainer';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { distance, norm } from './differences';
import { engineKinds, useEngines } from './engines';
import { expectNoLeak } from './expectNoLeak';
import { golden as tinyBert, loadGoldenModel } from './golden';
import { kernelsOf, type Matrix } from './lossRuns';
import { openTestDevice } from './testDevice';
import { tokenBatch } from './tokenBatch';

useEngines();

const joined = (columns: readonly number[][]): Float32Array<ArrayBuffer> => Float32Array.from(columns.flat());
const [ownAnchors = [], ...ownCandidates] = golden.own;
const [guideAnchors = [], ...guideCandidates] = golden.guide;
const pairs = ownAnchors.length / golden.width;

function settingsOf(options: object): InfoNceSettings {
  const stated = { kind: 'inBatchInfoNce', temperature: golden.temperature, directions: 'queryToPassage' };
  return v.parse(infoNceSchema, { ...stated, ...options });
}

/** The vectors of a case's batch, with those of its guide. */
function batchOf(perAnchor: number): { anchors: Matrix; candidates: Matrix; guide: NonNullable<LossTargets['guide']> } {
  const rows = pairs * (1 + perAnchor);
  return {
    anchors: { values: joined([ownAnchors]), rows: pairs },
    candidates: { values: joined(ownCandidates.slice(0, 1 + perAnchor)), rows },
    guide: {
      anchors: { values: joined([guideAnchors]), shape: [pairs, golden.guideWidth] },
      candidates: { values: joined(guideCandidates.slice(0, 1 + perAnchor)), shape: [rows, golden.guideWidth] },
    },
  };
}

describe.each(engineKinds)('InfoNCE with a guide on the %s engine', (kind) => {
  it.each(golden.cases)('has the loss and gradients of GISTEmbedLoss: $name', async (one) => {
    const { kind: _, ...options } = settingsOf(one.options);
    const { anchors, candidates, guide } = batchOf(one.perAnchor);
    const own = await kernelsOf(kind).infoNce(anchors, candidates, options, undefined, guide);
    expect(Math.abs((own.numbers[0] ?? NaN) - one.loss)).toBeLessThan(1e-4 * one.loss);
    one.gradients.forEach((gradient, side) =>
      expect(distance(own.gradients[side] ?? [], gradient)).toBeLessThanOrEqual(1e-4 * norm(gradient)),
    );
    const unguided = await kernelsOf(kind).infoNce(anchors, candidates, options);
    expect(Math.abs((unguided.numbers[0] ?? NaN) - one.loss)).toBeGreaterThan(1e-3 * one.loss);
  });

  it('has the same bits when its scores are computed in windows', async () => {
    const [, , pairsCase] = golden.cases;
    const { kind: _, ...options } = settingsOf(pairsCase?.options ?? {});
    const rows = 130; // three windows of 64 rows or columns
    const repeated = (values: readonly number[], width: number): Float32Array<ArrayBuffer> =>
      Float32Array.from({ length: rows * width }, (_, i) => (values[i % values.length] ?? 0) + 0.01 * Math.sin(i));
    const unit = (values: Float32Array<ArrayBuffer>, width: number): Float32Array<ArrayBuffer> =>
      values.map((x, i) => x / norm(values.subarray(i - (i % width), i - (i % width) + width)));
    const matrixOf = (values: readonly number[]): Matrix => ({ values: repeated(values, golden.width), rows });
    const guideOf = (values: readonly number[]) => ({
      values: unit(repeated(values, golden.guideWidth), golden.guideWidth),
      shape: [rows, golden.guideWidth] as const,
    });
    const guide = { anchors: guideOf(guideAnchors), candidates: guideOf(guideCandidates[0] ?? []) };
    const [anchors, candidates] = [matrixOf(ownAnchors), matrixOf(ownCandidates[0] ?? [])];
    const whole = await kernelsOf(kind).infoNce(anchors, candidates, options, undefined, guide);
    const windowed = { ...options, maxScores: 64 * rows };
    expect(await kernelsOf(kind).infoNce(anchors, candidates, windowed, undefined, guide)).toEqual(whole);
  });
});

describe('a step with a guide', () => {
  let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

  beforeAll(async () => {
    await openTestDevice();
    pytorch = await loadGoldenModel();
  });

  const gist = (byScore: object, sameSide?: string) =>
    settingsOf({ falseNegatives: { byScore }, ...(sameSide ? { softmax: 'joint', sameSide } : {}) });
  const cases: { key: keyof typeof golden.steps; loss: InfoNceSettings; negatives: number[][] }[] = [
    { key: 'pairs', loss: gist({ kind: 'absolute', margin: 0 }, 'both'), negatives: [] },
    { key: 'triplets', loss: gist({ kind: 'relative', margin: 0.05 }, 'queries'), negatives: golden.negatives },
    { key: 'inBatch', loss: gist({ kind: 'absolute', margin: 0.02 }), negatives: [] },
  ];

  /** Trains with the initial model as the guide; returns the losses and the bits of all weights. */
  async function trained(
    { loss, negatives }: (typeof cases)[number],
    steps: number,
    stepStrategy?: StepStrategy,
    guided = true,
  ) {
    const candidates = tokenBatch([...tinyBert.positives, ...negatives]);
    const parameters = pytorch.parameters();
    const encode = async (batch: typeof candidates) => ({
      values: Float32Array.from(
        await encodeBatch(parameters, pytorch.config, batch, { pooling: 'mean', normalize: true }),
      ),
      shape: [batch.offsets.length - 1, pytorch.config.hiddenSize] as const,
    });
    const guide = { anchors: await encode(pytorch.anchors), candidates: await encode(candidates) };
    const adamW = new AdamWState(parameters);
    const options = {
      config: pytorch.config,
      pooling: 'mean',
      loss: infoNceLoss(loss),
      optimizer: { kind: 'adamW', ...tinyBert.optimizer },
      dropout: 0,
      seed: 1,
      stepStrategy,
    } as const;
    const trainer = new Trainer(options, parameters.segments, adamW.segments);
    const batch = { anchors: pytorch.anchors, candidates, ...(guided ? { targets: { guide } } : {}) };
    const losses: number[] = [];
    for (let step = 1; step <= steps; step++) losses.push((await trainer.step(batch, golden.learningRate, step)).loss);
    const weights: Uint32Array[] = [];
    for (const { name } of pytorch.tensors) weights.push(new Uint32Array((await parameters.read(name)).buffer));
    for (const held of [trainer, adamW, parameters]) held.dispose();
    return { losses, weights };
  }

  it.each(cases)('follows GISTEmbedLoss for 50 steps: $key', async (one) => {
    await expectNoLeak(async () => {
      const { losses } = await trained(one, 50);
      const expected = golden.steps[one.key];
      for (const [i, value] of expected.entries())
        expect(Math.abs((losses[i] ?? NaN) - value), `step ${i + 1}`).toBeLessThan(Math.max(0.002 * value, 0.001));
      const unguided = await trained(one, 50, undefined, false);
      expect(unguided.losses.some((loss, i) => Math.abs(loss - (expected[i] ?? NaN)) > 0.01)).toBe(true);
    });
  });

  it.each(cases)('has the same losses with recompute and GradCache, and the same bits again: $key', async (one) => {
    const plain = await trained(one, 5);
    expect(await trained(one, 5)).toEqual(plain);
    for (const kind of ['recompute', 'gradCache'] as const) {
      const { losses } = await trained(one, 5, { kind, tokensPerPass: kind === 'gradCache' ? 30 : 200 });
      for (const [i, expected] of plain.losses.entries())
        expect(Math.abs((losses[i] ?? NaN) - expected)).toBeLessThan(1e-3 * expected + 1e-6);
    }
  });
});

it('prefixes of the vectors are masked by the whole vectors of the guide', async () => {
  const engine = deviceEngine();
  const { pool, commands } = engine;
  const loss = infoNceLoss(settingsOf({ falseNegatives: { byScore: { kind: 'absolute', margin: 0.2 } } }));
  const { anchors, candidates, guide } = batchOf(0);
  const vectors = {
    anchors: commands.upload(anchors.values, [pairs, golden.width]),
    candidates: commands.upload(candidates.values, [pairs, golden.width]),
  };
  const numbers = pool.allocate([infoNceNumberCount]);
  const value = async (dimension: number, targets: LossTargets): Promise<number> => {
    const uploaded = uploadTargets(engine, targets);
    const prefixes = matryoshkaLoss(loss, [{ dimension, weight: 1 }]);
    const d = prefixes.run(engine, vectors, uploaded, 1, numbers);
    const [first = NaN] = await commands.read(numbers);
    for (const array of [d.anchors, d.candidates]) pool.free(array);
    freeTargets(engine, uploaded);
    return first;
  };
  for (const dimension of [4, golden.width])
    expect(await value(dimension, { guide })).not.toBe(await value(dimension, {}));
  for (const array of [vectors.anchors, vectors.candidates, numbers]) pool.free(array);
});
