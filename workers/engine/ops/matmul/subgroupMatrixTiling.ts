import type { Layout } from '../../../../src/domain/kernelPlan';
import type { MatrixFragment } from '../../../../src/domain/matrixFragment';

/**
 * Tile of a product on matrix units. Each workgroup computes `rows` × `columns` outputs and advances through the inner
 * dimension `depth` elements at a time; each of its subgroups computes `subgroupRows` × `subgroupColumns` outputs. The
 * tile does not affect the numbers: only the fragment decides the order of a sum.
 */
export interface MatrixTiling {
  rows: number;
  columns: number;
  depth: 32 | 64;
  subgroupRows: number;
  subgroupColumns: number;
}

/** Returns the number of subgroups in a workgroup. */
export function tilingSubgroups({ rows, columns, subgroupRows, subgroupColumns }: MatrixTiling): number {
  return (rows / subgroupRows) * (columns / subgroupColumns);
}

/** Half-precision numbers per vec4<u32>. Operands are moved in units of 16 bytes. */
export const packed = 8;

/** Padding of every row in workgroup memory, in vec4<u32>, so that the rows of a fragment are in different banks. */
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
interface Blocks {
  count: number;
  length: number;
}

/**
 * Returns the blocks of a kernel: those of a, then those of b. After the last sum, each subgroup passes its results
 * through one of the blocks.
 */
export function matrixBlocks(layout: Layout, tiling: MatrixTiling, fragment: MatrixFragment): Blocks {
  const { rows, columns, depth, subgroupRows, subgroupColumns } = tiling;
  const ofSide = (side: number, inner: boolean): number => (inner ? side : depth) * blockStride(side, depth, inner);
  const sums = fragment.rows * sumsStride(tiling);
  return {
    count: Math.max(rows / subgroupRows + columns / subgroupColumns, tilingSubgroups(tiling)),
    length: Math.max(ofSide(subgroupRows, layout !== 'TN'), ofSide(subgroupColumns, layout === 'NT'), sums),
  };
}

/** Returns the bytes of workgroup memory that the tiling needs for products of any layout. */
export function tilingBytes(tiling: MatrixTiling, fragment: MatrixFragment): number {
  const bytes = (['NN', 'NT', 'TN'] as const).map((layout) => {
    const { count, length } = matrixBlocks(layout, tiling, fragment);
    return 16 * count * length;
  });
  return Math.max(...bytes);
}

/**
 * Tilings by size, each with the minimum number of workgroups that keeps a large GPU busy. For 4096³, the large one
 * reaches 225 TFLOP/s on an H200 and the small one 155. 2,048 × 768 × 768 has only 96 large tiles; small ones are
 * faster there.
 */
export const matrixTilings: readonly { leastGroups: number; tiling: MatrixTiling }[] = [
  { leastGroups: 128, tiling: tilingOf(128, 64) },
  { leastGroups: 0, tiling: tilingOf(64, 32) },
];

function tilingOf(side: number, subgroupSide: number): MatrixTiling {
  const [rows, columns, subgroupRows, subgroupColumns] = [side, side, subgroupSide, subgroupSide];
  return { rows, columns, depth: 32, subgroupRows, subgroupColumns };
}

/** Returns the tiling of a product that is summed in `parts` parts. */
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
