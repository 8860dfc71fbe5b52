import type { Layout, MatmulTiling } from '../../../../src/domain/kernelPlan';
import { kernel, type KernelElement, type Kernel } from '../../kernel';
import { geluFunctions } from '../gelu/gelu';
import { philoxFunctions } from '../dropout/philox';
import { dropoutParams } from '../dropout/dropout';
import { epilogueCode, type Epilogue } from './epilogue';
import { matrixBody, matrixMemory } from './subgroupMatrix';

export interface TileVariant {
  layout: Layout;
  tiling: MatmulTiling;
  epilogue: Epilogue;
  /** Whether every operand's row length is a multiple of four, so that operands can be read as vec4. */
  aligned: boolean;
}

export type TileParam = 'rows' | 'columns' | 'depth' | 'quads' | 'alpha' | keyof typeof dropoutParams;
export type TileArray = 'a' | 'b' | 'y' | 'bias' | 'residual' | 'pre' | 'aSums';

const lines = (n: number, line: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => line(i)).join('\n');

/**
 * Builds the kernel of y = α·op(a)·op(b) and its epilogue. In every operand layout, a thread steps through the inner
 * dimension in quads: it loads the next four numbers of each of its rows and columns as vec4 and adds dot products.
 * Workgroups along z take `quads` quads each and write one partial y each. `rows`, `columns` and `depth` are those of
 * the whole product.
 */
export function tileKernel(variant: TileVariant): Kernel<TileParam, TileArray, TileArray> {
  const { layout, tiling, epilogue, aligned } = variant;
  const operand: KernelElement = aligned ? 'vec4<f32>' : 'f32';
  const result: KernelElement = storesQuads(variant) ? 'vec4<f32>' : 'f32';
  const reads: Partial<Record<TileArray, KernelElement>> = { a: operand, b: operand };
  if (epilogue.bias) reads.bias = result;
  if (epilogue.residual) reads.residual = result;
  if (epilogue.geluGradient) reads.pre = result;
  const writes: Partial<Record<TileArray, KernelElement>> = { y: result };
  if (epilogue.gelu) writes.pre = result;
  if (epilogue.aSums) writes.aSums = 'f32';
  const { threadRows, threadColumns, workgroup, sharedDepth, subgroups = false, matrixSide } = tiling;
  const sharing = matrixSide
    ? ` by matrices ${matrixSide}`
    : sharedDepth
      ? ` shared ${sharedDepth}`
      : subgroups
        ? ' by subgroups'
        : '';
  return kernel<TileParam, TileArray, TileArray>({
    name: `matmul ${layout} ${threadRows}x${threadColumns} of ${workgroup.join('x')}${sharing}`,
    params: { rows: 'u32', columns: 'u32', depth: 'u32', quads: 'u32', alpha: 'f32', ...dropoutParams },
    reads: reads as Record<TileArray, KernelElement>,
    writes: writes as Record<TileArray, KernelElement>,
    // Subgroup matrices need a workgroup size along x that is a multiple of the subgroup size.
    workgroup: matrixSide ? [workgroup[0] * workgroup[1], 1, 1] : [workgroup[0], workgroup[1], 1],
    subgroups,
    subgroupMatrix: matrixSide !== undefined,
    flops: ({ rows, columns, depth }) => 2 * rows * columns * depth,
    globals: [
      epilogue.gelu || epilogue.geluGradient ? geluFunctions(result === 'f32' ? 'f32' : 'vec4<f32>') : '',
      epilogue.dropout ? philoxFunctions : '',
      loadBlock('a', layout !== 'TN', 'rows', aligned),
      loadBlock('b', layout === 'NT', 'columns', aligned),
      matrixSide ? matrixMemory : sharedDepth ? sharedMemory(tiling) : '',
    ].join('\n'),
    body: matrixSide
      ? matrixBody(variant, matrixSide)
      : [(sharedDepth ? sharedBody : subgroups ? subgroupBody : registerBody)(variant), store(variant)].join('\n'),
  });
}

/** Whether a thread writes four columns at once. Without shared memory, a thread owns consecutive columns. */
function storesQuads({ aligned, tiling }: TileVariant): boolean {
  if (tiling.matrixSide) return aligned;
  return aligned && tiling.sharedDepth === 0 && tiling.threadColumns % 4 === 0;
}

/**
 * Returns a WGSL function that reads a 4 × 4 block of one operand: result[i] holds elements 4·quad .. 4·quad + 3 of the
 * inner dimension for outer index first + i. Reads past the end return 0 along the inner dimension and arbitrary finite
 * numbers along the outer one.
 */
function loadBlock(name: 'a' | 'b', innerContiguous: boolean, outer: 'rows' | 'columns', aligned: boolean): string {
  const head = `fn block_${name}(first: u32, quad: u32) -> mat4x4<f32> {`;
  if (!aligned) {
    const index = innerContiguous ? 'o * p.depth + k' : `k * p.${outer} + o`;
    return `
fn at_${name}(o: u32, k: u32) -> f32 {
  return select(0.0, ${name}[${index}], (o < p.${outer}) & (k < p.depth));
}
${head}
  let k = quad * 4u;
  return mat4x4<f32>(
${[0, 1, 2, 3].map((i) => `    ${[0, 1, 2, 3].map((r) => `at_${name}(first + ${i}u, k + ${r}u)`).join(', ')}`).join(',\n')});
}`;
  }
  if (innerContiguous)
    return `${head}
  let quads = p.depth / 4u;
  if (quad >= quads) { return mat4x4<f32>(); }
  let last = p.${outer} - 1u;
  return mat4x4<f32>(${[0, 1, 2, 3].map((i) => `${name}[min(first + ${i}u, last) * quads + quad]`).join(', ')});
}`;
  return `${head}
  let width = p.${outer} / 4u;
  if (quad * 4u >= p.depth) { return mat4x4<f32>(); }
  let at = quad * 4u * width + min(first / 4u, width - 1u);
  return transpose(mat4x4<f32>(${name}[at], ${name}[at + width], ${name}[at + 2u * width], ${name}[at + 3u * width]));
}`;
}

function registerBody({ tiling: { threadRows, threadColumns }, epilogue }: TileVariant): string {
  return `
  let row0 = gid.y * ${threadRows}u;
  let column0 = gid.x * ${threadColumns}u;
  if (row0 >= p.rows || column0 >= p.columns) { return; }
${sums(threadRows, threadColumns, epilogue)}
  let end = min((wid.z + 1u) * p.quads, (p.depth + 3u) / 4u);
  for (var quad = wid.z * p.quads; quad < end; quad++) {
${lines(threadRows / 4, (q) => `    let a${q} = block_a(row0 + ${4 * q}u, quad);`)}
${lines(threadColumns / 4, (q) => `    let b${q} = block_b(column0 + ${4 * q}u, quad);`)}
${multiply(
  threadRows,
  threadColumns,
  (i) => `a${Math.floor(i / 4)}[${i % 4}]`,
  (j) => `b${Math.floor(j / 4)}[${j % 4}]`,
)}
${epilogue.aSums ? `    if (column0 == 0u) {\n${lines(threadRows, (i) => `      s${i} += dot(a${Math.floor(i / 4)}[${i % 4}], vec4<f32>(1.0));`)}\n    }` : ''}
  }`;
}

/**
 * Returns the kernel body for subgroups. All threads of a workgroup own the same rows. Each thread of a subgroup reads
 * those rows for a different quad and shuffles them to the others when that quad's turn comes, so a subgroup reads `a`
 * only once. Sums have the same order as in the other variants, whatever the subgroup size.
 */
function subgroupBody({ tiling: { threadRows, threadColumns, workgroup }, epilogue }: TileVariant): string {
  return `
  let row0 = wid.y * ${threadRows}u;
  let column0 = gid.x * ${threadColumns}u;
${sums(threadRows, threadColumns, epilogue)}
  let lanes = min(subgroup_size, ${workgroup[0]}u);
  let end = min((wid.z + 1u) * p.quads, (p.depth + 3u) / 4u);
  for (var quad0 = wid.z * p.quads; quad0 < end; quad0 += lanes) {
${lines(threadRows / 4, (q) => `    let own${q} = block_a(row0 + ${4 * q}u, quad0 + subgroup_lane);`)}
    let count = min(lanes, end - quad0);
    for (var s = 0u; s < count; s++) {
${lines(threadRows, (i) => `      let a${i} = subgroupShuffle(own${Math.floor(i / 4)}[${i % 4}], s);`)}
${lines(threadColumns / 4, (q) => `      let b${q} = block_b(column0 + ${4 * q}u, quad0 + s);`)}
${multiply(
  threadRows,
  threadColumns,
  (i) => `a${i}`,
  (j) => `b${Math.floor(j / 4)}[${j % 4}]`,
)}
${epilogue.aSums ? `      if (column0 == 0u) {\n${lines(threadRows, (i) => `        s${i} += dot(a${i}, vec4<f32>(1.0));`)}\n      }` : ''}
    }
  }`;
}

function sharedMemory({ threadRows, threadColumns, workgroup: [x, y], sharedDepth }: MatmulTiling): string {
  const quads = sharedDepth / 4;
  return `
var<workgroup> tile_a: array<vec4<f32>, ${quads * threadRows * y}>;
var<workgroup> tile_b: array<vec4<f32>, ${quads * threadColumns * x}>;`;
}

function sharedBody({ layout, tiling, epilogue }: TileVariant): string {
  const { threadRows, threadColumns, workgroup, sharedDepth } = tiling;
  const [x, y] = workgroup;
  const quads = sharedDepth / 4;
  const fill = (name: 'a' | 'b', size: number, first: string, innerContiguous: boolean): string => `
    for (var i = lane; i < ${(size / 4) * quads}u; i += ${x * y}u) {
      let four = 4u * (${innerContiguous ? `i / ${quads}u` : `i % ${size / 4}u`});
      let k = ${innerContiguous ? `i % ${quads}u` : `i / ${size / 4}u`};
      var block = mat4x4<f32>();
      if (quad0 + k < end) { block = block_${name}(${first} + four, quad0 + k); }
${lines(4, (s) => `      tile_${name}[k * ${size}u + four + ${s}u] = block[${s}];`)}
    }`;
  return `
  let tileRow = wid.y * ${threadRows * y}u;
  let tileColumn = wid.x * ${threadColumns * x}u;
${sums(threadRows, threadColumns, epilogue)}
  let end = min((wid.z + 1u) * p.quads, (p.depth + 3u) / 4u);
  for (var quad0 = wid.z * p.quads; quad0 < end; quad0 += ${quads}u) {
${fill('a', threadRows * y, 'tileRow', layout !== 'TN')}
${fill('b', threadColumns * x, 'tileColumn', layout === 'NT')}
    workgroupBarrier();
    for (var k = 0u; k < ${quads}u; k++) {
${lines(threadRows, (i) => `      let a${i} = tile_a[k * ${threadRows * y}u + lid.y + ${i * y}u];`)}
${lines(threadColumns, (j) => `      let b${j} = tile_b[k * ${threadColumns * x}u + lid.x + ${j * x}u];`)}
${multiply(
  threadRows,
  threadColumns,
  (i) => `a${i}`,
  (j) => `b${j}`,
)}
${epilogue.aSums ? `      if (tileColumn + lid.x == 0u) {\n${lines(threadRows, (i) => `        s${i} += dot(a${i}, vec4<f32>(1.0));`)}\n      }` : ''}
    }
    workgroupBarrier();
  }`;
}

function sums(rows: number, columns: number, { aSums }: Epilogue): string {
  const declared = lines(rows, (i) => Array.from({ length: columns }, (_, j) => `var c${i}_${j} = 0.0;`).join(' '));
  return aSums ? `${declared}\n${lines(rows, (i) => `var s${i} = 0.0;`)}` : declared;
}

function multiply(rows: number, columns: number, a: (i: number) => string, b: (j: number) => string): string {
  return lines(columns, (j) =>
    Array.from({ length: rows }, (_, i) => `    c${i}_${j} += dot(${a(i)}, ${b(j)});`).join('\n'),
  );
}

function store(variant: TileVariant): string {
  const { tiling, epilogue } = variant;
  const { threadRows, threadColumns, workgroup, sharedDepth } = tiling;
  const quads = storesQuads(variant);
  const stride = quads ? 4 : 1;
  const row = (i: number): string => (sharedDepth ? `tileRow + lid.y + ${i * workgroup[1]}u` : `row0 + ${i}u`);
  const column = (j: number): string => (sharedDepth ? `tileColumn + lid.x + ${j * workgroup[0]}u` : `column0 + ${j}u`);
  const value = (i: number, j: number): string =>
    quads ? `vec4<f32>(${[0, 1, 2, 3].map((r) => `c${i}_${j + r}`).join(', ')})` : `c${i}_${j}`;
  const one = (i: number, j: number): string => `
    if (${column(j)} < p.columns) {
      let at = (${row(i)}) * width + (${column(j)}) / ${stride}u;
      var v = ${value(i, j)} * p.alpha;
${epilogueCode(epilogue, `(${column(j)}) / ${stride}u`, quads)}
    }`;
  return `
  let width = p.columns / ${stride}u;
  let part = wid.z * p.rows * width;
${lines(
  threadRows,
  (i) => `  if (${row(i)} < p.rows) {${lines(threadColumns / stride, (j) => one(i, j * stride))}
${epilogue.aSums ? `    if (${column(0)} == 0u) { aSums[wid.z * p.rows + ${row(i)}] = s${i}; }` : ''}
  }`,
)}`;
}
