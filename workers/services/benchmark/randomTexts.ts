import type { TokenBatch } from '../../engine/model/tokenBatch';

/**
 * Returns texts of the given lengths. The same arguments return the same tokens; another `salt` returns other tokens.
 */
export function randomTexts(lengths: readonly number[], vocabularySize: number, salt: number): TokenBatch {
  const offsets = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, text) => (offsets[text + 1] = (offsets[text] ?? 0) + length));
  const tokens = offsets[lengths.length] ?? 0;
  return {
    ids: Int32Array.from({ length: tokens }, (_, i) => ((i + 1) * 7919 + salt * 104_729) % vocabularySize),
    offsets,
  };
}

/** Returns the lengths of `count` texts of the same length. */
export function equalLengths(count: number, length: number): number[] {
  return Array.from({ length: count }, () => length);
}
