import { kernel, type KernelElement, type Kernel } from '../../kernel';
import { geluFunctions } from '../gelu/gelu';
import { philoxFunctions } from '../dropout/philox';
import { dropoutParams } from '../dropout/dropout';
import { epilogueCode } from './epilogue';
import { registerBody, storeRegisterSums, subgroupBody } from './registerBody';
import { sharedBody, sharedMemory, storeSharedSums } from './sharedBody';
import { blockReader } from './tileBlocks';
import { lines } from './tileText';
import type { MatmulTileVariant } from './tileVariant';

export type TileParam = 'rows' | 'columns' | 'depth' | 'quads' | 'alpha' | keyof typeof dropoutParams;
export type TileArray = 'a' | 'b' | 'y' | 'bias' | 'residual' | 'pre' | 'aSums';

/**
 * Builds the kernel of y = α·op(a)·op(b) and its epilogue. Operands are read in blocks of 4 × 4 in every layout, and
 * the terms of each number are added in ascending order of the inner dimension, so all variants return the same bits.
 * Each workgroup along z takes `quads` quads of the inner dimension and writes one partial y. `rows`, `columns` and
 * `depth` are those of the whole product.
 */
export function tileKernel(variant: MatmulTileVariant): Kernel<TileParam, TileArray, TileArray> {
  const { layout, tiling, epilogue, aligned } = variant;
  const { workgroup, sharedDepth, subgroups = false } = tiling;
  const element: KernelElement = aligned ? 'vec4<f32>' : 'f32';
  const reads: Partial<Record<TileArray, KernelElement>> = { a: element, b: element };
  if (epilogue.bias) reads.bias = element;
  if (epilogue.residual) reads.residual = element;
  if (epilogue.geluGradient) reads.pre = element;
  const writes: Partial<Record<TileArray, KernelElement>> = { y: element };
  if (epilogue.gelu) writes.pre = element;
  if (epilogue.aSums) writes.aSums = 'f32';
  return kernel<TileParam, TileArray, TileArray>({
    name: tileName(variant),
    params: { rows: 'u32', columns: 'u32', depth: 'u32', quads: 'u32', alpha: 'f32', ...dropoutParams },
    reads: reads as Record<TileArray, KernelElement>,
    writes: writes as Record<TileArray, KernelElement>,
    workgroup: sharedDepth ? [workgroup[0] * workgroup[1], 1, 1] : [workgroup[0], workgroup[1], 1],
    subgroups,
    flops: ({ rows, columns, depth }) => 2 * rows * columns * depth,
    globals: [
      epilogue.gelu || epilogue.geluGradient ? geluFunctions(element) : '',
      epilogue.dropout ? philoxFunctions : '',
      blockReader('a', layout !== 'TN', 'rows', aligned),
      blockReader('b', layout === 'NT', 'columns', aligned),
      sharedDepth ? sharedMemory(variant) : '',
    ].join('\n'),
    body: [
      sharedDepth ? sharedBody(variant) : subgroups ? subgroupBody(variant) : registerBody(variant),
      store(variant),
      epilogue.aSums ? (sharedDepth ? storeSharedSums(variant) : storeRegisterSums(variant)) : '',
    ].join('\n'),
  });
}

function tileName({ layout, tiling }: MatmulTileVariant): string {
  const { threadRows, threadColumns, workgroup, sharedDepth, subgroups, prefetch } = tiling;
  const shared = `${sharedDepth ? ` shared ${sharedDepth}` : ''}${prefetch ? ' prefetched' : ''}`;
  const sharing = subgroups ? ' by subgroups' : shared;
  return `matmul ${layout} ${threadRows}x${threadColumns} of ${workgroup.join('x')}${sharing}`;
}

/** Applies the epilogue to a thread's sums and writes them, four columns at a time if rows are aligned. */
function store({ tiling, epilogue, aligned }: MatmulTileVariant): string {
  const { threadRows, threadColumns, workgroup, sharedDepth } = tiling;
  const width = aligned ? 4 : 1;
  const value = (i: number, q: number, r: number): string => {
    if (sharedDepth > 0) return aligned ? `c${i}_${q}` : `c${i}_${q}[${r}]`;
    const scalars = [0, 1, 2, 3].map((x) => `c${i}_${4 * q + x}`);
    return aligned ? `vec4<f32>(${scalars.join(', ')})` : (scalars[r] ?? '');
  };
  const one = (i: number, q: number, r: number): string => {
    const column = `tileColumn / ${width}u + (lineColumn + ${q * workgroup[0]}u) * ${4 / width}u${aligned ? '' : ` + ${r}u`}`;
    return `    {
      let column = ${column};
      if (column < width) {
      let at = row * width + column;
      var v = ${value(i, q, r)};
${epilogueCode(epilogue, 'column', aligned)}
      }
    }`;
  };
  const rowOf = (i: number): string => `tileRow + 4u * (lineRow + ${(i >> 2) * workgroup[1]}u) + ${i % 4}u`;
  return `
  let width = p.columns / ${width}u;
  let part = wid.z * p.rows * width;
${lines(
  threadRows,
  (i) => `  {
    let row = ${rowOf(i)};
    if (row < p.rows) {
${lines(threadColumns / 4, (q) => lines(4 / width, (r) => one(i, q, r)))}
    }
  }`,
)}`;
}
