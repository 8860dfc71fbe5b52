import type { EngineTraits } from './engine';
import { rowThreads } from './rowKernel';

/**
 * Widest row that a GPU workgroup holds in registers: eight vec4s per thread. Kernels read a wider row again on each
 * pass.
 */
const maxHeldWidth = 4 * 8 * rowThreads;

/** Whether kernels hold rows of this width in registers, as vec4s. */
export function holdsRows({ software }: EngineTraits, width: number): boolean {
  return !software && width % 4 === 0 && width <= maxHeldWidth;
}

/**
 * Returns WGSL with `statements` for each vec4 of a row that a thread holds: vec4 `me`, `me + 64`, …, where `me` is the
 * thread's number within the row. `n` counts the thread's vec4s, and `i` is a vec4's index in the row.
 */
export function eachQuad(width: number, statements: (n: number, i: string) => string): string {
  const quads = width / 4;
  return Array.from({ length: Math.ceil(quads / rowThreads) }, (_, n) => {
    const i = n === 0 ? 'me' : `(me + ${rowThreads * n}u)`;
    const each = statements(n, i);
    return rowThreads * (n + 1) <= quads ? `  { ${each} }` : `  if (${i} < ${quads}u) { ${each} }`;
  }).join('\n');
}

/** Returns declarations of zero vec4s, one for each that a thread holds: `name0`, `name1`, … */
export function heldQuads(width: number, ...names: readonly string[]): string {
  const count = Math.ceil(width / 4 / rowThreads);
  return Array.from({ length: count }, (_, n) => names.map((name) => `  var ${name}${n} = vec4<f32>();`).join('')).join(
    '\n',
  );
}

/**
 * Returns WGSL of `row_sums(x, me, rowOf)`: the sum of x over all threads of a row, returned to each of them. `rowOf`
 * is the row's number in the workgroup. Adds in a fixed tree of eight times eight.
 */
export function rowSums(rows: number): string {
  const tree = (of: (n: number) => string): string =>
    `((${of(0)} + ${of(1)}) + (${of(2)} + ${of(3)})) + ((${of(4)} + ${of(5)}) + (${of(6)} + ${of(7)}))`;
  return `
var<workgroup> row_numbers: array<vec2<f32>, ${rowThreads * rows}>;
var<workgroup> row_eights: array<vec2<f32>, ${8 * rows}>;
fn row_sums(x: vec2<f32>, me: u32, row: u32) -> vec2<f32> {
  row_numbers[row * ${rowThreads}u + me] = x;
  workgroupBarrier();
  let start = row * ${rowThreads}u + me;
  let eights = row * 8u;
  if (me < 8u) { row_eights[eights + me] = ${tree((n) => `row_numbers[start + ${8 * n}u]`)}; }
  workgroupBarrier();
  return ${tree((n) => `row_eights[eights + ${n}u]`)};
}
`;
}

/** Returns WGSL of `quad_at(i)`: the vec4 at index i of `array`. Numbers at index `length` and above are read as 0. */
export function guardedQuads(array: string, length: string): string {
  return `
fn quad_at(i: u32) -> vec4<f32> {
  let left = vec4<u32>(0u, 1u, 2u, 3u) + 4u * i < vec4<u32>(${length});
  return select(vec4<f32>(), ${array}[min(i, (${length} - 1u) / 4u)], left);
}
`;
}

/** WGSL of `quad_sum(x)`: the sum of a vec4's numbers, added in a fixed order. */
export const quadSum = `
fn quad_sum(x: vec4<f32>) -> f32 { return (x.x + x.y) + (x.z + x.w); }
`;
