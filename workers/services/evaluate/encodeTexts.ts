import type { EncoderConfig, Pooling } from '../../../src/domain/model';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { encodeBatch, type EncodeRoom } from '../../engine/model/encode';
import { encodingPlan, type EncodingPlan } from '../../engine/model/encodingPlan';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { EncodedTexts } from './encodedTexts';
import type { BetweenBatches } from './betweenBatches';

export interface EncoderForTexts {
  parameters: ParameterStore;
  config: EncoderConfig;
  pooling: Pooling;
  /** Maximum number of tokens per batch, if memory limits them. */
  maxBatchTokens?: number | undefined;
}

/** Sorts texts by length and groups them into batches of similar length. Returns the text indexes of each batch. */
export function textBatchesByLength(
  offsets: Uint32Array,
  { tokensPerBatch, textsPerBatch }: Pick<EncodingPlan, 'tokensPerBatch' | 'textsPerBatch'>,
): number[][] {
  const length = (text: number): number => (offsets[text + 1] ?? 0) - (offsets[text] ?? 0);
  const order = Array.from({ length: offsets.length - 1 }, (_, text) => text);
  order.sort((a, b) => length(a) - length(b) || a - b);
  const batches: number[][] = [];
  let batch: number[] = [];
  let tokens = 0;
  for (const text of order) {
    if (batch.length > 0 && (tokens + length(text) > tokensPerBatch || batch.length === textsPerBatch)) {
      batches.push(batch);
      batch = [];
      tokens = 0;
    }
    batch.push(text);
    tokens += length(text);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Returns the packed ids of the given texts, in the given order. */
export function pickTexts(
  set: Pick<TokenSet, 'ids' | 'offsets'>,
  texts: readonly number[],
): { ids: Int32Array; offsets: Uint32Array } {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => {
    offsets[i + 1] = (offsets[i] ?? 0) + (set.offsets[text + 1] ?? 0) - (set.offsets[text] ?? 0);
  });
  const ids = new Int32Array(offsets[texts.length] ?? 0);
  texts.forEach((text, i) => ids.set(set.ids.subarray(set.offsets[text], set.offsets[text + 1]), offsets[i]));
  return { ids, offsets };
}

/** Encodes all texts of a set as unit vectors, in the order of the set. Skips batches that `vectors` already holds. */
export async function encodeTexts(
  encoder: EncoderForTexts,
  set: Pick<TokenSet, 'ids' | 'offsets'>,
  between: BetweenBatches,
  vectors = new EncodedTexts(set.offsets.length - 1, encoder.config.hiddenSize),
): Promise<EncodedTexts> {
  const { engine } = encoder.parameters.segments;
  const plan = encodingPlan(engine.traits, encoder.config, encoder.maxBatchTokens);
  const batches = textBatchesByLength(set.offsets, plan);
  const options = { pooling: encoder.pooling, normalize: true, room: roomFor(batches, set.offsets) };
  const encode = async (batch: number[]): Promise<void> =>
    vectors.set(batch, await encodeBatch(encoder.parameters, encoder.config, pickTexts(set, batch), options));
  const inFlight: Promise<void>[] = [];
  releaseIdleMemory(engine); // the pooled buffers of earlier work have other sizes
  try {
    for (const batch of batches) {
      if (vectors.hasAll(batch)) continue;
      const encoding = encode(batch);
      encoding.catch(() => undefined); // avoids an unhandled rejection: a batch before this one may fail first
      inFlight.push(encoding);
      if (inFlight.length < plan.batchesInFlight) continue;
      await inFlight.shift();
      await between(vectors.done, vectors.count);
    }
    if (inFlight.length > 0) {
      await Promise.all(inFlight);
      await between(vectors.done, vectors.count);
    }
  } finally {
    await Promise.allSettled(inFlight);
    releaseIdleMemory(engine);
  }
  return vectors;
}

function roomFor(batches: readonly (readonly number[])[], offsets: Uint32Array): EncodeRoom {
  const room = { tokens: 0, texts: 0 };
  for (const batch of batches) {
    const tokens = batch.reduce((sum, text) => sum + (offsets[text + 1] ?? 0) - (offsets[text] ?? 0), 0);
    room.tokens = Math.max(room.tokens, tokens);
    room.texts = Math.max(room.texts, batch.length);
  }
  return room;
}
