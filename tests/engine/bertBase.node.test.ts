import { trainedBy } from '../../src/domain/train/trainedParameters';
import { describe, expect, it } from 'vitest';
import { stepMemoryNeed } from '../../workers/engine/memory/stepMemory';
import { encodingRowBytes } from '../../workers/engine/memory/rowBytes';
import { adapterMemory, parameterCount } from '../../workers/engine/memory/parameterCount';
import { quadsFor } from '../../workers/engine/quads';
import { precisions } from '../../src/domain/experiment';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import type { EncoderConfig } from '../../src/domain/model';
import { adapterPlan } from '../../src/domain/train/lora';
import { defaultLora } from '../../src/domain/train/loraSchema';
import { Adapters } from '../../workers/engine/model/adapters';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { encoderLastHidden } from '../../workers/engine/model/encoder';
import { packTokens } from '../../workers/engine/model/packedTokens';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { bertBase } from './configs';
import { countStep, expectPlanned, small, texts, type Length } from './countStep';
import { expectInEngineDoc, gigabytes } from './expectInEngineDoc';
import { nullGpu } from './nullDevice';
import { tensorLayout } from './tensorLayout';
import { scratchBytes } from '../../workers/engine/scratch';

/**
 * Returns the bytes that the operations of one step must read and write, derived by hand: each operation reads its
 * inputs once and writes its outputs once. T rows, H hidden size, F feed-forward size, A heads. The loss is left out,
 * because its share is thousands of times smaller.
 */
function neededBytes(config: EncoderConfig, T: number): number {
  const { layers, hiddenSize: H, intermediateSize: F, heads: A } = config;
  const linear = (inner: number, outer: number): number => T * inner + outer * inner + outer + T * outer;
  const norm = T * H + 2 * H + T * H + 2 * T;
  const attention = 3 * T * H + T * H + T * A;
  const selfAttention = linear(H, 3 * H) + attention + linear(H, H) + T * H + norm;
  const feedForward = linear(H, F) + T * F + linear(F, H) + T * H + norm;
  const normBackward = 3 * T * H + 2 * T + H + (2 * T * H + 2 * T + 2 * H);
  const weight = (inner: number, outer: number): number => T * outer + T * inner + outer * inner + outer;
  const input = (inner: number, outer: number): number => T * outer + outer * inner + T * inner;
  const attentionBackward = 3 * T * H + 2 * T * H + 3 * T * H + 2 * T * A;
  const outputBackward = weight(H, H) + input(H, H);
  const qkvBackward = weight(H, 3 * H) + input(H, 3 * H) + T * H;
  const selfAttentionBackward = normBackward + outputBackward + attentionBackward + qkvBackward;
  const feedForwardBackward = normBackward + weight(F, H) + input(F, H) + T * F + weight(H, F) + input(H, F) + T * H;
  const layer = selfAttention + feedForward + selfAttentionBackward + feedForwardBackward;
  const parameters = parameterShapes(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const tables = 2 * (config.vocabularySize + config.maxPositions) * H;
  const embedding = 2 * T * H + norm + normBackward + 3 * T * H;
  // The gradient norm reads the gradients; AdamW reads them and updates weights and two moments in place.
  const optimizer = parameters + 4 * parameters;
  return 4 * (layers * layer + tables + embedding + 2 * T * H + optimizer);
}

describe("the engine on Dawn's null backend", () => {
  it("runs a training step within WebGPU's lowest limits and without validation errors", async () => {
    expect((await countStep(small, 3, 20)).errors).toEqual([]);
  });

  it('binds a third fewer bytes and holds hardly any state if only the biases of BERT-base are trained', async () => {
    const all = await countStep(bertBase, 2, 16);
    const biases = await countStep(bertBase, 2, 16, { isTrainable: (name) => name.endsWith('bias') });
    expect(biases.boundBytes).toBeLessThan(0.67 * all.boundBytes);
    expect(biases.peakBytes - 4 * all.parameters).toBeLessThan(0.1 * (all.peakBytes - 4 * all.parameters));
    expect(biases.momentBytes).toBeLessThanOrEqual(0.02 * all.momentBytes);
  });

  it('dispatches at most three quarters of a step’s kernels if embeddings and 6 of 12 layers are frozen', async () => {
    const frozen = trainedBy({ strategy: { kind: 'full' }, frozen: { embeddings: true, layers: 6 } });
    const all = await countStep(bertBase, 2, 16);
    const upper = await countStep(bertBase, 2, 16, { isTrainable: frozen });
    console.log(`BERT-base: ${all.dispatches} dispatches, ${upper.dispatches} with the lower 6 layers frozen`);
    expect(upper.dispatches).toBeLessThanOrEqual(0.75 * all.dispatches);
  });

  it('trains BERT-base with at most 460 dispatches per step, within the estimated traffic and memory', async () => {
    const [count, length] = [8, 128];
    const rows = 2 * count * length;
    const { dispatches, boundBytes, peakBytes, parameters } = await countStep(bertBase, count, length);
    const { layers, hiddenSize, heads } = bertBase;
    const planned = 16 * parameters + 4 * rows * layers * (14 * hiddenSize + heads + 4);
    const needed = neededBytes(bertBase, rows);
    const mixed = await countStep(bertBase, count, length, { precision: 'mixed' });
    expect(mixed.dispatches).toBeLessThanOrEqual(460);
    expect(mixed.boundBytes).toBeLessThan(0.8 * boundBytes);
    expect(dispatches).toBeLessThanOrEqual(460);
    expect(boundBytes).toBeLessThanOrEqual(1.5 * needed);
    expect(peakBytes).toBeLessThanOrEqual(1.2 * planned);
    await expectInEngineDoc(
      `Its ${dispatches} dispatches`,
      `bind **${gigabytes(boundBytes, 1)} GB**, ${(boundBytes / needed).toFixed(2)} times`,
      `peaks at ${gigabytes(peakBytes, 2)} GB, which is ${(peakBytes / planned).toFixed(2)} times`,
      `${gigabytes(mixed.boundBytes, 1)} GB bound instead of ${gigabytes(boundBytes, 1)}`,
      `a peak of ${gigabytes(mixed.peakBytes, 2)} GB instead of ${gigabytes(peakBytes, 2)}`,
    );
  });

  it('needs at most 5% more memory for 1,024 pairs than for 64 when it trains BERT-base with GradCache', async () => {
    const stepStrategy: StepStrategy = { kind: 'gradCache', tokensPerPass: 2048 };
    const [few, many] = [
      await countStep(bertBase, 64, 32, { stepStrategy }),
      await countStep(bertBase, 1024, 32, { stepStrategy }),
    ];
    expect(many.peakBytes).toBeLessThan(1.05 * few.peakBytes);
    await expectInEngineDoc(
      `GradCache needs ${gigabytes(few.peakBytes, 3)} GB for 64 pairs and ${gigabytes(many.peakBytes, 3)} GB for 1,024`,
    );
  });

  it.each([
    ['plain', 2400],
    ['recompute', 2400],
    ['gradCache', 300],
  ] as const)(
    'trains within 2% of the memory plan when batches and texts vary in length: %s',
    async (kind, tokensPerPass) => {
      const stepStrategy: StepStrategy = { kind, tokensPerPass };
      const length: Length = (text, step) => 10 + ((text * 17 + step * 11) % (10 * step));
      const { peakBytes, parameters, errors } = await countStep(small, 30, length, { stepStrategy, steps: 4 });
      expect(errors).toEqual([]);
      const count = { all: parameters, trained: parameters };
      const need = stepMemoryNeed(small, count, { pairs: 30, candidates: 30, tokens: 2400, longest: 49 }, stepStrategy);
      expectPlanned(peakBytes, need.total);
      expectPlanned(peakBytes - 16 * parameters, need.activations, 0.03);
    },
  );

  it.each([undefined, defaultLora])('encodes a batch within 2%% of the memory plan: adapters %j', async (strategy) => {
    const { gpu } = await nullGpu();
    const tensors = tensorLayout(parameterShapes(small));
    const weights = new SegmentTable(gpu, layOutSegments(tensors));
    const plan = strategy && adapterPlan({ tensors, totalFloats: 0 }, { strategy }, { seed: 1, stage: 0 });
    const adapters = plan && new Adapters(gpu, plan);
    const before = gpu.pool.totalBytes;
    for (let batch = 0; batch < 2; batch++) {
      const tokens = uploadTokens(
        gpu,
        packTokens(
          texts(small, 20, () => 50),
          small,
          quadsFor,
        ),
      );
      gpu.pool.free(encoderLastHidden({ engine: gpu, weights, adapters, config: small, tokens, dropout: undefined }));
      freeTokens(gpu, tokens);
    }
    const planned = 1000 * encodingRowBytes(small, strategy && adapterMemory(tensors, { strategy }));
    expectPlanned(gpu.pool.peakBytes - before, planned + scratchBytes);
    adapters?.dispose();
    weights.dispose();
    gpu.dispose();
  });

  const stepStrategies: StepStrategy[] = [
    { kind: 'plain' },
    { kind: 'recompute' },
    { kind: 'gradCache', tokensPerPass: 512 },
  ];
  const models: [string, EncoderConfig, number][] = [
    ['BERT-base', bertBase, 24],
    ['a small model', small, 40],
  ];
  const cases = models.flatMap(([model, config, pairs]) =>
    stepStrategies.flatMap((stepStrategy) =>
      [0, 0.1].flatMap((dropout) =>
        precisions.map(
          (precision) => [model, stepStrategy.kind, dropout, precision, { config, pairs, stepStrategy }] as const,
        ),
      ),
    ),
  );
  it.each(cases)(
    'trains %s within 2% of the memory plan: %s, dropout %f, %s precision',
    async (model, kind, dropout, precision, { config, pairs, stepStrategy }) => {
      const length = 50;
      const { peakBytes, parameters } = await countStep(config, pairs, length, { stepStrategy, dropout, precision });
      expect(parameterCount(config)).toBe(parameters);
      const shape = { pairs, candidates: pairs, tokens: 2 * pairs * length, longest: length };
      const need = stepMemoryNeed(config, { all: parameters, trained: parameters }, shape, stepStrategy, precision);
      const activations = peakBytes - (need.total - need.activations);
      console.log(
        `${model}, ${kind}, ${precision}: peak ${(peakBytes / need.total).toFixed(4)} of the plan, ` +
          `activations ${(activations / need.activations).toFixed(4)}`,
      );
      expectPlanned(peakBytes, need.total);
      expectPlanned(activations, need.activations);
    },
  );
});
