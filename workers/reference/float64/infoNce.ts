import { addScaledRow, times, timesTransposed, transposedTimes, zeros, type Matrix } from './matrix';

/**
 * Returns in-batch InfoNCE over cosines (van den Oord et al., arXiv 1807.03748, eq. 4), L = mean_i −log
 * softmax_j(cos(a_i, c_j)/τ)_i, and its gradients for the vectors [B, H]. With P the softmax over rows: dS = (P −
 * I)/(B·τ), da = dS·c, dc = dSᵀ·a.
 */
export function infoNce(
  anchors: Matrix,
  positives: Matrix,
  temperature: number,
): { loss: number; anchors: Matrix; positives: Matrix } {
  const [a, c] = [unitRows(anchors), unitRows(positives)];
  const scores = timesTransposed(a.unit, c.unit); // [B, B]
  const pairs = scores.rows;
  const dScores = zeros(pairs, pairs);
  let loss = 0;
  for (let row = 0; row < pairs; row++) {
    const logits = scores.values.subarray(row * pairs, (row + 1) * pairs).map((score) => score / temperature);
    const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    loss += (largest + Math.log(sum) - (logits[row] ?? NaN)) / pairs;
    logits.forEach((logit, column) => {
      const p = Math.exp(logit - largest) / sum;
      dScores.values[row * pairs + column] = (p - (row === column ? 1 : 0)) / (pairs * temperature);
    });
  }
  return {
    loss,
    anchors: unitRowsBackward(times(dScores, c.unit), a),
    positives: unitRowsBackward(transposedTimes(dScores, a.unit), c),
  };
}

interface UnitRows {
  unit: Matrix;
  norms: Float64Array;
}

/** Divides each row by its L2 norm. */
function unitRows(x: Matrix): UnitRows {
  const norms = new Float64Array(x.rows);
  const unit = zeros(x.rows, x.columns);
  for (let row = 0; row < x.rows; row++) {
    norms[row] = Math.sqrt(rowProduct(x, x, row));
    addScaledRow(unit, row, x, row, 1 / (norms[row] ?? NaN));
  }
  return { unit, norms };
}

/** Returns the gradient of x, given that of y = x/‖x‖ per row: dx = (dy − y·(y·dy))/‖x‖. */
function unitRowsBackward(dy: Matrix, { unit, norms }: UnitRows): Matrix {
  const dx = zeros(dy.rows, dy.columns);
  for (let row = 0; row < dy.rows; row++) {
    const norm = norms[row] ?? NaN;
    addScaledRow(dx, row, dy, row, 1 / norm);
    addScaledRow(dx, row, unit, row, -rowProduct(unit, dy, row) / norm);
  }
  return dx;
}

function rowProduct(a: Matrix, b: Matrix, row: number): number {
  let sum = 0;
  for (let i = row * a.columns; i < (row + 1) * a.columns; i++) sum += (a.values[i] ?? NaN) * (b.values[i] ?? NaN);
  return sum;
}
