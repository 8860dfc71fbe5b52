import type { EncoderConfig } from '../../../src/domain/model';
import { poolingForward } from '../ops/pooling/kernels';
import { lastHidden } from './gpuEncoder';
import { freeTokens, uploadTokens } from './gpuTokens';
import type { EncodeOptions } from './encoder';
import { packTokens, quads, type TokenBatch } from './packedTokens';
import type { SegmentTable } from './segments';

/** Vectors of the texts, [B, H] row after row. GPU→CPU sync. */
export async function encodeOnGpu(
  weights: SegmentTable,
  config: EncoderConfig,
  batch: TokenBatch,
  { pooling, normalize }: EncodeOptions,
): Promise<Float32Array> {
  const { gpu } = weights;
  const tokens = uploadTokens(gpu, packTokens(batch, config, quads));
  const hidden = lastHidden({ gpu, weights, config, tokens, dropout: undefined }); // [T, H]
  const texts = { ...tokens, firstText: 0, texts: batch.offsets.length - 1, pooling };
  const { y, saved } = poolingForward(gpu, hidden, texts, normalize); // [B, H]
  freeTokens(gpu, tokens);
  const read = gpu.commands.read(y); // GPU→CPU sync
  // What is dispatched from here on runs behind the copy, and may reuse these buffers while it is on its way.
  for (const array of [hidden, y, saved.norms]) gpu.pool.free(array);
  gpu.pool.trim();
  return read;
}

/** PyTorch's `last_hidden_state` without its padding: [tokens, H] row after row. GPU→CPU sync. */
export async function hiddenStatesOnGpu(
  weights: SegmentTable,
  config: EncoderConfig,
  batch: TokenBatch,
): Promise<Float32Array> {
  const { gpu } = weights;
  const tokens = uploadTokens(gpu, packTokens(batch, config, quads));
  const hidden = lastHidden({ gpu, weights, config, tokens, dropout: undefined }); // [T, H]
  freeTokens(gpu, tokens);
  try {
    const all = await gpu.commands.read(hidden); // GPU→CPU sync
    return all.subarray(0, tokens.packed.tokens * config.hiddenSize);
  } finally {
    gpu.pool.free(hidden);
    gpu.pool.trim();
  }
}
