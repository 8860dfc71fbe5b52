import { kernel, type KernelElement, type Kernel } from '../../kernel';
import { dropoutParams } from '../dropout/dropout';
import { philoxFunctions } from '../dropout/philox';
import { geluFunctions } from '../gelu/gelu';
import { epilogueCode, type Epilogue } from './epilogue';
import { operandTile, type OperandTile } from './subgroupMatrixOperands';
import { blockStride, matrixBlocks, packed, sumsStride, tilingSubgroups } from './subgroupMatrixTiling';
import type { MatrixVariant } from './subgroupMatrixVariant';

type MatrixParam = 'rows' | 'columns' | 'depth' | 'chunk' | 'alpha' | keyof typeof dropoutParams;
export type MatrixArray = 'a' | 'b' | 'y' | 'bias' | 'residual' | 'pre' | 'aSums';

/**
 * Builds the kernel of y = α·op(a)·op(b) and its epilogue on matrix units (Chromium's experimental subgroup matrices),
 * with half-precision operands and float32 sums. Each workgroup along z takes `chunk` elements of the inner dimension
 * and writes one partial y. The row lengths of a and b must be multiples of 8, and that of y a multiple of 4.
 */
export function matrixKernel(variant: MatrixVariant): Kernel<MatrixParam, MatrixArray, MatrixArray> {
  const { layout, fragment, tiling, subgroupSize, epilogue } = variant;
  const blocks = matrixBlocks(layout, tiling, fragment);
  const quad: KernelElement = 'vec4<f32>';
  const reads: Partial<Record<MatrixArray, KernelElement>> = { a: 'vec4<u32>', b: 'vec4<u32>' };
  if (epilogue.bias) reads.bias = quad;
  if (epilogue.residual) reads.residual = quad;
  if (epilogue.geluGradient) reads.pre = quad;
  const writes: Partial<Record<MatrixArray, KernelElement>> = { y: quad };
  if (epilogue.gelu) writes.pre = quad;
  if (epilogue.aSums) writes.aSums = 'f32';
  return kernel<MatrixParam, MatrixArray, MatrixArray>({
    name: `matmul ${layout} by matrices ${matrixName(variant)}`,
    params: { rows: 'u32', columns: 'u32', depth: 'u32', chunk: 'u32', alpha: 'f32', ...dropoutParams },
    reads: reads as Record<MatrixArray, KernelElement>,
    writes: writes as Record<MatrixArray, KernelElement>,
    // Subgroup matrices need a workgroup size along x that is a multiple of the subgroup size.
    workgroup: [tilingSubgroups(tiling) * subgroupSize, 1, 1],
    subgroupMatrix: true,
    flops: ({ rows, columns, depth }) => 2 * rows * columns * depth,
    globals: [
      epilogue.gelu || epilogue.geluGradient ? geluFunctions(quad) : '',
      epilogue.dropout ? philoxFunctions : '',
      // Each block is an array of its own, because loads at constant places of a block need no bounds check.
      `var<workgroup> blocks: array<array<vec4<u32>, ${blocks.length}>, ${blocks.count}>;`,
      finish(epilogue),
    ].join('\n'),
    body: body(variant),
  });
}

function matrixName({ fragment, tiling }: MatrixVariant): string {
  const { rows, columns, depth, subgroupRows, subgroupColumns } = tiling;
  const shape = `${fragment.rows}x${fragment.columns}x${fragment.depth}`;
  return `${shape}, ${rows}x${columns}x${depth} of ${subgroupRows}x${subgroupColumns}`;
}

/** Returns a WGSL function that applies the epilogue to four sums and writes them. */
function finish(epilogue: Epilogue): string {
  return `
fn finish(sums: vec4<f32>, row: u32, column: u32, part: u32) {
  let width = p.columns / 4u;
  if (row >= p.rows || column >= width) { return; }
  let at = row * width + column;
  var v = sums;
${epilogueCode(epilogue, 'column', true)}
}`;
}

function body(variant: MatrixVariant): string {
  const { tiling, fragment, subgroupSize, epilogue } = variant;
  const { rows, columns, subgroupRows, subgroupColumns } = tiling;
  const across = columns / subgroupColumns;
  const sums = grid(
    variant,
    (i, j) => `  var c${i}_${j} = subgroup_matrix_result<f32, ${fragment.columns}, ${fragment.rows}>();`,
  );
  return `
  let tileRow = wid.y * ${rows}u;
  let tileColumn = wid.x * ${columns}u;
  let subgroup = lane / ${subgroupSize}u;
  let rowBlock = subgroup / ${across}u;
  let columnBlock = subgroup % ${across}u;
  let firstRow = rowBlock * ${subgroupRows}u;
  let firstColumn = columnBlock * ${subgroupColumns}u;
${sums}
${epilogue.aSums ? '  var s = vec2<f32>();' : ''}
  let begin = wid.z * p.chunk;
  let end = min(begin + p.chunk, p.depth);
${sumsOfTiles(variant)}
${store(variant)}`;
}

/** Calls `line` for each fragment of a subgroup's outputs. */
function grid({ tiling, fragment }: MatrixVariant, line: (i: number, j: number) => string): string {
  const rows = tiling.subgroupRows / fragment.rows;
  const columns = tiling.subgroupColumns / fragment.columns;
  return Array.from({ length: rows * columns }, (_, at) => line(Math.floor(at / columns), at % columns)).join('\n');
}

function multiply(variant: MatrixVariant): string {
  return grid(variant, (i, j) => `      c${i}_${j} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, c${i}_${j});`);
}

/**
 * Loads tile after tile of the operands into workgroup memory and multiplies their fragments. The next tile is loaded
 * into registers while the current one is summed.
 */
function sumsOfTiles(variant: MatrixVariant): string {
  const { depth } = variant.tiling;
  const operands = [operandTile(variant, 'a'), operandTile(variant, 'b')];
  const all = (text: (operand: OperandTile) => string): string => operands.map(text).join('\n');
  const steps = Array.from({ length: depth / variant.fragment.depth }, (_, step) => step * variant.fragment.depth).map(
    (k) => `    {\n${all(({ fragments }) => fragments(k))}\n${multiply(variant)}\n    }`,
  );
  return `
${all(({ places }) => places)}
${all(({ load }) => load('begin'))}
  for (var k0 = begin; k0 < end; k0 += ${depth}u) {
${all(({ keep }) => keep)}
    workgroupBarrier();
${all(({ load }) => load(`k0 + ${depth}u`))}
${steps.join('\n')}
${variant.epilogue.aSums ? aSums(variant) : ''}
    workgroupBarrier();
  }`;
}

/** Returns WGSL that sums a's columns in the order of k, two per thread. In TN, a row of a's tile holds one k. */
function aSums({ tiling }: MatrixVariant): string {
  const { rows, subgroupRows, depth } = tiling;
  const stride = blockStride(subgroupRows, depth, false);
  const pairs = subgroupRows / 2;
  return `
    if (wid.x == 0u && lane < ${rows / 2}u) {
      for (var k = 0u; k < ${depth}u; k++) {
        let pair = blocks[lane / ${pairs}u][k * ${stride}u + lane % ${pairs}u / ${packed / 2}u][lane % ${packed / 2}u];
        s += vec2<f32>(bitcast<vec2<f16>>(pair));
      }
    }`;
}

/**
 * Returns WGSL that writes the sums. They pass through workgroup memory, one row of fragments at a time, because the
 * device decides which thread holds which element of a fragment.
 */
function store(variant: MatrixVariant): string {
  const { tiling, fragment, subgroupSize, epilogue, direct } = variant;
  const { rows, columns, subgroupRows, subgroupColumns } = tiling;
  const stride = sumsStride(tiling);
  const width = subgroupColumns / 4;
  const across = Array.from({ length: subgroupColumns / fragment.columns }, (_, j) => j);
  const row = (i: number): string => `
${across.map((j) => `    subgroupMatrixStore<row_major>(&blocks[subgroup], ${(j * fragment.columns) / 4}u, c${i}_${j}, ${stride}u);`).join('\n')}
    workgroupBarrier();
    for (var q = lane % ${subgroupSize}u; q < ${fragment.rows * width}u; q += ${subgroupSize}u) {
      let sums = bitcast<vec4<f32>>(blocks[subgroup][q / ${width}u * ${stride}u + q % ${width}u]);
      finish(sums, tileRow + firstRow + ${i * fragment.rows}u + q / ${width}u, (tileColumn + firstColumn) / 4u + q % ${width}u, part);
    }
    workgroupBarrier();`;
  const staged = Array.from({ length: subgroupRows / fragment.rows }, (_, i) => row(i)).join('\n');
  const whole = `
  if (tileRow + ${rows}u <= p.rows && tileColumn + ${columns}u <= p.columns) {
    let first = part + ((tileRow + firstRow) * p.columns + tileColumn + firstColumn) / 4u;
${grid(variant, (i, j) => `    subgroupMatrixStore<row_major>(&y, first + (${i * fragment.rows}u * p.columns + ${j * fragment.columns}u) / 4u, c${i}_${j}, p.columns / 4u);`)}
  } else {`;
  return `
  let part = wid.z * p.rows * (p.columns / 4u);
${direct ? whole : '  {'}
${staged}
  }
${epilogue.aSums ? writeSums(rows) : ''}`;
}

function writeSums(rows: number): string {
  return `
  let sumsAt = tileRow + 2u * lane;
  if (wid.x == 0u && lane < ${rows / 2}u && sumsAt < p.rows) {
    aSums[wid.z * p.rows + sumsAt] = s.x;
    aSums[wid.z * p.rows + sumsAt + 1u] = s.y;
  }`;
}
