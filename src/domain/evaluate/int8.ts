/**
 * Scalar quantisation of vectors to int8, as `quantize_embeddings(…, precision="int8")` of sentence-transformers 6.2
 * does it: each dimension has a range of its own, which is cut into 255 steps.
 */
export interface Int8Ranges {
  /** Smallest value of each dimension [E]. */
  starts: Float32Array;
  /** A 255th of each dimension's range [E]. */
  steps: Float32Array;
}

/** Finds the range of each dimension. `rows` yields vectors [E]; it may yield the same array again and again. */
export function int8Ranges(width: number, rows: Iterable<Float32Array>): Int8Ranges {
  const starts = new Float32Array(width).fill(Infinity);
  const highest = new Float32Array(width).fill(-Infinity);
  for (const row of rows)
    for (let i = 0; i < width; i++) {
      const value = row[i] ?? 0;
      if (value < (starts[i] ?? 0)) starts[i] = value;
      if (value > (highest[i] ?? 0)) highest[i] = value;
    }
  return { starts, steps: highest.map((high, i) => Math.fround(high - (starts[i] ?? 0)) / 255) };
}

/**
 * Writes the codes of a vector [E] to `into`, from index `at` on: ⌊(value − start) / step⌋ − 128 in single precision. A
 * dimension with the same value in every vector has the step 1.
 */
export function int8Codes(row: Float32Array, { starts, steps }: Int8Ranges, into: Int8Array, at = 0): void {
  for (let i = 0; i < starts.length; i++) {
    const difference = Math.fround((row[i] ?? 0) - (starts[i] ?? 0));
    const place = Math.floor(Math.fround(difference / ((steps[i] ?? 0) || 1)));
    into[at + i] = Math.max(0, Math.min(255, place)) - 128;
  }
}

/** Writes the values that the codes [E] from index `from` on stand for to `into`: the middles of their steps. */
export function int8Values(
  codes: Int8Array,
  { starts, steps }: Int8Ranges,
  { from, into, at }: { from: number; into: Float32Array; at: number },
): void {
  for (let i = 0; i < starts.length; i++)
    into[at + i] = ((codes[from + i] ?? 0) + 128.5) * (steps[i] ?? 0) + (starts[i] ?? 0);
}
