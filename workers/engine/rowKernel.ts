import type { EngineTraits } from './engine';
import { kernel, type Kernel, type KernelSpec } from './kernel';

/** Workgroup size. On a GPU, the threads of a workgroup share one row. */
export const rowThreads = 64;

/**
 * Builds a kernel that works row by row. Its body gets `row`, visits numbers `me`, `me + step`, … of the row, and
 * reduces over the whole row with `row_sum(x, me)` and `row_max(x, me)`. `p.rows` is required. On a GPU, each row gets
 * a workgroup. On a software adapter, each row gets one thread, because barriers cost more there than they save. Either
 * way, the order of sums is fixed.
 */
export function rowKernel<Param extends string, Read extends string, Write extends string>(
  { software }: EngineTraits,
  spec: Omit<KernelSpec<Param | 'rows', Read, Write>, 'workgroup'>,
): Kernel<Param | 'rows', Read, Write> {
  const start = software
    ? `let row = gid.x + gid.y * nwg.x * ${rowThreads}u; let me = 0u; let step = 1u;`
    : 'let row = group; let me = lane; let step = 64u;';
  return kernel({
    ...spec,
    workgroup: [rowThreads, 1, 1],
    globals: `${software ? serialReductions : parallelReductions}${spec.globals ?? ''}`,
    body: `  ${start}\n  if (row >= p.rows) { return; }\n${spec.body}`,
  });
}

/** Returns the number of workgroups for `rows` rows. */
export function rowKernelGroups({ software }: EngineTraits, rows: number): number {
  return software ? Math.ceil(rows / rowThreads) : rows;
}

const serialReductions = `
fn row_sum(x: f32, me: u32) -> f32 { return x; }
fn row_max(x: f32, me: u32) -> f32 { return x; }
`;

const fold = (name: string, join: string): string => `
fn ${name}(x: f32, me: u32) -> f32 {
  row_parts[me] = x;
  workgroupBarrier();
  for (var half = ${rowThreads / 2}u; half > 0u; half >>= 1u) {
    if (me < half) { row_parts[me] = ${join}; }
    workgroupBarrier();
  }
  let all = row_parts[0];
  workgroupBarrier();
  return all;
}
`;
const rowSum = fold('row_sum', 'row_parts[me] + row_parts[me + half]');
const rowMax = fold('row_max', 'max(row_parts[me], row_parts[me + half])');
const parallelReductions = `
var<workgroup> row_parts: array<f32, ${rowThreads}>;
${rowSum}${rowMax}`;
