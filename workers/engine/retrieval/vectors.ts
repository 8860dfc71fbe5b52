/** Row vectors on the host, possibly stored in several pieces. */
export interface Vectors {
  count: number;
  width: number;
  /** Copies a row to `into`, starting at index `at`. */
  copyRow(row: number, into: Float32Array, at: number): void;
  /** Copies consecutive rows at once. Present only if their storage makes this faster. */
  copyRows?(first: number, count: number, into: Float32Array, at: number): void;
  /** Makes consecutive rows readable until the next call. Present only if the rows are not all in memory. */
  load?(first: number, count: number): Promise<void>;
}

/** Consecutive rows. */
export interface RowRange {
  first: number;
  count: number;
}

/** Returns a view of rows stored in one piece: values [count, width]. */
export function vectorsInOnePiece(values: Float32Array, width: number): Vectors {
  const copyRows = (first: number, count: number, into: Float32Array, at: number): void =>
    into.set(values.subarray(first * width, (first + count) * width), at);
  const copyRow = (row: number, into: Float32Array, at: number): void => copyRows(row, 1, into, at);
  return { count: values.length / width, width, copyRow, copyRows };
}

/**
 * Returns a view of `count` rows without copying them: row i is row `rowAt(i)` of `vectors`. Rows that are consecutive
 * in both are copied at once.
 */
export function pickedVectors(vectors: Vectors, count: number, rowAt: (row: number) => number): Vectors {
  const { width } = vectors;
  const copyRow: Vectors['copyRow'] = (row, into, at) => vectors.copyRow(rowAt(row), into, at);
  const copyRows: Vectors['copyRows'] = (first, rows, into, at) => {
    for (let done = 0; done < rows;) {
      const from = rowAt(first + done);
      let run = 1;
      while (done + run < rows && rowAt(first + done + run) === from + run) run++;
      if (run > 1 && vectors.copyRows) vectors.copyRows(from, run, into, at + done * width);
      else for (let i = 0; i < run; i++) vectors.copyRow(from + i, into, at + (done + i) * width);
      done += run;
    }
  };
  return { count, width, copyRow, copyRows };
}

/**
 * Returns vectors that are read when they are needed, so that only one piece of them is in memory. `read` writes
 * consecutive rows [count, width] to its buffer.
 */
export function vectorsInPieces(
  count: number,
  width: number,
  read: (first: number, count: number, into: Float32Array) => Promise<void>,
): Required<Vectors> & { readonly bufferBytes: number } {
  let buffer = new Float32Array();
  let loaded: RowRange = { first: 0, count: 0 };
  const copyRows = (first: number, rows: number, into: Float32Array, at: number): void => {
    const begin = first - loaded.first;
    if (begin < 0 || begin + rows > loaded.count) throw new RangeError(`rows from ${first} on are not loaded`);
    into.set(buffer.subarray(begin * width, (begin + rows) * width), at);
  };
  const load = async (first: number, rows: number): Promise<void> => {
    if (buffer.length < rows * width) buffer = new Float32Array(rows * width);
    loaded = { first, count: 0 };
    await read(first, rows, buffer.subarray(0, rows * width));
    loaded = { first, count: rows };
  };
  const copyRow = (row: number, into: Float32Array, at: number): void => copyRows(row, 1, into, at);
  return {
    ...{ count, width, copyRow, copyRows, load },
    get bufferBytes() {
      return buffer.byteLength;
    },
  };
}

/** Makes rows readable at once. Of vectors in pieces, those of a list are copied one by one. */
export async function readableRows(
  vectors: Vectors,
  rows: RowRange | readonly number[],
): Promise<{ vectors: Vectors; rows: RowRange | readonly number[] }> {
  if (!vectors.load) return { vectors, rows };
  if ('count' in rows) {
    await vectors.load(rows.first, rows.count);
    return { vectors, rows };
  }
  const { width } = vectors;
  const copied = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    await vectors.load(row, 1);
    vectors.copyRow(row, copied, i * width);
  }
  return { vectors: vectorsInOnePiece(copied, width), rows: { first: 0, count: rows.length } };
}

/** Writes the given rows to a matrix `into` [height, stride] and fills the extra columns and rows with zeros. */
export function fillMatrix(
  vectors: Vectors,
  rows: RowRange | readonly number[],
  stride: number,
  into: Float32Array,
): void {
  const { width } = vectors;
  const count = 'count' in rows ? rows.count : rows.length;
  if ('count' in rows && stride === width && vectors.copyRows) vectors.copyRows(rows.first, count, into, 0);
  else
    for (let i = 0; i < count; i++) {
      vectors.copyRow('count' in rows ? rows.first + i : (rows[i] ?? 0), into, i * stride);
      if (stride > width) into.fill(0, i * stride + width, (i + 1) * stride);
    }
  into.fill(0, count * stride);
}
