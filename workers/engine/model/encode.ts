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
  /** Size of the largest batch to come. Arrays are allocated for it, so that smaller batches reuse the same buffers. */
  room?: EncodingRoom;
}

export interface EncodingRoom {
  tokens: number;
  texts: number;
}

/**
 * How texts are split into batches, and how many batches are in flight: enough to keep the device busy without holding
 * too much memory.
 */
export interface EncodingPlan {
  tokensPerBatch: number;
  textsPerBatch: number;
  batchesInFlight: number;
}

/**
 * Chooses the batch size for encoding. On a CPU a batch should stay in cache; wasm computes synchronously, so one batch
 * at a time. A GPU needs thousands of rows, as far as memory allows, and the next batches queued.
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
  // Later dispatches run after the copy, so they may reuse these buffers before it arrives.
  for (const array of [hidden, y, norms]) engine.pool.free(array);
  engine.pool.trim();
  return read;
}
