import { exp1 } from './exp';

/**
 * Kernels of workers/engine/losses/infoNceKernels; the formulas are in infoNce.ts. A call covers rows or columns
 * `begin` … `end − 1`.
 */

/** Whether pair (i, j) is left out. If `words` is 0, no pair is left out and `bits` is not read. */
// @ts-ignore: decorator
@inline
function leftOut(bits: usize, words: u32, i: u32, j: u32): bool {
  if (words == 0) return false;
  return ((load<u32>(bits + <usize>(i * words + j / 32) * 4) >> (j % 32)) & 1) == 1;
}

export function infoNceRows(
  cosines: usize, bits: usize, rowStats: usize,
  rows: u32, columns: u32, firstRow: u32, firstColumn: u32, pairs: u32, temperature: f32, both: u32, words: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const at = cosines + <usize>row * columns * 4;
    const i = firstRow + row;
    let best: f32 = -Infinity;
    let others: f32 = 0;
    for (let j: u32 = 0; j < columns; j++) {
      if (leftOut(bits, words, i, j)) continue;
      const s = load<f32>(at + <usize>j * 4);
      best = max(best, s);
      if (j != i) others += s;
    }
    let weights: f32 = 0;
    for (let j: u32 = 0; j < columns; j++)
      if (!leftOut(bits, words, i, j)) weights += exp1((load<f32>(at + <usize>j * 4) - best) / temperature);
    const stats = rowStats + <usize>i * 16;
    store<f32>(stats, best / temperature + Mathf.log(weights));
    store<f32>(stats, load<f32>(at + <usize>i * 4), 4);
    store<f32>(stats, best, 8);
    store<f32>(stats, others, 12);
  }
}

export function infoNceColumns(
  cosines: usize, bits: usize, columnLse: usize,
  rows: u32, columns: u32, firstRow: u32, firstColumn: u32, pairs: u32, temperature: f32, both: u32, words: u32, begin: u32, end: u32,
): void {
  const stride = <usize>columns * 4;
  for (let column = begin; column < end; column++) {
    const j = firstColumn + column;
    if (j >= pairs) return;
    const from = cosines + <usize>column * 4;
    let best: f32 = -Infinity;
    for (let i: u32 = 0; i < rows; i++)
      if (!leftOut(bits, words, i, j)) best = max(best, load<f32>(from + <usize>i * stride));
    let weights: f32 = 0;
    for (let i: u32 = 0; i < rows; i++)
      if (!leftOut(bits, words, i, j)) weights += exp1((load<f32>(from + <usize>i * stride) - best) / temperature);
    store<f32>(columnLse + <usize>j * 4, best / temperature + Mathf.log(weights));
  }
}

export function infoNceNumbers(
  rowStats: usize, columnLse: usize, bits: usize, numbers: usize,
  rows: u32, columns: u32, pairs: u32, temperature: f32, both: u32, words: u32, begin: u32, end: u32,
): void {
  let loss: f32 = 0, hits: f32 = 0, right: f32 = 0, others: f32 = 0;
  let gone: u32 = 0;
  for (let i: u32 = 0; i < pairs; i++) {
    const stats = rowStats + <usize>i * 16;
    const own = load<f32>(stats, 4);
    let term = load<f32>(stats) - own / temperature;
    if (both) term = 0.5 * (term + load<f32>(columnLse + <usize>i * 4) - own / temperature);
    loss += term;
    if (own >= load<f32>(stats, 8)) hits += 1;
    right += own;
    others += load<f32>(stats, 12);
    for (let w: u32 = 0; w < words; w++) gone += popcnt<u32>(load<u32>(bits + <usize>(i * words + w) * 4));
  }
  const n = <f32>pairs;
  store<f32>(numbers, loss / n);
  store<f32>(numbers, hits / n, 4);
  store<f32>(numbers, right / n, 8);
  store<f32>(numbers, others / max<f32>(1, n * <f32>(columns - 1) - <f32>gone), 12);
}

export function infoNceGradient(
  cosines: usize, bits: usize, rowStats: usize, columnLse: usize, dCosines: usize,
  rows: u32, columns: u32, firstRow: u32, firstColumn: u32, pairs: u32, temperature: f32, both: u32, words: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const i = firstRow + row;
    const lse = load<f32>(rowStats + <usize>i * 16);
    for (let column: u32 = 0; column < columns; column++) {
      const j = firstColumn + column;
      const at = (<usize>row * columns + column) * 4;
      if (leftOut(bits, words, i, j)) {
        store<f32>(dCosines + at, 0);
        continue;
      }
      const right: f32 = i == j ? 1 : 0;
      const score = load<f32>(cosines + at) / temperature;
      let d = exp1(score - lse) - right;
      if (both) {
        d *= 0.5;
        if (j < pairs) d += 0.5 * (exp1(score - load<f32>(columnLse + <usize>j * 4)) - right);
      }
      store<f32>(dCosines + at, d / (<f32>pairs * temperature));
    }
  }
}
