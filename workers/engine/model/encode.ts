import { quadsFor } from '../quads';
import type { EncoderConfig, Pooling } from '../../../src/domain/model';
import { poolingForward } from '../ops/pooling/pooling';
import { encoderLastHidden } from './encoder';
import { freeTokens, uploadTokens } from './deviceTokens';
import { packTokens } from './packedTokens';
import type { TokenBatch } from './tokenBatch';
import type { ParameterStore } from './parameterStore';

export interface EncodeOptions {
  pooling: Pooling;
  normalize: boolean;
  /**
   * Size of the largest upcoming batch. Arrays are allocated for this size, so that smaller batches reuse the same
   * buffers.
   */
  room?: EncodeRoom;
}

export interface EncodeRoom {
  tokens: number;
  texts: number;
}

/** Returns the texts' vectors [B, H] in row-major order, with unit length if `normalize`. GPU→CPU sync. */
export async function encodeBatch(
  { segments: weights, adapters }: ParameterStore,
  config: EncoderConfig,
  batch: TokenBatch,
  { pooling, normalize, room = { tokens: 0, texts: 0 } }: EncodeOptions,
): Promise<Float32Array> {
  const { engine } = weights;
  const packed = packTokens(batch, config, quadsFor);
  const { hidden, y, norms } = engine.pool.withRowCapacity(packed.rows, quadsFor(room.tokens), () => {
    const tokens = uploadTokens(engine, packed);
    const hidden = encoderLastHidden({ engine, weights, adapters, config, tokens, dropout: undefined }); // [T, H]
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
