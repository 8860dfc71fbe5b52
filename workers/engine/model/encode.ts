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
  /** Of the largest batch to come: arrays have room for so many tokens and texts, so that batches of all sizes take the same memory. */
  room?: EncodingRoom;
}

export interface EncodingRoom {
  tokens: number;
  texts: number;
}

/** How an encoding is cut up, and how many batches are on their way at once: enough to keep the device busy, little enough to hold. */
export interface EncodingPlan {
  tokensPerBatch: number;
  textsPerBatch: number;
  batchesInFlight: number;
}

/**
 * Where the CPU computes, a batch that stays in cache; on wasm one at a time, for it is done when it is asked for. A GPU wants thousands of
 * rows, as far as memory goes, and the next batch queued.
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

/** Vectors of the texts, [B, H] row after row; unit length where `normalize`. GPU→CPU sync. */
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
  // What is dispatched from here on runs behind the copy, and may reuse these buffers while it is on its way.
  for (const array of [hidden, y, norms]) engine.pool.free(array);
  engine.pool.trim();
  return read;
}

/** PyTorch's `last_hidden_state` without its padding: [tokens, H] row after row. GPU→CPU sync. */
export async function hiddenStates(
  { segments: weights }: ParameterStore,
  config: EncoderConfig,
  batch: TokenBatch,
): Promise<Float32Array> {
  const { engine } = weights;
  const tokens = uploadTokens(engine, packTokens(batch, config, quadsFor));
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
