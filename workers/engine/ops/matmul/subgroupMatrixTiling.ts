import type { Layout } from '../../../../src/domain/kernelPlan';
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

/**
 * Returns the length of a block's rows in workgroup memory, in vec4<u32>. A block holds the share of an operand's tile
 * that one row or column of subgroups reads, `side` numbers wide.
 */
export function blockStride(side: number, depth: number, innerContiguous: boolean): number {
  return (innerContiguous ? depth : side) / packed + padding;
}

/** Returns the length of a row of a subgroup's finished sums in workgroup memory, in vec4<f32>. */
export function sumsStride({ subgroupColumns }: MatrixTiling): number {
  return subgroupColumns / 4 + padding;
}

/** Number of blocks in workgroup memory, and their length in vec4<u32>. */
export interface Blocks {
  count: number;
  length: number;
}

/**
 * Returns the blocks of a kernel: those of a, then those of b, and with `buffers` the same once more. After the last sum
 * each subgroup passes its sums through one of them.
 */
export function matrixBlocks(layout: Layout, tiling: MatrixTiling, fragment: MatrixFragment): Blocks {
  const { rows, columns, depth, subgroupRows, subgroupColumns, staging } = tiling;
  const ofSide = (side: number, inner: boolean): number => (inner ? side : depth) * blockStride(side, depth, inner);
  const sums = fragment.rows * sumsStride(tiling);
  const subgroups = tilingSubgroups(tiling);
  if (staging === 'storage') return { count: subgroups, length: sums };
  const operands = (staging === 'buffers' ? 2 : 1) * (rows / subgroupRows + columns / subgroupColumns);
  return {
    count: Math.max(operands, subgroups),
    length: Math.max(ofSide(subgroupRows, layout !== 'TN'), ofSide(subgroupColumns, layout === 'NT'), sums),
  };
}

/** Returns the bytes of workgroup memory that products of any layout need with the tiling. */
export function tilingBytes(tiling: MatrixTiling, fragment: MatrixFragment): number {
  const bytes = (['NN', 'NT', 'TN'] as const).map((layout) => {
    const { count, length } = matrixBlocks(layout, tiling, fragment);
    return 16 * count * length;
  });
  return Math.max(...bytes);
}

/**
 * Tilings by size, and the number of workgroups from which they keep a large GPU busy. The large one reaches 225 TFLOP/s
 * on an H200 (4096³), the small one 155; the product of 2,048 × 768 × 768 has 96 large tiles and is faster by small ones.
 */
export const matrixTilings: readonly { leastGroups: number; tiling: MatrixTiling }[] = [
  { leastGroups: 128, tiling: tilingOf(128, 64) },
  { leastGroups: 0, tiling: tilingOf(64, 32) },
];

function tilingOf(side: number, subgroupSide: number): MatrixTiling {
  const [rows, columns, subgroupRows, subgroupColumns] = [side, side, subgroupSide, subgroupSide];
  return { rows, columns, depth: 32, subgroupRows, subgroupColumns, staging: 'registers' };
}

/** Returns the tiling of a product that is summed in `parts`. */
export function matrixTiling(
  { rows, columns, parts }: { rows: number; columns: number; parts: number },
  { fragment, memoryBytes }: { fragment: MatrixFragment; memoryBytes: number },
): MatrixTiling {
  const found = matrixTilings.find(
    ({ leastGroups, tiling }) =>
      parts * Math.ceil(rows / tiling.rows) * Math.ceil(columns / tiling.columns) >= leastGroups &&
      tilingBytes(tiling, fragment) <= memoryBytes,
  );
  if (!found) throw new RangeError(`no tiling for ${memoryBytes} bytes of workgroup memory`);
  return found.tiling;
}
