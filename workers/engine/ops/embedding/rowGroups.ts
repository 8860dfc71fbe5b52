/** Rows of a batch, grouped by the table row that they looked up. */
export interface RowGroups {
  count: number;
  /** [count, 4]: table row, begin and end of its group in `order`, 0. */
  segments: Uint32Array<ArrayBuffer>;
  /** Rows of the batch, one group after another, in batch order within each group. */
  order: Uint32Array<ArrayBuffer>;
}

/**
 * Larger than the number of rows in any batch, but small enough for its product with a table row to be exact in
 * float64.
 */
const rowBase = 2 ** 24;

export function rowGroups(indices: Int32Array): RowGroups {
  const keys = Float64Array.from(indices, (index, row) => index * rowBase + row).sort();
  const order = new Uint32Array(keys.length);
  const segments: number[] = [];
  keys.forEach((key, at) => {
    const index = Math.floor(key / rowBase);
    order[at] = key % rowBase;
    if (index === segments.at(-4)) segments[segments.length - 2] = at + 1;
    else segments.push(index, at, at + 1, 0);
  });
  return { count: segments.length / 4, segments: Uint32Array.from(segments), order };
}
