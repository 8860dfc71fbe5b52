import { addScaled } from './vectors';

/**
 * Kernels of workers/engine/ops/columnSums. A call covers parts (first pass) or columns (second pass) `begin` … `end −
 * 1`.
 */

/** Computes partials[part] = Σ dy over the `rowsInPart` rows of each part. */
export function columnPartials(
  dy: usize, partials: usize, rows: u32, width: u32, parts: u32, rowsInPart: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let part = begin; part < end; part++) {
    const to = partials + <usize>part * bytes;
    memory.fill(to, 0, bytes);
    const last = min((part + 1) * rowsInPart, rows);
    for (let row = part * rowsInPart; row < last; row++) addScaled(to, dy + <usize>row * bytes, 1, width);
  }
}

/** Computes, for each part, Σ dy and after it Σ dy·(z − mean)/σ. */
export function normPartials(
  dy: usize, z: usize, stats: usize, partials: usize, rows: u32, width: u32, parts: u32, rowsInPart: u32, begin: u32,
  end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let part = begin; part < end; part++) {
    const to = partials + <usize>part * 2 * bytes;
    memory.fill(to, 0, 2 * bytes);
    const last = min((part + 1) * rowsInPart, rows);
    for (let row = part * rowsInPart; row < last; row++) {
      const from = <usize>row * bytes;
      const mean = load<f32>(stats + <usize>row * 8);
      const scale = load<f32>(stats + <usize>row * 8, 4);
      addScaled(to, dy + from, 1, width);
      for (let i: usize = 0; i < bytes; i += 4) {
        const unit = (load<f32>(z + from + i) - mean) * scale;
        const at = to + bytes + i;
        store<f32>(at, load<f32>(at) + load<f32>(dy + from + i) * unit);
      }
    }
  }
}

/** Sums the parts of one array, for columns `begin` … `end − 1`. */
export function addPartials(
  partials: usize, to: usize, parts: u32, width: u32, accumulate: u32, begin: u32, end: u32,
): void {
  addStrided(partials, to, parts, <usize>width * 4, accumulate, begin, end);
}

/** Sums the parts of two arrays, whose partials are adjacent within each part. */
export function addTwoPartials(
  partials: usize, first: usize, second: usize, parts: u32, width: u32, accumulate: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  addStrided(partials, first, parts, 2 * bytes, accumulate, begin, end);
  addStrided(partials + bytes, second, parts, 2 * bytes, accumulate, begin, end);
}

function addStrided(from: usize, to: usize, parts: u32, stride: usize, accumulate: u32, begin: u32, end: u32): void {
  const at = <usize>begin * 4;
  if (!accumulate) memory.fill(to + at, 0, <usize>(end - begin) * 4);
  for (let part: usize = 0; part < parts; part++) addScaled(to + at, from + part * stride + at, 1, end - begin);
}
