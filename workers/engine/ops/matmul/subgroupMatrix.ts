import type { Layout, MatmulTiling } from '../../../../src/domain/kernelPlan';
import type { Epilogue } from './epilogue';
import { epilogueCode } from './epilogue';

/**
 * Products on matrix units (Chromium's experimental subgroup matrices), with half-precision operands and float32 sums.
 * Four subgroups of 32 threads compute a tile of 64 × 64, 16 rows each. The device chooses the order of the sum within
 * a fragment, but the order is always the same.
 */
const matrixTile = 64;
/** Inner elements of the operands in workgroup memory at a time. */
const depth = 32;
const subgroupThreads = 32;
const threads = 128;
/** Rows per subgroup, and columns written at a time. */
const strip = 16;

/** Possible sides of a fragment: 8 on Apple GPUs, 16 on others. */
export const matrixSides = [8, 16] as const;
export type MatrixSide = (typeof matrixSides)[number];

export function matrixTiling(side: MatrixSide): MatmulTiling {
  return { threadRows: 8, threadColumns: 4, workgroup: [16, 8], sharedDepth: depth, matrixSide: side };
}

/** Workgroup memory: the operands' tiles, [outer, inner] in row-major order, and the sums of one strip of columns. */
export const matrixMemory = `
var<workgroup> matrix_a: array<f16, ${matrixTile * depth}>;
var<workgroup> matrix_b: array<f16, ${matrixTile * depth}>;
var<workgroup> matrix_sums: array<f32, ${matrixTile * strip}>;`;

type Variant = { layout: Layout; epilogue: Epilogue; aligned: boolean };

export function matrixBody({ layout, epilogue, aligned }: Variant, side: MatrixSide): string {
  const [rowParts, columnParts] = [strip / side, matrixTile / side];
  const sums = grid(
    rowParts,
    columnParts,
    (i, j) => `var c${i}_${j} = subgroup_matrix_result<f32, ${side}, ${side}>();`,
  );
  const left = `subgroupMatrixLoad<subgroup_matrix_left<f16, ${side}, ${side}>>`;
  const right = `subgroupMatrixLoad<subgroup_matrix_right<f16, ${side}, ${side}>>`;
  return `
  let tileRow = wid.y * ${matrixTile}u;
  let tileColumn = wid.x * ${matrixTile}u;
  let firstRow = lane / ${subgroupThreads}u * ${strip}u;
${sums}
  var s = 0.0;
  let end = min((wid.z + 1u) * p.quads, (p.depth + 3u) / 4u);
  for (var quad0 = wid.z * p.quads; quad0 < end; quad0 += ${depth / 4}u) {
${fill('a', 'tileRow', layout !== 'TN')}
${fill('b', 'tileColumn', layout === 'NT')}
    workgroupBarrier();
    for (var k = 0u; k < ${depth}u; k += ${side}u) {
${grid(rowParts, 1, (i) => `let a${i} = ${left}(&matrix_a, (firstRow + ${i * side}u) * ${depth}u + k, false, ${depth}u);`)}
${grid(columnParts, 1, (j) => `let b${j} = ${right}(&matrix_b, ${j * side * depth}u + k, true, ${depth}u);`)}
${grid(rowParts, columnParts, (i, j) => `c${i}_${j} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, c${i}_${j});`)}
    }
${epilogue.aSums ? `    if (lane < ${matrixTile}u) { for (var k = 0u; k < ${depth}u; k++) { s += f32(matrix_a[lane * ${depth}u + k]); } }` : ''}
    workgroupBarrier();
  }
${store(epilogue, aligned, side)}`;
}

function grid(rows: number, columns: number, line: (i: number, j: number) => string): string {
  return Array.from(
    { length: rows * columns },
    (_, at) => `      ${line(Math.floor(at / columns), at % columns)}`,
  ).join('\n');
}

/**
 * Returns WGSL that fills an operand's tile. Each thread loads one 4 × 4 block; neighbouring threads load neighbouring
 * blocks.
 */
function fill(name: 'a' | 'b', first: string, innerContiguous: boolean): string {
  const [quads, fours] = [depth / 4, matrixTile / 4];
  const four = innerContiguous ? `lane / ${quads}u` : `lane % ${fours}u`;
  const quad = innerContiguous ? `lane % ${quads}u` : `lane / ${fours}u`;
  return `    {
      let four = 4u * (${four});
      let k = ${quad};
      var block = mat4x4<f32>();
      if (quad0 + k < end) { block = block_${name}(${first} + four, quad0 + k); }
      for (var i = 0u; i < 16u; i++) { matrix_${name}[(four + i / 4u) * ${depth}u + 4u * k + i % 4u] = f16(block[i / 4u][i % 4u]); }
    }`;
}

/**
 * Returns WGSL that writes the sums in strips of 16 columns, through workgroup memory because the layout of a fragment
 * depends on the device.
 */
function store(epilogue: Epilogue, aligned: boolean, side: MatrixSide): string {
  const stride = aligned ? 4 : 1;
  const [rowParts, columnParts] = [strip / side, strip / side];
  const value = aligned
    ? `vec4<f32>(${[0, 1, 2, 3].map((i) => `matrix_sums[4u * q + ${i}u]`).join(', ')})`
    : 'matrix_sums[q]';
  const strips = Array.from(
    { length: matrixTile / strip },
    (_, block) => `
${grid(rowParts, columnParts, (i, j) => `subgroupMatrixStore(&matrix_sums, (firstRow + ${i * side}u) * ${strip}u + ${j * side}u, c${i}_${block * columnParts + j}, false, ${strip}u);`)}
  workgroupBarrier();
  for (var q = lane; q < ${(matrixTile * strip) / stride}u; q += ${threads}u) {
    let row = tileRow + q / ${strip / stride}u;
    let column = tileColumn / ${stride}u + ${(block * strip) / stride}u + q % ${strip / stride}u;
    if (row < p.rows && column < width) {
      let at = row * width + column;
      var v = ${value} * p.alpha;
${epilogueCode(epilogue, 'column', aligned)}
    }
  }
  workgroupBarrier();`,
  );
  return `
  let width = p.columns / ${stride}u;
  let part = wid.z * p.rows * width;
${strips.join('\n')}
${epilogue.aSums ? '  if (tileColumn == 0u && lane < 64u && tileRow + lane < p.rows) { aSums[wid.z * p.rows + tileRow + lane] = s; }' : ''}`;
}
