import { addScaled, dotOf, setScaled } from './vectors';

/** Kernel of workers/engine/ops/normalize, where the formula is. A call covers rows `begin` … `end − 1`. */

export function normalizeBackward(
  dUnit: usize, unit: usize, norms: usize, dx: usize, rows: u32, width: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const at = <usize>row * width * 4;
    const radial = dotOf(dUnit + at, unit + at, width);
    const norm = load<f32>(norms + <usize>row * 4);
    setScaled(dx + at, dUnit + at, 1 / norm, width);
    addScaled(dx + at, unit + at, -radial / norm, width);
  }
}
