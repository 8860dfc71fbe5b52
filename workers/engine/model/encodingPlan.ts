import type { EncoderConfig } from '../../../src/domain/model';
import type { EngineTraits } from '../engine';
import { maxEncodingTokens } from '../memory/encodingMemory';
import { minEncodingTokensPerText } from '../memory/rowBytes';

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
 * Chooses how to split texts for encoding. On a CPU, a batch should fit in the cache, and only one is queued at a time
 * because wasm computes synchronously. A GPU needs batches of thousands of rows, if memory allows, and the next batches
 * should already be queued.
 */
export function encodingPlan(
  { software, wasm }: EngineTraits,
  config: EncoderConfig,
  maxBatchTokens = maxEncodingTokens(config),
): EncodingPlan {
  const tokensPerBatch = Math.min(software ? 2048 : Infinity, maxBatchTokens);
  const textsPerBatch = Math.ceil(tokensPerBatch / minEncodingTokensPerText);
  return { tokensPerBatch, textsPerBatch, batchesInFlight: wasm ? 1 : 3 };
}
