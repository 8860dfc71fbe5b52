import { blockOf, putBlock, times, timesTransposed, transposedTimes, zeros, type Matrix } from './matrix';

/** First row and number of rows of each text in the packed batch. */
export type TextRows = readonly { first: number; rows: number }[];

export interface AttentionSaved {
  q: Matrix; // [T, H], like k and v
  k: Matrix;
  v: Matrix;
  probabilities: Matrix[]; // [S, S] of each text and head
}

/**
 * Computes attention within each text of packed rows: y = softmax(q·kᵀ/√D)·v per head (Vaswani et al., arXiv
 * 1706.03762, eq. 1). Head a uses columns a·D … (a + 1)·D − 1.
 */
export function attentionForward(
  inputs: Record<'q' | 'k' | 'v', Matrix>,
  texts: TextRows,
  heads: number,
): { y: Matrix; saved: AttentionSaved } {
  const y = zeros(inputs.q.rows, inputs.q.columns);
  const probabilities: Matrix[] = [];
  forEachHead(inputs.q, texts, heads, (block, place) => {
    const scores = timesTransposed(block(inputs.q), block(inputs.k)); // [S, S]
    const p = softmaxRows(scores, 1 / Math.sqrt(place.width)); // [S, S]
    probabilities.push(p);
    putBlock(y, times(p, block(inputs.v)), place.row, place.column); // [S, D]
  });
  return { y, saved: { ...inputs, probabilities } };
}

/**
 * Returns the gradients of q, k and v. With P = softmax(s·q·kᵀ): dv = Pᵀ·dy, dP = dy·vᵀ, dS = P∘(dP − Σ_row P∘dP), dq =
 * s·dS·k, dk = s·dSᵀ·q.
 */
export function attentionBackward(
  dy: Matrix,
  { q, k, v, probabilities }: AttentionSaved,
  texts: TextRows,
  heads: number,
): Record<'q' | 'k' | 'v', Matrix> {
  const [dq, dk, dv] = [zeros(q.rows, q.columns), zeros(q.rows, q.columns), zeros(q.rows, q.columns)];
  forEachHead(q, texts, heads, (block, place) => {
    const p = probabilities[place.index] ?? zeros(0, 0); // [S, S]
    const dyBlock = block(dy); // [S, D]
    const dScores = softmaxBackward(timesTransposed(dyBlock, block(v)), p, 1 / Math.sqrt(place.width)); // [S, S]
    putBlock(dq, times(dScores, block(k)), place.row, place.column); // [S, D]
    putBlock(dk, transposedTimes(dScores, block(q)), place.row, place.column);
    putBlock(dv, transposedTimes(p, dyBlock), place.row, place.column);
  });
  return { q: dq, k: dk, v: dv };
}

interface HeadPlace {
  index: number;
  row: number;
  column: number;
  width: number;
}

/** Calls `work` for each text and head, with a function that copies that head's block [S, D] out of a matrix. */
function forEachHead(
  { columns }: Matrix,
  texts: TextRows,
  heads: number,
  work: (block: (x: Matrix) => Matrix, place: HeadPlace) => void,
): void {
  const width = columns / heads;
  texts.forEach(({ first, rows }, text) => {
    for (let head = 0; head < heads; head++) {
      const place = { index: text * heads + head, row: first, column: head * width, width };
      work((x) => blockOf(x, first, rows, place.column, width), place);
    }
  });
}

/** Returns softmax(scale·x) of each row. */
function softmaxRows({ rows, columns, values }: Matrix, scale: number): Matrix {
  const y = zeros(rows, columns);
  for (let row = 0; row < rows; row++) {
    const scores = values.subarray(row * columns, (row + 1) * columns);
    const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
    const powers = scores.map((score) => Math.exp(scale * (score - largest)));
    const sum = powers.reduce((total, power) => total + power, 0);
    y.values.set(
      powers.map((power) => power / sum),
      row * columns,
    );
  }
  return y;
}

/** Returns the gradient of x, given that of p = softmax(scale·x). */
function softmaxBackward(dp: Matrix, p: Matrix, scale: number): Matrix {
  const dx = zeros(p.rows, p.columns);
  for (let row = 0; row < p.rows; row++) {
    const begin = row * p.columns;
    let mean = 0;
    for (let i = 0; i < p.columns; i++) mean += (p.values[begin + i] ?? NaN) * (dp.values[begin + i] ?? NaN);
    for (let i = 0; i < p.columns; i++)
      dx.values[begin + i] = scale * (p.values[begin + i] ?? NaN) * ((dp.values[begin + i] ?? NaN) - mean);
  }
  return dx;
}
