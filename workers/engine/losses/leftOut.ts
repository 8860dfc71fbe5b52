/** Pairs of anchor i and candidate j that a loss leaves out, since j answers i as well: one bit each, [B, ⌈C / 32⌉]; bit j % 32 of word j / 32. */
export interface LeftOut {
  words: Uint32Array<ArrayBuffer>;
  shape: readonly [number, number];
}

/** By anchor the candidates to leave out; an anchor's own (candidate i of anchor i) stays in. */
export function leftOutBits(byAnchor: readonly (readonly number[])[], candidates: number): LeftOut {
  const width = Math.ceil(candidates / 32);
  const words = new Uint32Array(byAnchor.length * width);
  byAnchor.forEach((out, anchor) => {
    for (const candidate of out) {
      if (candidate === anchor) continue;
      if (candidate < 0 || candidate >= candidates) throw new RangeError(`candidate ${candidate} of ${candidates}`);
      const at = anchor * width + (candidate >> 5);
      words[at] = (words[at] ?? 0) | (1 << (candidate & 31));
    }
  });
  return { words, shape: [byAnchor.length, width] };
}
