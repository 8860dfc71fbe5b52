/**
 * Pairs (anchor i, candidate j) that a loss ignores because j also answers i. One bit per pair, [B, ⌈C / 32⌉]:
 * bit j % 32 of word ⌊j / 32⌋ in row i.
 */
export interface LossMask {
  words: Uint32Array<ArrayBuffer>;
  shape: readonly [number, number];
}

/**
 * Returns the mask that leaves out, for each anchor, the positives and explicit negatives of all other anchors except
 * the given ones. Each anchor has the same number of explicit negatives.
 */
export function maskOfOthers(keptByAnchor: readonly (readonly number[])[], candidates: number): LossMask {
  const anchors = keptByAnchor.length;
  const width = Math.ceil(candidates / 32);
  const perAnchor = candidates / anchors - 1;
  const words = new Uint32Array(anchors * width);
  keptByAnchor.forEach((kept, anchor) => {
    const row = words.subarray(anchor * width, (anchor + 1) * width).fill(0xffffffff);
    if (candidates % 32 > 0) row[width - 1] = 2 ** (candidates % 32) - 1;
    const keep = (candidate: number): void => {
      const at = candidate >> 5;
      row[at] = (row[at] ?? 0) & ~(1 << (candidate & 31));
    };
    for (const other of [anchor, ...kept]) {
      keep(other);
      for (let n = 0; n < perAnchor; n++) keep(anchors + other * perAnchor + n);
    }
  });
  return { words, shape: [anchors, width] };
}

/** Returns the union of two masks of the same batch: leaves out every pair that one of them leaves out. */
export function eitherMask(a: LossMask, b: LossMask): LossMask {
  return { words: a.words.map((word, at) => word | (b.words[at] ?? 0)), shape: a.shape };
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
