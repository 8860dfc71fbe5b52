/** Row vectors on the host, possibly stored in several pieces. */
export interface Vectors {
  count: number;
  width: number;
  /** Copies a row to `into`, starting at index `at`. */
  copyRow(row: number, into: Float32Array, at: number): void;
}

/** Returns a view of `count` rows without copying them: row i is row `rowAt(i)` of `vectors`. */
export function pickedVectors(vectors: Vectors, count: number, rowAt: (row: number) => number): Vectors {
  return { count, width: vectors.width, copyRow: (row, into, at) => vectors.copyRow(rowAt(row), into, at) };
}

/** Copies the given rows into a matrix [height, stride]. Extra columns and rows are zeros. */
export function vectorMatrix(
  vectors: Vectors,
  rows: readonly number[],
  stride = vectors.width,
  height = rows.length,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(height * stride);
  rows.forEach((row, i) => vectors.copyRow(row, values, i * stride));
  return values;
}
