/**
 * Pairs (anchor i, candidate j) that a loss ignores because j also answers i. One bit per pair, [B, ⌈C / 32⌉]:
 * bit j % 32 of word ⌊j / 32⌋ in row i.
 */
export interface LossMask {
  words: Uint32Array<ArrayBuffer>;
  shape: readonly [number, number];
}

/**
 * Packs the candidates to leave out for each anchor. Anchor i's own positive, candidate i, is never left out. Throws
 * RangeError if a candidate is out of range.
 */
export function lossMaskBits(byAnchor: readonly (readonly number[])[], candidates: number): LossMask {
  const width = Math.ceil(candidates / 32);
  const words = new Uint32Array(byAnchor.length * width);
  byAnchor.forEach((out, anchor) => {
    for (const candidate of out) {
      if (candidate === anchor) continue;
      if (candidate < 0 || candidate >= candidates)
        throw new RangeError(`candidate ${candidate} is out of range [0, ${candidates})`);
      const at = anchor * width + (candidate >> 5);
      words[at] = (words[at] ?? 0) | (1 << (candidate & 31));
    }
  });
  return { words, shape: [byAnchor.length, width] };
}
