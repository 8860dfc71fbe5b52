import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from '../../../src/domain/model';
import { openGpu, readTensor } from '../device';
import { poolingForward } from '../ops/pooling/kernels';
import type { Pooling } from '../ops/pooling/pooling';
import * as reference from '../reference/encoder';
import { lastHidden } from './encoder';
import { freeTokens, uploadTokens } from './deviceTokens';
import { packTokens, quads, type TokenBatch } from './packedTokens';
import type { ParameterStore } from './parameters';
import type { SegmentTable } from './segments';

export interface EncodeOptions {
  pooling: Pooling;
  normalize: boolean;
}

/** How an encoding is cut up, and how many batches are on their way at once: enough to keep the device busy, little enough to hold. */
export interface EncodingPlan {
  tokensPerBatch: number;
  textsPerBatch: number;
  batchesInFlight: number;
}

/** On wasm a batch that stays in cache, and one at a time: it computes in this thread. A GPU wants thousands of rows, as
 * far as memory goes, and the next batch queued. */
export function encodingPlan(mostTokens = Infinity): EncodingPlan {
  const gpu = openGpu();
  if (!gpu) return { tokensPerBatch: 2048, textsPerBatch: 64, batchesInFlight: 1 };
  const tokensPerBatch = Math.min(gpu.traits.software ? 2048 : 16_384, mostTokens);
  return { tokensPerBatch, textsPerBatch: Math.ceil(tokensPerBatch / 16), batchesInFlight: 3 };
}

/** Vectors of the texts, [B, H] row after row; unit length where `normalize`. GPU→CPU sync. */
export async function encodeBatch(
  parameters: ParameterStore,
  config: EncoderConfig,
  batch: TokenBatch,
  options: EncodeOptions,
): Promise<Float32Array> {
  const { segments } = parameters;
  if (segments) return encodeOnEngine(segments, config, batch, options);
  const vectors = reference.encode(parameters, config, batch, options);
  try {
    return await readTensor(vectors); // GPU→CPU sync
  } finally {
    vectors.dispose();
  }
}

/** PyTorch's `last_hidden_state` without its padding: [tokens, H] row after row. GPU→CPU sync. */
export async function hiddenStates(
  parameters: ParameterStore,
  config: EncoderConfig,
  batch: TokenBatch,
): Promise<Float32Array> {
  if (parameters.segments) return hiddenStatesOnEngine(parameters.segments, config, batch);
  const tokens = packTokens(batch, config);
  const hidden = tf.tidy(() => reference.lastHidden({ parameters, config, tokens, dropout: undefined })); // [T, H]
  try {
    return (await readTensor(hidden)).subarray(0, tokens.tokens * config.hiddenSize); // GPU→CPU sync
  } finally {
    hidden.dispose();
  }
}

async function encodeOnEngine(
  weights: SegmentTable,
  config: EncoderConfig,
  batch: TokenBatch,
  { pooling, normalize }: EncodeOptions,
): Promise<Float32Array> {
  const { engine } = weights;
  const tokens = uploadTokens(engine, packTokens(batch, config, quads));
  const hidden = lastHidden({ engine, weights, config, tokens, dropout: undefined }); // [T, H]
  const texts = { ...tokens, firstText: 0, texts: batch.offsets.length - 1, pooling };
  const { y, saved } = poolingForward(engine, hidden, texts, normalize); // [B, H]
  freeTokens(engine, tokens);
  const read = engine.commands.read(y); // GPU→CPU sync
  // What is dispatched from here on runs behind the copy, and may reuse these buffers while it is on its way.
  for (const array of [hidden, y, saved.norms]) engine.pool.free(array);
  engine.pool.trim();
  return read;
}

async function hiddenStatesOnEngine(
  weights: SegmentTable,
  config: EncoderConfig,
  batch: TokenBatch,
): Promise<Float32Array> {
  const { engine } = weights;
  const tokens = uploadTokens(engine, packTokens(batch, config, quads));
  const hidden = lastHidden({ engine, weights, config, tokens, dropout: undefined }); // [T, H]
  freeTokens(engine, tokens);
  try {
    const all = await engine.commands.read(hidden); // GPU→CPU sync
    return all.subarray(0, tokens.packed.tokens * config.hiddenSize);
  } finally {
    engine.pool.free(hidden);
    engine.pool.trim();
  }
}
