import { isNotFinite } from './isNotFinite';
import { sumOf } from './vectors';

/** Kernel of workers/engine/optimizer/clipping, where the formula is. It is not split: one thread runs all of it. */

export function clipping(
  parts: usize, numbers: usize, rows: u32, count: u32, clipNorm: f32, at: u32, begin: u32, end: u32,
): void {
  const norm = sqrt<f32>(sumOf(parts, count));
  const to = numbers + <usize>at * 4;
  const loss = load<f32>(numbers);
  store<f32>(to, isNotFinite(loss) ? loss : norm);
  store<f32>(to, clipNorm > 0 ? min<f32>(1, clipNorm / (norm + 1e-6)) : 1, 4);
}
