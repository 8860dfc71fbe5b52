import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import type { Loss } from '../../workers/engine/losses/loss';
import { matryoshkaLoss } from '../../workers/engine/losses/matryoshka';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage } from '../../src/domain/experiment';
import { quadsFor } from '../../workers/engine/quads';
import { firstLossScale, type LossScale } from '../../src/domain/train/lossScale';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { encoderLastHidden } from '../../workers/engine/model/encoder';
import { HalfWeights } from '../../workers/engine/model/halfWeights';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { packTokens } from '../../workers/engine/model/packedTokens';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { Trainer, type TrainerNumbers } from '../../workers/engine/trainer';
import { refuseMissingPrecision } from '../../workers/services/train/refuseRun';
import { adamWConfig, bertConfig } from './configs';
import { f16AdapterName, f16Gpu } from './f16Device';
import { nullGpu } from './nullDevice';
import { seededRandom } from './random';
import { tokenBatch } from './tokenBatch';
import { tensorLayout } from './tensorLayout';
import { copyInHalf } from '../../workers/engine/ops/copyInHalf/copyInHalf';
import { computeGradients } from '../../workers/engine/gradients';
import { distance, maxDifference, norm } from './differences';

/** A model as wide as the demo model, with one more layer. */
const config = bertConfig({
  layers: 4,
  hiddenSize: 256,
  heads: 4,
  intermediateSize: 1024,
  vocabularySize: 2000,
  maxPositions: 128,
});

const tensors = tensorLayout(parameterShapes(config));
const loss = infoNceLoss({ temperature: 0.05, directions: 'both' });
const lossWithOptions = matryoshkaLoss(
  infoNceLoss({
    ...{ temperature: 0.05, directions: 'both', softmax: 'joint', sameSide: 'both' },
    hardness: { mode: 'inBatch', strength: 3 },
  }),
  [256, 64].map((dimension) => ({ dimension, weight: 1 })),
);
const optimizer = adamWConfig(2e-4);

/** Initializes weights as BERT does: normal with standard deviation 0.02, LayerNorm weights one, biases zero. */
function randomWeights(gpu: WebGpuEngine): SegmentTable {
  const weights = new SegmentTable(gpu, layOutSegments(tensors));
  const random = seededRandom(3);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (const { name, length } of tensors) {
    const start = name.includes('LayerNorm.weight') ? () => 1 : name.endsWith('bias') ? () => 0 : () => 0.02 * normal();
    weights.write(name, Float32Array.from({ length }, start));
  }
  return weights;
}

/** Returns pairs that share most of their tokens, so that there is something to learn. */
function pairs(count: number, seed: number): { anchors: TokenBatch; positives: TokenBatch } {
  const random = seededRandom(seed);
  const token = (): number => 5 + Math.floor(random() * (config.vocabularySize - 5));
  const anchors = Array.from({ length: count }, () => Array.from({ length: 6 + Math.floor(random() * 12) }, token));
  const positives = anchors.map((anchor) => [...anchor.map((id) => (random() < 0.7 ? id : token())), token(), token()]);
  return { anchors: tokenBatch(anchors), positives: tokenBatch(positives) };
}

function halves(weights: SegmentTable): HalfWeights {
  const half = new HalfWeights(weights, config);
  half.refresh();
  return half;
}

async function hiddenStates(gpu: WebGpuEngine, weights: SegmentTable, mixed: boolean): Promise<Float32Array> {
  const half = mixed ? halves(weights) : undefined;
  const packed = packTokens(pairs(8, 1).positives, config, quadsFor);
  const tokens = uploadTokens(gpu, packed);
  const hidden = encoderLastHidden({ engine: gpu, weights, half, config, tokens, dropout: undefined });
  expect(hidden.dtype).toBe(mixed ? 'f16' : undefined);
  const values = await gpu.commands.read(hidden);
  gpu.pool.free(hidden);
  freeTokens(gpu, tokens);
  half?.dispose();
  return values.subarray(0, packed.tokens * config.hiddenSize);
}

type Strategic = { stepStrategy?: StepStrategy };
type GradientCase = Strategic & { rate?: number; gradientScale?: number; options?: Loss; mixed: boolean };

/** Returns the gradient of every parameter, divided by the loss scale. */
async function gradientsOf(
  gpu: WebGpuEngine,
  weights: SegmentTable,
  given: GradientCase,
): Promise<Map<string, Float32Array>> {
  const { stepStrategy, rate = 0, gradientScale = 1, mixed } = given;
  const trained = given.options ?? loss;
  const half = mixed ? halves(weights) : undefined;
  const into = { numbers: gpu.pool.allocate([8]), gradients: new SegmentTable(gpu, weights.layout, 'trainable') };
  const dropout = rate > 0 ? { rates: { hidden: rate, attention: rate }, seed: 2, step: 7 } : undefined;
  const { anchors, positives } = pairs(8, 1);
  const options = { pooling: 'mean', loss: trained, gradientScale, stepStrategy } as const;
  computeGradients({ engine: gpu, weights, half, config, dropout }, { anchors, candidates: positives }, options, into);
  const gradients = new Map<string, Float32Array>();
  for (const { name } of tensors)
    gradients.set(
      name,
      (await into.gradients.read(name)).map((value) => value / gradientScale),
    );
  gpu.pool.free(into.numbers);
  into.gradients.dispose();
  half?.dispose();
  return gradients;
}

/** Returns ‖a − b‖ / ‖b‖, computed over all parameters together. */
function relative(a: Map<string, Float32Array>, b: Map<string, Float32Array>): number {
  const off = [...b].map(([name, values]) => distance(a.get(name) ?? [], values));
  return norm(off) / norm([...b.values()].map(norm));
}

/** A training run. Before step `reopenAt`, a new trainer takes over, as when a run resumes from a checkpoint. */
type TrainCase = Strategic & { lossScale?: LossScale; dropout?: number; steps: number; reopenAt?: number };

async function train(
  gpu: WebGpuEngine,
  given: TrainCase,
): Promise<{ numbers: TrainerNumbers[]; end: LossScale | undefined }> {
  const { steps, dropout = 0, reopenAt, ...options } = given;
  const weights = randomWeights(gpu);
  const moments = { m: new SegmentTable(gpu, weights.layout), v: new SegmentTable(gpu, weights.layout) };
  const open = (lossScale: LossScale | undefined): Trainer =>
    new Trainer(
      { config, pooling: 'mean', loss, optimizer, dropout, seed: 1, ...options, lossScale },
      weights,
      moments,
    );
  let trainer = open(options.lossScale);
  const numbers: TrainerNumbers[] = [];
  for (let step = 1; step <= steps; step++) {
    const { anchors, positives } = pairs(6, step);
    if (step === reopenAt) {
      const { lossScale } = trainer;
      trainer.dispose();
      trainer = open(lossScale);
    }
    numbers.push(await trainer.step({ anchors, candidates: positives }, optimizer.learningRate, step));
  }
  const end = trainer.lossScale;
  trainer.dispose();
  for (const table of [weights, moments.m, moments.v]) table.dispose();
  expect(gpu.pool.liveArrays).toBe(0);
  return { numbers, end };
}

describe("mixed precision on Dawn's null backend", () => {
  const all: StepStrategy[] = [{ kind: 'plain' }, { kind: 'recompute' }, { kind: 'gradCache', tokensPerPass: 200 }];
  it.each(all.flatMap((each) => [0, 0.1].map((dropout) => [each.kind, dropout, each] as const)))(
    'compiles and runs every kernel of a training step: %s, dropout %f',
    async (_, dropout, stepStrategy) => {
      const { gpu, errors } = await nullGpu(['shader-f16']);
      await train(gpu, { lossScale: firstLossScale(), stepStrategy, dropout, steps: 1 });
      expect(errors).toEqual([]);
      gpu.dispose();
    },
  );

  it('is refused before the run, with an error that names the stage, if the device lacks half precision', () => {
    const full = defaultExperiment();
    const neither = { half: false, matrices: false };
    const mixed = { ...full, stages: [defaultStage(), { ...defaultStage(), precision: 'mixed' as const }] };
    expect(() => refuseMissingPrecision(full, neither)).not.toThrow();
    expect(() => refuseMissingPrecision(mixed, { half: true, matrices: false })).not.toThrow();
    const details = { kind: 'half-unavailable', stage: 1 };
    expect(() => refuseMissingPrecision(mixed, neither)).toThrow(JSON.stringify(details));
  });

  it('is refused by the trainer if the device lacks half precision', async () => {
    const { gpu } = await nullGpu();
    await expect(train(gpu, { lossScale: firstLossScale(), steps: 1 })).rejects.toThrow('no half precision');
    gpu.dispose();
  });
});

const adapter = await f16AdapterName();
const where = adapter ?? 'skipped: no adapter with shader-f16 on this machine';

describe.skipIf(adapter === null)(`mixed precision on a real adapter (${where})`, () => {
  let gpu: WebGpuEngine;
  const errors: string[] = [];
  /**
   * Timeout in milliseconds. A software adapter spends most of its time compiling shaders, so all tests share one
   * device.
   */
  const timeoutMs = 600_000;
  beforeAll(async () => {
    gpu = await f16Gpu(errors);
  });
  afterEach(() => expect(errors).toEqual([]));
  afterAll(() => gpu.dispose());

  it('converts numbers beyond the half-precision range to infinity and keeps the largest finite one', async () => {
    const values = Float32Array.of(65_504, -65_504, 65_520, 1e30, -70_000, 1, 2 ** -24, NaN);
    const whole = gpu.commands.upload(values);
    const copy = gpu.pool.allocate([values.length], 'f16');
    copyInHalf(gpu, whole, copy);
    const expected = [65_504, -65_504, Infinity, Infinity, -Infinity, 1, 2 ** -24, NaN];
    expect([...(await gpu.commands.read(copy))]).toEqual(expected);
    for (const array of [whole, copy]) gpu.pool.free(array);
  });

  it('computes hidden states within 2e-2 of float32', { timeout: timeoutMs }, async () => {
    const weights = randomWeights(gpu);
    const full = await hiddenStates(gpu, weights, false);
    const mixed = await hiddenStates(gpu, weights, true);
    const off = Math.max(...mixed.map((value, i) => Math.abs(value - (full[i] ?? NaN))));
    console.log(
      `hidden states: largest difference ${off.toExponential(2)}, ` +
        `${(distance(mixed, full) / norm(full)).toExponential(2)} relative`,
    );
    expect(off).toBeLessThan(2e-2);
    expect(distance(mixed, full)).toBeGreaterThan(0);
    weights.dispose();
  });

  const cases: [string, Omit<GradientCase, 'mixed'>][] = [
    ['plain step', {}],
    ['dropout 0.1', { rate: 0.1 }],
    ['GradCache', { stepStrategy: { kind: 'gradCache', tokensPerPass: 60 } }],
    ['no loss scale', { gradientScale: 1 }],
    ['a loss with options', { options: lossWithOptions }],
  ];
  it.each(cases)('computes gradients within 2e-2 of float32: %s', { timeout: timeoutMs }, async (name, given) => {
    const weights = randomWeights(gpu);
    const { rate = 0, options = loss } = given;
    const full = await gradientsOf(gpu, weights, { rate, options, mixed: false });
    const mixed = await gradientsOf(gpu, weights, { gradientScale: 2 ** 12, ...given, mixed: true });
    const off = relative(mixed, full);
    console.log(`gradients, ${name}: ${off.toExponential(2)} relative`);
    expect(off).toBeLessThan(2e-2);
    expect(off).toBeGreaterThan(0);
    weights.dispose();
  });

  it(
    'skips a step whose gradients overflow: keeps the weights, halves the loss scale and does not count it in AdamW',
    { timeout: timeoutMs },
    async () => {
      const weights = randomWeights(gpu);
      const names = ['encoder.layer.0.output.dense.weight', 'embeddings.LayerNorm.weight'];
      const read = () => Promise.all(names.map((name) => weights.read(name)));
      const before = await read();
      const moments = { m: new SegmentTable(gpu, weights.layout), v: new SegmentTable(gpu, weights.layout) };
      const options = { config, pooling: 'mean', loss, optimizer, dropout: 0, seed: 1 } as const;
      const { anchors, positives } = pairs(8, 1);
      const scale = 2 ** 80;
      const skipping = new Trainer({ ...options, lossScale: { ...firstLossScale(), scale } }, weights, moments);
      const skipped = await skipping.step({ anchors, candidates: positives }, 1e-3, 1);
      expect(skipped).toMatchObject({ skipped: true, lossScale: scale });
      expect(skipping.lossScale).toEqual({ scale: scale / 2, goodSteps: 0, skipped: 1 });
      expect(await read()).toEqual(before);
      skipping.dispose();
      const training = new Trainer(
        { ...options, lossScale: { scale: 2 ** 16, goodSteps: 0, skipped: 1 } },
        weights,
        moments,
      );
      const next = await training.step({ anchors, candidates: positives }, 1e-3, 2);
      expect(next.loss).toBe(skipped.loss);
      training.dispose();
      // AdamW's first update moves each weight by about the learning rate. This update must count as the first one.
      const moved = (await read()).map((values, i) => maxDifference(values, before[i] ?? []));
      for (const distance of moved) expect(Math.abs(distance / 1e-3 - 1)).toBeLessThan(0.02);
      for (const table of [weights, moments.m, moments.v]) table.dispose();
    },
  );

  it('resumes from a stored loss scale, weights and moments with the same bits', { timeout: timeoutMs }, async () => {
    const whole = await train(gpu, { steps: 3, lossScale: firstLossScale(), dropout: 0.1 });
    const again = await train(gpu, { steps: 3, lossScale: firstLossScale(), dropout: 0.1, reopenAt: 3 });
    expect(again).toEqual(whole);
  });

  it("keeps the loss within 2% of float32's over 20 training steps", { timeout: timeoutMs }, async () => {
    const full = await train(gpu, { steps: 20 });
    const mixed = await train(gpu, { steps: 20, lossScale: firstLossScale() });
    const off = mixed.numbers.map(({ loss }, i) => Math.abs(loss / (full.numbers[i]?.loss ?? NaN) - 1));
    const skipped = mixed.end?.skipped;
    console.log(
      `20 steps: loss ${full.numbers.map(({ loss }) => loss.toFixed(3)).join(' ')}; ` +
        `largest difference ${(100 * Math.max(...off)).toFixed(2)}%; scale ${mixed.end?.scale}, ${skipped} skipped`,
    );
    expect(Math.max(...off)).toBeLessThan(0.02);
  });
});
