/** Rows of a batch by the row of the table that they took. */
export interface RowGroups {
  count: number;
  /** [count, 4]: row of the table, begin and end in `order`, 0. */
  segments: Uint32Array<ArrayBuffer>;
  /** Rows of the batch, those of the same table row together, each group in the batch's order. */
  order: Uint32Array<ArrayBuffer>;
}

/** More than any batch has rows; an index times this stays an exact integer. */
const rowBase = 2 ** 24;

export function groupRowsByIndex(indices: Int32Array): RowGroups {
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
