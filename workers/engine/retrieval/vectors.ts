/** Vectors on the host, row after row; they may lie in pieces. */
export interface Vectors {
  count: number;
  width: number;
  /** Copies row `row` to `into[at …]`. */
  copyRow(row: number, into: Float32Array, at: number): void;
}

/** Vectors that lie in one piece: values [count, E]. */
export function vectorsOf(values: Float32Array, width: number): Vectors {
  return {
    count: values.length / width,
    width,
    copyRow: (row, into, at) => into.set(values.subarray(row * width, (row + 1) * width), at),
  };
}

/** `count` of the vectors: row i is their row `rowAt(i)`. */
export function pickedRows(vectors: Vectors, count: number, rowAt: (row: number) => number): Vectors {
  return { count, width: vectors.width, copyRow: (row, into, at) => vectors.copyRow(rowAt(row), into, at) };
}

/** The given rows as one matrix [rows.length, stride] with zeros beside them, and behind them up to `height` rows. */
export function matrixOf(
  vectors: Vectors,
  rows: readonly number[],
  stride = vectors.width,
  height = rows.length,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(height * stride);
  rows.forEach((row, i) => vectors.copyRow(row, values, i * stride));
  return values;
}

/** first, first + 1, … : `count` of them. */
export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
