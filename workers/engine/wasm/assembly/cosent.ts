import { exp1 } from './exp';
import { dotOf, setScaled } from './vectors';

/** Kernels of workers/engine/losses/cosent, where the formulas are. A call covers pairs `begin` … `end − 1`. */

export function cosentCosines(
  first: usize, second: usize, cosines: usize, rows: u32, width: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const at = <usize>row * width * 4;
    store<f32>(cosines + <usize>row * 4, dotOf(first + at, second + at, width));
  }
}

export function cosentRows(
  cosines: usize, scores: usize, stats: usize, rows: u32, temperature: f32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const cosine = load<f32>(cosines + <usize>row * 4);
    const score = load<f32>(scores + <usize>row * 4);
    let best: f32 = -3e38;
    let compared: f32 = 0;
    let right: f32 = 0;
    for (let j: usize = 0; j < rows; j++) {
      if (!(load<f32>(scores + j * 4) > score)) continue;
      const difference = cosine - load<f32>(cosines + j * 4);
      best = max(best, difference / temperature);
      compared += 1;
      if (difference < 0) right += 1;
    }
    let terms: f32 = 0;
    for (let j: usize = 0; j < rows; j++)
      if (load<f32>(scores + j * 4) > score) terms += exp1((cosine - load<f32>(cosines + j * 4)) / temperature - best);
    const to = stats + <usize>row * 16;
    store<f32>(to, best);
    store<f32>(to, terms, 4);
    store<f32>(to, compared, 8);
    store<f32>(to, right, 12);
  }
}

export function cosentLoss(stats: usize, numbers: usize, rows: u32, pairs: u32, begin: u32, end: u32): void {
  let best: f32 = 0;
  for (let i: usize = 0; i < pairs; i++) best = max(best, load<f32>(stats + i * 16));
  let terms = Mathf.exp(-best);
  let compared: f32 = 0;
  let right: f32 = 0;
  for (let i: usize = 0; i < pairs; i++) {
    const from = stats + i * 16;
    terms += load<f32>(from, 4) * exp1(load<f32>(from) - best);
    compared += load<f32>(from, 8);
    right += load<f32>(from, 12);
  }
  store<f32>(numbers, best + Mathf.log(terms));
  store<f32>(numbers, compared > 0 ? right / compared : 1, 4);
}

export function cosentGradient(
  cosines: usize, scores: usize, numbers: usize, first: usize, second: usize, dFirst: usize, dSecond: usize,
  rows: u32, width: u32, temperature: f32, gradientScale: f32, begin: u32, end: u32,
): void {
  const loss = load<f32>(numbers);
  for (let row = begin; row < end; row++) {
    const cosine = load<f32>(cosines + <usize>row * 4);
    const score = load<f32>(scores + <usize>row * 4);
    let sum: f32 = 0;
    for (let j: usize = 0; j < rows; j++) {
      const term = (cosine - load<f32>(cosines + j * 4)) / temperature;
      const other = load<f32>(scores + j * 4);
      if (other > score) sum += exp1(term - loss);
      if (score > other) sum -= exp1(-term - loss);
    }
    const at = <usize>row * width * 4;
    const d = sum / temperature * gradientScale;
    setScaled(dFirst + at, second + at, d, width);
    setScaled(dSecond + at, first + at, d, width);
  }
}
