import { exp1 } from './exp';
import { columnIgnores, hardening, planeAt, rowIgnores, scoreLimit } from './lossMasks';

/**
 * Kernels of workers/engine/losses/softmaxKernels; the formulas are in infoNce.ts. A call covers rows or columns
 * `begin` … `end − 1`. `stats` has the planes of `statPlanes`.
 */

export function infoNceRows(
  cosines: usize, guide: usize, bits: usize, stats: usize,
  rows: u32, columns: u32, firstRow: u32, firstColumn: u32, pairs: u32, temperature: f32, terms: u32, joint: u32,
  words: u32,
  perAnchor: u32, contrast: u32, hardened: u32, hardness: f32, scoreMask: u32, margin: f32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const at = cosines + <usize>row * columns * 4;
    const guideAt = guide + <usize>row * columns * 4;
    const i = firstRow + row;
    const limit = scoreLimit(load<f32>(guideAt + <usize>i * 4), scoreMask, margin);
    let largest: f32 = -Infinity, best: f32 = -Infinity;
    let others: f32 = 0, counted: f32 = 0;
    for (let j: u32 = 0; j < columns; j++) {
      const guideScore = load<f32>(guideAt + <usize>j * 4);
      if (rowIgnores(bits, words, i, j, guideScore, limit, scoreMask, contrast, pairs, perAnchor)) continue;
      const s = load<f32>(at + <usize>j * 4);
      largest = max(largest, s * hardening(i, j, hardened, hardness, pairs, perAnchor));
      best = max(best, s);
      if (j != i) {
        others += s;
        counted += 1;
      }
    }
    let weights: f32 = 0;
    for (let j: u32 = 0; j < columns; j++) {
      const guideScore = load<f32>(guideAt + <usize>j * 4);
      if (rowIgnores(bits, words, i, j, guideScore, limit, scoreMask, contrast, pairs, perAnchor)) continue;
      const s = load<f32>(at + <usize>j * 4) * hardening(i, j, hardened, hardness, pairs, perAnchor);
      weights += exp1((s - largest) / temperature);
    }
    store<f32>(planeAt(stats, 0, pairs, i), largest / temperature + Mathf.log(weights));
    store<f32>(planeAt(stats, 4, pairs, i), limit);
    store<f32>(planeAt(stats, 5, pairs, i), load<f32>(at + <usize>i * 4));
    store<f32>(planeAt(stats, 6, pairs, i), best);
    store<f32>(planeAt(stats, 7, pairs, i), others);
    store<f32>(planeAt(stats, 8, pairs, i), counted);
  }
}

export function infoNceColumns(
  cosines: usize, guide: usize, bits: usize, stats: usize,
  rows: u32, columns: u32, firstRow: u32, firstColumn: u32, pairs: u32, temperature: f32, terms: u32, joint: u32,
  words: u32,
  perAnchor: u32, contrast: u32, hardened: u32, hardness: f32, scoreMask: u32, margin: f32, begin: u32, end: u32,
): void {
  const stride = <usize>columns * 4;
  for (let column = begin; column < end; column++) {
    const j = firstColumn + column;
    if (j >= pairs) return;
    const from = cosines + <usize>column * 4;
    const guideFrom = guide + <usize>column * 4;
    const limit = load<f32>(planeAt(stats, 4, pairs, j));
    let best: f32 = -Infinity;
    for (let i: u32 = 0; i < rows; i++)
      if (!columnIgnores(bits, words, i, j, load<f32>(guideFrom + <usize>i * stride), limit, scoreMask))
        best = max(best, load<f32>(from + <usize>i * stride));
    let weights: f32 = 0;
    for (let i: u32 = 0; i < rows; i++)
      if (!columnIgnores(bits, words, i, j, load<f32>(guideFrom + <usize>i * stride), limit, scoreMask))
        weights += exp1((load<f32>(from + <usize>i * stride) - best) / temperature);
    store<f32>(planeAt(stats, 2, pairs, j), best / temperature + Mathf.log(weights));
  }
}

export function infoNceJoint(
  stats: usize, pairs: u32, temperature: f32, terms: u32, joint: u32, words: u32,
  perAnchor: u32, contrast: u32, hardened: u32, hardness: f32, scoreMask: u32, margin: f32, begin: u32, end: u32,
): void {
  for (let i = begin; i < end; i++) {
    const first = load<f32>(planeAt(stats, 0, pairs, i));
    let highest = first;
    for (let term: u32 = 1; term < 4; term++)
      if (((terms >> term) & 1) == 1) highest = max(highest, load<f32>(planeAt(stats, term, pairs, i)));
    let sum = exp1(first - highest);
    for (let term: u32 = 1; term < 4; term++)
      if (((terms >> term) & 1) == 1) sum += exp1(load<f32>(planeAt(stats, term, pairs, i)) - highest);
    const all = highest + Mathf.log(sum);
    for (let term: u32 = 0; term < 4; term++) store<f32>(planeAt(stats, term, pairs, i), all);
  }
}

export function infoNceNumbers(
  stats: usize, numbers: usize, rows: u32, pairs: u32, temperature: f32, terms: u32, joint: u32, words: u32,
  perAnchor: u32, contrast: u32, hardened: u32, hardness: f32, scoreMask: u32, margin: f32, begin: u32, end: u32,
): void {
  let loss: f32 = 0, hits: f32 = 0, right: f32 = 0, others: f32 = 0, counted: f32 = 0;
  for (let i: u32 = 0; i < pairs; i++) {
    const own = load<f32>(planeAt(stats, 5, pairs, i));
    let term = load<f32>(planeAt(stats, 0, pairs, i)) - own / temperature;
    if (joint == 0 && (terms & 4) != 0)
      term = 0.5 * (term + load<f32>(planeAt(stats, 2, pairs, i)) - own / temperature);
    loss += term;
    if (own >= load<f32>(planeAt(stats, 6, pairs, i))) hits += 1;
    right += own;
    others += load<f32>(planeAt(stats, 7, pairs, i));
    counted += load<f32>(planeAt(stats, 8, pairs, i));
  }
  const n = <f32>pairs;
  store<f32>(numbers, loss / n);
  store<f32>(numbers, hits / n, 4);
  store<f32>(numbers, right / n, 8);
  store<f32>(numbers, others / max<f32>(1, counted), 12);
}

export function infoNceGradient(
  cosines: usize, guide: usize, bits: usize, stats: usize, dCosines: usize,
  rows: u32, columns: u32, firstRow: u32, firstColumn: u32, pairs: u32, temperature: f32, terms: u32, joint: u32,
  words: u32,
  perAnchor: u32, contrast: u32, hardened: u32, hardness: f32, scoreMask: u32, margin: f32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const i = firstRow + row;
    const lse = load<f32>(planeAt(stats, 0, pairs, i));
    const limit = load<f32>(planeAt(stats, 4, pairs, i));
    for (let column: u32 = 0; column < columns; column++) {
      const j = firstColumn + column;
      const at = (<usize>row * columns + column) * 4;
      const right: f32 = i == j ? 1 : 0;
      const s = load<f32>(cosines + at), guideScore = load<f32>(guide + at);
      let d = -right;
      if (!rowIgnores(bits, words, i, j, guideScore, limit, scoreMask, contrast, pairs, perAnchor))
        d = exp1(s * hardening(i, j, hardened, hardness, pairs, perAnchor) / temperature - lse) - right;
      if ((terms & 4) != 0) {
        if (joint == 0) d *= 0.5;
        const columnLimit = j < pairs ? load<f32>(planeAt(stats, 4, pairs, j)) : 0;
        if (j < pairs && !columnIgnores(bits, words, i, j, guideScore, columnLimit, scoreMask)) {
          const back = exp1(s / temperature - load<f32>(planeAt(stats, 2, pairs, j)));
          d += joint == 1 ? back : 0.5 * (back - right);
        }
      }
      store<f32>(dCosines + at, d / (<f32>pairs * temperature));
    }
  }
}
