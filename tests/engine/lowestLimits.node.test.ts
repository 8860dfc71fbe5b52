import { describe, expect, it } from 'vitest';
import { largestWindowScores, scoreWindows } from '../../workers/engine/losses/scoreWindows';
import { infoNce, infoNceLoss, infoNceNumberCount } from '../../workers/engine/losses/infoNce';
import { statPlaneCount } from '../../workers/engine/losses/infoNceParams';
import { encoderLastHidden } from '../../workers/engine/model/encoder';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { packTokens } from '../../workers/engine/model/packedTokens';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { poolingForward } from '../../workers/engine/ops/pooling/pooling';
import { Trainer } from '../../workers/engine/trainer';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { adamWConfig, bertConfig } from './configs';
import { nullDevice } from './nullDevice';
import { collectingReports } from './reports';
import { tokenBatch } from './tokenBatch';
import { tensorLayout } from './tensorLayout';

const config = bertConfig({
  layers: 2,
  hiddenSize: 256,
  heads: 4,
  intermediateSize: 1024,
  vocabularySize: 8000,
  maxPositions: 512,
});

/**
 * Slightly more than the largest weight matrix, [1024, 256]. The embedding table of 8,000 rows then takes eight
 * segments.
 */
const segmentFloats = 280_000;

const texts = tokenBatch(
  [1, 60, 17].map((length) => Array.from({ length }, (_, i) => (i * 7919) % config.vocabularySize)),
);

const adapters = [
  ['hardware', { software: false }],
  ['software', { software: true }],
] as const;

describe.each(adapters)("WebGPU's lowest limits with the kernels of a %s adapter", (_, traits) => {
  it('allow training and encoding with the embedding table in several pieces', async () => {
    const device = await nullDevice();
    const { limits } = device;
    expect(limits.maxStorageBuffersPerShaderStage).toBe(8);
    expect(limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
    expect(limits.maxComputeWorkgroupStorageSize).toBe(16 * 2 ** 10);
    expect(limits.maxComputeInvocationsPerWorkgroup).toBe(256);
    const errors: string[] = [];
    const gpu = new WebGpuEngine(device, traits, collectingReports(device, errors));
    const plan = layOutSegments(tensorLayout(parameterShapes(config)), undefined, segmentFloats);
    const table = (kind: 'all' | 'trainable') => new SegmentTable(gpu, plan, kind);
    const [weights, m, v] = [table('all'), table('trainable'), table('trainable')];
    expect(weights.pieces('embeddings.word_embeddings.weight')).toHaveLength(8);
    const trainer = new Trainer(
      {
        config,
        pooling: 'cls',
        dropout: 0.1,
        seed: 1,
        loss: infoNceLoss({ temperature: 0.05, directions: 'both' }),
        optimizer: adamWConfig(1e-5),
      },
      weights,
      { m, v },
    );
    await trainer.step({ anchors: texts, candidates: texts }, 1e-5, 1);
    trainer.dispose();
    const tokens = uploadTokens(gpu, packTokens(texts, config));
    const hidden = encoderLastHidden({ engine: gpu, weights, config, tokens, dropout: undefined });
    const pooled = poolingForward(gpu, hidden, { ...tokens, firstText: 0, texts: 3, pooling: 'mean' }, true);
    expect((await gpu.commands.read(pooled.y)).length).toBe(3 * config.hiddenSize);
    for (const array of [hidden, pooled.y, pooled.saved.norms]) gpu.pool.free(array);
    freeTokens(gpu, tokens);
    for (const each of [weights, m, v]) each.dispose();
    expect(errors).toEqual([]);
    expect(gpu.pool.liveArrays).toBe(0);
    gpu.dispose();
  });
});

describe.each(adapters)(
  "InfoNCE of 5,900 pairs at WebGPU's lowest limits, with the kernels of a %s adapter",
  (_, traits) => {
    it.each(['queryToPassage', 'both'] as const)(
      'fits although one array cannot hold all scores (%s)',
      async (directions) => {
        const [pairs, width] = [5900, 32];
        const device = await nullDevice();
        expect(4 * pairs ** 2).toBeGreaterThan(device.limits.maxStorageBufferBindingSize);
        const errors: string[] = [];
        const gpu = new WebGpuEngine(device, traits, collectingReports(device, errors));
        const vectors = () => gpu.commands.upload(new Float32Array(pairs * width), [pairs, width]);
        const [anchors, positives, numbers] = [vectors(), vectors(), gpu.pool.allocate([infoNceNumberCount])];
        const d = infoNce(gpu, anchors, positives, { temperature: 0.05, directions }, numbers);
        expect((await gpu.commands.read(d.candidates)).length).toBe(pairs * width);
        const planned =
          2 * largestWindowScores(scoreWindows(pairs, pairs).byRow) + 4 * pairs * width + statPlaneCount * pairs;
        expect(gpu.pool.peakBytes).toBeLessThanOrEqual(4 * planned + 256 * 8);
        for (const array of [anchors, positives, numbers, d.anchors, d.candidates]) gpu.pool.free(array);
        expect(errors).toEqual([]);
        expect(gpu.pool.liveArrays).toBe(0);
        gpu.dispose();
      },
    );
  },
);
