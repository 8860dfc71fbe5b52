import type { MatmulTiling } from '../../../../src/domain/kernelPlan';

/** Joins `n` lines of WGSL. */
export function lines(n: number, line: (i: number) => string): string {
  return Array.from({ length: n }, (_, i) => line(i)).join('\n');
}

/** Declares the sums: c{i}_{q} holds columns 4q … 4q + 3 of the thread's row i. */
export function declareSums({ threadRows, threadColumns }: MatmulTiling): string {
  return lines(threadRows, (i) => lines(threadColumns / 4, (q) => `  var c${i}_${q} = vec4<f32>();`));
}

/** Declares the sums as scalars: c{i}_{j} holds column j of the thread's row i. */
export function declareScalarSums({ threadRows, threadColumns }: MatmulTiling): string {
  return lines(threadRows, (i) => lines(threadColumns, (j) => `  var c${i}_${j} = 0.0;`));
}

/**
 * Adds the terms of one inner element to a thread's sums. `a(q)` names its numbers in rows 4q … 4q + 3, `b(q)` those in
 * columns 4q … 4q + 3. Calls fma because a compiler may contract a·b + c in one kernel and not in another.
 */
export function addTerms(
  { threadRows, threadColumns }: MatmulTiling,
  a: (q: number) => string,
  b: (q: number) => string,
): string {
  const sum = (i: number, q: number): string => `fma(vec4<f32>(${a(i >> 2)}[${i % 4}]), ${b(q)}, c${i}_${q})`;
  return lines(threadRows, (i) => lines(threadColumns / 4, (q) => `      c${i}_${q} = ${sum(i, q)};`));
}

/**
 * Adds the terms of several inner elements, in ascending order, to scalar sums. `a(q)` and `b(q)` list the numbers of
 * each inner element. Software adapters keep sums in memory, so each sum is assigned once, without intermediate
 * vectors.
 */
export function addScalarTerms(
  { threadRows, threadColumns }: MatmulTiling,
  a: (q: number) => readonly string[],
  b: (q: number) => readonly string[],
): string {
  const sum = (i: number, j: number): string =>
    a(i >> 2).reduce((before, rows, k) => `fma(${rows}[${i % 4}], ${b(j >> 2)[k]}[${j % 4}], ${before})`, `c${i}_${j}`);
  return lines(threadColumns, (j) => lines(threadRows, (i) => `      c${i}_${j} = ${sum(i, j)};`));
}

/** Declares `chunkStart` and `chunkEnd`: the quads of the inner dimension in this workgroup's chunk. */
export const chunkOfWorkgroup = `
  let chunkStart = wid.z * p.quads;
  let chunkEnd = min(chunkStart + p.quads, (p.depth + 3u) / 4u);`;
