/** A row-major matrix in double precision. */
export interface Matrix {
  rows: number;
  columns: number;
  values: Float64Array;
}

export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

export function matrixOf(values: ArrayLike<number>, columns: number): Matrix {
  return { rows: values.length / columns, columns, values: Float64Array.from(values) };
}

/** Returns a·bᵀ: a [M, K], b [N, K] → [M, N]. */
export function timesTransposed(a: Matrix, b: Matrix): Matrix {
  const y = zeros(a.rows, b.rows);
  const depth = a.columns;
  for (let row = 0; row < a.rows; row++)
    for (let column = 0; column < b.rows; column++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += (a.values[row * depth + k] ?? NaN) * (b.values[column * depth + k] ?? NaN);
      y.values[row * b.rows + column] = sum;
    }
  return y;
}

/** Returns a·b: a [M, K], b [K, N] → [M, N]. */
export function times(a: Matrix, b: Matrix): Matrix {
  const y = zeros(a.rows, b.columns);
  for (let row = 0; row < a.rows; row++)
    for (let k = 0; k < a.columns; k++) addScaledRow(y, row, b, k, a.values[row * a.columns + k] ?? NaN);
  return y;
}

/** Returns aᵀ·b: a [K, M], b [K, N] → [M, N]. */
export function transposedTimes(a: Matrix, b: Matrix): Matrix {
  const y = zeros(a.columns, b.columns);
  for (let k = 0; k < a.rows; k++)
    for (let row = 0; row < a.columns; row++) addScaledRow(y, row, b, k, a.values[k * a.columns + row] ?? NaN);
  return y;
}

/** Adds `factor` times a row of `from` to a row of `to`. */
export function addScaledRow(to: Matrix, toRow: number, from: Matrix, fromRow: number, factor: number): void {
  const { columns } = to;
  const [target, source] = [to.values, from.values];
  const [targetAt, sourceAt] = [toRow * columns, fromRow * columns];
  for (let i = 0; i < columns; i++)
    target[targetAt + i] = (target[targetAt + i] ?? NaN) + factor * (source[sourceAt + i] ?? NaN);
}

/** Returns the sum of matrices of the same shape. */
export function sumOf(first: Matrix, ...others: readonly Matrix[]): Matrix {
  const y = { ...first, values: first.values.slice() };
  for (const { values } of others)
    for (let i = 0; i < values.length; i++) y.values[i] = (y.values[i] ?? NaN) + (values[i] ?? NaN);
  return y;
}

/** Returns Σ_rows x, [columns]. */
export function columnSums(x: Matrix): Float64Array {
  const sums = zeros(1, x.columns);
  for (let row = 0; row < x.rows; row++) addScaledRow(sums, 0, x, row, 1);
  return sums.values;
}

/** Returns a copy of a block of x. */
export function blockOf(x: Matrix, firstRow: number, rows: number, firstColumn: number, columns: number): Matrix {
  const block = zeros(rows, columns);
  for (let row = 0; row < rows; row++) {
    const from = (firstRow + row) * x.columns + firstColumn;
    block.values.set(x.values.subarray(from, from + columns), row * columns);
  }
  return block;
}

/** Writes `block` into x at the given row and column; the inverse of `blockOf`. */
export function putBlock(x: Matrix, block: Matrix, firstRow: number, firstColumn: number): void {
  for (let row = 0; row < block.rows; row++) {
    const from = row * block.columns;
    x.values.set(block.values.subarray(from, from + block.columns), (firstRow + row) * x.columns + firstColumn);
  }
}
