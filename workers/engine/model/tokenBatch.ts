/**
 * Packed token ids of a list of texts. Text i has the ids from `offsets[i]` up to, but not including, `offsets[i + 1]`.
 */
export interface TokenBatch {
  ids: Int32Array;
  offsets: Uint32Array;
}

/** Concatenates two batches. */
export function joinTokenBatches(first: TokenBatch, second: TokenBatch): TokenBatch {
  const firstTokens = first.offsets[first.offsets.length - 1] ?? 0;
  const secondTokens = second.offsets[second.offsets.length - 1] ?? 0;
  const ids = new Int32Array(firstTokens + secondTokens);
  ids.set(first.ids.subarray(0, firstTokens));
  ids.set(second.ids.subarray(0, secondTokens), firstTokens);
  const offsets = new Uint32Array(first.offsets.length + second.offsets.length - 1);
  offsets.set(first.offsets);
  second.offsets.forEach((offset, i) => (offsets[first.offsets.length - 1 + i] = firstTokens + offset));
  return { ids, offsets };
}
