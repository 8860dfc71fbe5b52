import { addScaled, dotOf, setScaled } from './vectors';

/** Kernels of workers/engine/losses/matryoshka. A call covers rows `begin` … `end − 1`. */

export function prefixForward(
  vectors: usize, unit: usize, norms: usize, rows: u32, width: u32, dimension: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const x = vectors + <usize>row * width * 4;
    const norm = max<f32>(sqrt<f32>(dotOf(x, x, dimension)), 1e-12);
    store<f32>(norms + <usize>row * 4, norm);
    setScaled(unit + <usize>row * dimension * 4, x, 1 / norm, dimension);
  }
}

export function prefixBackward(
  dUnit: usize, unit: usize, norms: usize, dVectors: usize, rows: u32, width: u32, dimension: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const at = <usize>row * dimension * 4;
    const into = dVectors + <usize>row * width * 4;
    const radial = dotOf(dUnit + at, unit + at, dimension);
    const norm = load<f32>(norms + <usize>row * 4);
    addScaled(into, dUnit + at, 1 / norm, dimension);
    addScaled(into, unit + at, -radial / norm, dimension);
  }
}

export function prefixNumbers(
  part: usize, numbers: usize, rows: u32, count: u32, weight: f32, first: u32, begin: u32, end: u32,
): void {
  const before: f32 = first == 1 ? 0 : load<f32>(numbers);
  store<f32>(numbers, before + weight * load<f32>(part));
  if (first == 1)
    for (let i: u32 = 1; i < count; i++) store<f32>(numbers + <usize>i * 4, load<f32>(part + <usize>i * 4));
}
