import { mostEncodingTokens } from '../memory/evaluationMemory';
import { quadsFor } from '../quads';
import { encodedTokensPerText } from '../memory/stepMemory';
import type { EncoderConfig, Pooling } from '../../../src/domain/model';
import type { Traits } from '../engine';
import { poolingForward } from '../ops/pooling/pooling';
import { lastHidden } from './encoder';
import { freeTokens, uploadTokens } from './deviceTokens';
import { packTokens, type TokenBatch } from './packedTokens';
import type { ParameterStore } from './parameters';

export interface EncodeOptions {
  pooling: Pooling;
  normalize: boolean;
  /**
   * Size of the largest batch to come. Arrays are allocated for this size, so that smaller batches reuse the same
   * buffers.
   */
  room?: EncodingRoom;
}

export interface EncodingRoom {
  tokens: number;
  texts: number;
}

/**
 * How texts are split into batches, and how many batches are queued: enough to keep the device busy without using too
 * much memory.
 */
export interface EncodingPlan {
  tokensPerBatch: number;
  textsPerBatch: number;
  batchesInFlight: number;
}

/**
 * Chooses how to split texts for encoding. On a CPU, a batch should fit in the cache, and wasm computes synchronously,
 * so only one batch is queued at a time. A GPU needs batches of thousands of rows, as far as memory allows, with the
 * next ones queued.
 */
export function encodingPlan(
  { software, wasm }: Traits,
  config: EncoderConfig,
  mostTokens = mostEncodingTokens(config),
): EncodingPlan {
  const tokensPerBatch = Math.min(software ? 2048 : Infinity, mostTokens);
  const textsPerBatch = Math.ceil(tokensPerBatch / encodedTokensPerText);
  return { tokensPerBatch, textsPerBatch, batchesInFlight: wasm ? 1 : 3 };
}

/** Returns the texts' vectors, [B, H] in row-major order, of unit length if `normalize`. GPU→CPU sync. */
export async function encodeBatch(
  { segments: weights }: ParameterStore,
  config: EncoderConfig,
  batch: TokenBatch,
  { pooling, normalize, room = { tokens: 0, texts: 0 } }: EncodeOptions,
): Promise<Float32Array> {
  const { engine } = weights;
  const packed = packTokens(batch, config, quadsFor);
  const { hidden, y, norms } = engine.pool.withRowCapacity(packed.rows, quadsFor(room.tokens), () => {
    const tokens = uploadTokens(engine, packed);
    const hidden = lastHidden({ engine, weights, config, tokens, dropout: undefined }); // [T, H]
    const texts = { ...tokens, firstText: 0, texts: packed.texts, pooling };
    const { y, saved } = engine.pool.withRowCapacity(packed.texts, room.texts, () =>
      poolingForward(engine, hidden, texts, normalize),
    ); // [B, H]
    freeTokens(engine, tokens);
    return { hidden, y, norms: saved.norms };
  });
  const read = engine.commands.read(y); // GPU→CPU sync
  // Dispatches recorded later run after the copy, so they may reuse these buffers before the values arrive.
  for (const array of [hidden, y, norms]) engine.pool.free(array);
  engine.pool.trim();
  return read;
}
