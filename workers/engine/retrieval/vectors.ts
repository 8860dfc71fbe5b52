/** Vectors on the host, row after row; they may lie in pieces. */
export interface Vectors {
  count: number;
  width: number;
  /** Copies row `row` to `into[at …]`. */
  copyRow(row: number, into: Float32Array, at: number): void;
}

/** Vectors that lie in one piece: values [count, E]. `rowAt` puts them in another order. */
export function vectorsOf(values: Float32Array, width: number, rowAt = (row: number): number => row): Vectors {
  return {
    count: values.length / width,
    width,
    copyRow: (row, into, at) => into.set(values.subarray(rowAt(row) * width, (rowAt(row) + 1) * width), at),
  };
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
