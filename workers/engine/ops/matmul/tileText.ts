import type { MatmulTiling } from '../../../../src/domain/kernelPlan';

/** Joins `n` lines of WGSL. */
export function lines(n: number, line: (i: number) => string): string {
  return Array.from({ length: n }, (_, i) => line(i)).join('\n');
}

/** Declares the sums: c{i}_{q} holds columns 4q … 4q + 3 of the thread's row i. */
export function declareSums({ threadRows, threadColumns }: MatmulTiling): string {
  return lines(threadRows, (i) => lines(threadColumns / 4, (q) => `  var c${i}_${q} = vec4<f32>();`));
}

/**
 * Adds the terms of one inner element to the sums of a thread. `a(q)` names its numbers in rows 4q … 4q + 3, `b(q)`
 * those in columns 4q … 4q + 3. Calls fma because a compiler may contract a·b + c in one kernel and not in another.
 */
export function addTerms(
  { threadRows, threadColumns }: MatmulTiling,
  a: (q: number) => string,
  b: (q: number) => string,
): string {
  return lines(threadRows, (i) =>
    lines(threadColumns / 4, (q) => `      c${i}_${q} = fma(vec4<f32>(${a(i >> 2)}[${i % 4}]), ${b(q)}, c${i}_${q});`),
  );
}

/** Declares `chunkStart` and `chunkEnd`: the quads of the inner dimension in this workgroup's chunk. */
export const chunkOfWorkgroup = `
  let chunkStart = wid.z * p.quads;
  let chunkEnd = min(chunkStart + p.quads, (p.depth + 3u) / 4u);`;
