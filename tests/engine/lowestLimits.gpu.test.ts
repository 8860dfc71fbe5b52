import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { describe, expect, it } from 'vitest';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { SubmitPacer } from '../../workers/engine/gpu/submitPacer';
import { encoderLastHidden } from '../../workers/engine/model/encoder';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { packTokens } from '../../workers/engine/model/packedTokens';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { Trainer } from '../../workers/engine/trainer';
import { golden, loadGoldenModel } from './golden';
import { strictReports } from './reports';
import { tensorLayout } from './tensorLayout';
import { maxDifference } from './differences';

/** Requests a device without optional features and with the lowest limits that WebGPU allows. */
async function lowestDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter?.requestDevice();
  if (!device) throw new Error('no WebGPU');
  expect(device.limits.maxStorageBuffersPerShaderStage).toBe(8);
  expect(device.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
  return device;
}

/** Returns a pacer that assumes a device so slow that no two dispatches fit in one submit. */
function slowestPacer(): SubmitPacer {
  let clock = 0;
  const pacer = new SubmitPacer(true, () => (clock += 1e9));
  pacer.submitted(1e12)();
  return pacer;
}

/** Slightly more than the weights of query, key and value together, [96, 32]. */
const segmentFloats = 3200;
/** Rows of the enlarged vocabulary per row of the original one. */
const spread = 3;

/**
 * Loads PyTorch's model with two rows of zeros after each row of its word embeddings. This enlarges the table beyond a
 * segment without changing any result.
 */
async function spreadModel() {
  const { config: small, values, ...rest } = await loadGoldenModel();
  const config = { ...small, vocabularySize: spread * small.vocabularySize };
  const spreadIds = ({ ids, offsets }: TokenBatch): TokenBatch => ({ ids: ids.map((id) => spread * id), offsets });
  const width = config.hiddenSize;
  const weights = (name: string): Float32Array => {
    const own = values(`weights/${name}`);
    if (name !== words) return own;
    const all = new Float32Array(spread * own.length);
    for (let row = 0; row * width < own.length; row++)
      all.set(own.subarray(row * width, (row + 1) * width), spread * row * width);
    return all;
  };
  const tensors = tensorLayout(parameterShapes(config));
  return { config, tensors, weights, values, anchors: spreadIds(rest.anchors), positives: spreadIds(rest.positives) };
}

const words = 'embeddings.word_embeddings.weight';

async function train(
  gpu: WebGpuEngine,
  model: Awaited<ReturnType<typeof spreadModel>>,
): Promise<{ losses: number[]; weights: Map<string, Float32Array>; hidden: Float32Array; submits: number }> {
  const { config, tensors, anchors, positives } = model;
  const plan = layOutSegments(tensors, undefined, segmentFloats);
  const table = (kind: 'all' | 'trainable') => new SegmentTable(gpu, plan, kind);
  const [weights, m, v] = [table('all'), table('trainable'), table('trainable')];
  expect(weights.pieces(words)).toHaveLength(2);
  for (const { name } of tensors) weights.write(name, model.weights(name));
  const tokens = uploadTokens(gpu, packTokens(anchors, config));
  const last = encoderLastHidden({ engine: gpu, weights, config, tokens, dropout: undefined });
  const hidden = await gpu.commands.read(last);
  gpu.pool.free(last);
  freeTokens(gpu, tokens);
  const loss = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
  const optimizer = { kind: 'adamW', ...golden.optimizer } as const;
  const trainer = new Trainer({ config, pooling: 'mean', loss, optimizer, dropout: 0, seed: 1 }, weights, { m, v });
  const losses: number[] = [];
  for (let step = 1; step <= 2; step++)
    losses.push((await trainer.step({ anchors, candidates: positives }, optimizer.learningRate, step)).loss);
  const after = new Map<string, Float32Array>();
  for (const { name } of tensors) after.set(name, await weights.read(name));
  trainer.dispose();
  for (const each of [weights, m, v]) each.dispose();
  const { submits } = gpu.commands.counters;
  expect(gpu.pool.liveArrays).toBe(0);
  return { losses, weights: after, hidden, submits };
}

describe("training on a device with WebGPU's lowest limits", () => {
  it('matches PyTorch with the embedding table in pieces, and has the same bits with submits of any size', async () => {
    const model = await spreadModel();
    const device = await lowestDevice();
    const gpu = (pacer: SubmitPacer): WebGpuEngine =>
      new WebGpuEngine(device, { software: false }, strictReports(), pacer);
    const [inFew, inMany] = [gpu(new SubmitPacer(true)), gpu(slowestPacer())];
    const whole = await train(inFew, model);
    const cut = await train(inMany, model);
    for (const each of [inFew, inMany]) each.dispose();
    whole.losses.forEach((loss, i) => {
      const expected = golden.steps[i]?.loss ?? NaN;
      expect(Math.abs(loss - expected)).toBeLessThan(1e-4 * expected);
    });
    expect(maxDifference(whole.hidden, model.values('hidden/anchors'))).toBeLessThan(2e-5);
    expect(cut.submits).toBeGreaterThan(4 * whole.submits);
    expect(cut.losses).toEqual(whole.losses);
    expect(cut.weights).toEqual(whole.weights);
  });
});
