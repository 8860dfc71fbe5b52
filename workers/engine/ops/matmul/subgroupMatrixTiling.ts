import type { MatrixFragment } from '../../../../src/domain/matrixFragment';

/**
 * Tile of a product on matrix units. Each workgroup computes `rows` × `columns` outputs and steps through `depth`
 * elements of the inner dimension at a time; each of its subgroups computes `subgroupRows` × `subgroupColumns` of them.
 * The tile does not affect the numbers: only the fragment decides the order of a sum.
 */
export interface MatrixTiling {
  rows: number;
  columns: number;
  depth: 32 | 64;
  subgroupRows: number;
  subgroupColumns: number;
  /**
   * Where operands come from. `registers`: the next tile is loaded into registers during the sums of this one. `buffers`:
   * the same, with two tiles in workgroup memory, which saves a barrier. `storage`: fragments are loaded straight from
   * storage, without workgroup memory; needs sides that are multiples of the fragment's.
   */
  staging: 'none' | 'registers' | 'buffers' | 'storage';
}

/** Returns the number of subgroups in a workgroup. */
export function tilingSubgroups({ rows, columns, subgroupRows, subgroupColumns }: MatrixTiling): number {
  return (rows / subgroupRows) * (columns / subgroupColumns);
}

/** Numbers in half precision that a vec4<u32> holds: operands move in units of 16 bytes. */
export const packed = 8;

/** Padding of every row in workgroup memory, in vec4<u32>, so that the rows of a fragment lie in different banks. */
const padding = 1;

/** Returns the length of a row of an operand's tile in workgroup memory, in vec4<u32>. */
export function tileStride(side: number, depth: number, innerContiguous: boolean): number {
  return (innerContiguous ? depth : side) / packed + padding;
}

/** Returns the length of an operand's tile in workgroup memory, in vec4<u32>. */
export function tileLength(side: number, depth: number, innerContiguous: boolean): number {
  return (innerContiguous ? side : depth) * tileStride(side, depth, innerContiguous);
}

/** Returns the length of a row of a subgroup's finished sums in workgroup memory, in vec4<f32>. */
export function sumsStride({ subgroupColumns }: MatrixTiling): number {
  return subgroupColumns / 4 + padding;
}

/** Returns the length of the finished sums of all subgroups, one row of fragments each, in vec4<f32>. */
export function sumsLength(tiling: MatrixTiling, { rows }: MatrixFragment): number {
  return tilingSubgroups(tiling) * rows * sumsStride(tiling);
}

/**
 * Returns the tile of a product: large ones read operands less often, small ones keep more cores busy.
 */
export function matrixTiling({ rows, columns }: { rows: number; columns: number }, _: MatrixFragment): MatrixTiling {
  const tiles = (r: number, c: number): number => Math.ceil(rows / r) * Math.ceil(columns / c);
  if (tiles(128, 128) >= 256)
    return { rows: 128, columns: 128, depth: 32, subgroupRows: 64, subgroupColumns: 64, staging: 'registers' };
  if (tiles(128, 64) >= 192)
    return { rows: 128, columns: 64, depth: 32, subgroupRows: 64, subgroupColumns: 32, staging: 'registers' };
  return { rows: 64, columns: 64, depth: 32, subgroupRows: 32, subgroupColumns: 32, staging: 'registers' };
}
