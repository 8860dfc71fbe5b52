import { addScaled } from './vectors';

/**
 * Kernels of workers/engine/ops/embedding. A call covers rows of the batch (lookup) or groups of rows (gradient)
 * `begin` … `end − 1`.
 */

export function embeddingLookup(
  words: usize, positions: usize, types: usize, rowInfo: usize, z: usize,
  rows: u32, width: u32, firstRow: u32, pieceRows: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let row = begin; row < end; row++) {
    const info = rowInfo + <usize>row * 16;
    const id = load<u32>(info, 12);
    if (id < firstRow || id - firstRow >= pieceRows) continue;
    const to = z + <usize>row * bytes;
    memory.copy(to, words + <usize>(id - firstRow) * bytes, bytes);
    addScaled(to, types, 1, width);
    addScaled(to, positions + <usize>(row - load<u32>(info)) * bytes, 1, width);
  }
}

export function embeddingGradient(
  dz: usize, segments: usize, order: usize, table: usize,
  count: u32, width: u32, firstRow: u32, pieceRows: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let index = begin; index < end; index++) {
    const segment = segments + <usize>index * 16;
    const id = load<u32>(segment);
    if (id < firstRow || id - firstRow >= pieceRows) continue;
    const to = table + <usize>(id - firstRow) * bytes;
    const last = load<u32>(segment, 8);
    for (let k = load<u32>(segment, 4); k < last; k++)
      addScaled(to, dz + <usize>load<u32>(order + <usize>k * 4) * bytes, 1, width);
  }
}
