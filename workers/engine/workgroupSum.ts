/**
 * Returns WGSL of `workgroup_sum(x, lane)`: the sum of x over all threads of a workgroup, returned to each of them.
 * Adds in a fixed tree, eight terms at a time. `threads` must be a power of two, at least eight.
 */
export function workgroupSum(threads: number): string {
  const levels: string[] = [];
  let left = threads;
  while (left > 1) {
    const ways = Math.min(8, left);
    left /= ways;
    const numbers = Array.from({ length: ways }, (_, n) => `sum_parts[lane + ${n * left}u]`);
    levels.push(`
  if (lane < ${left}u) { all = ${pairs(numbers)}; }
  workgroupBarrier();
  if (lane < ${left}u) { sum_parts[lane] = all; }
  workgroupBarrier();`);
  }
  return `
var<workgroup> sum_parts: array<f32, ${threads}>;
fn workgroup_sum(x: f32, lane: u32) -> f32 {
  sum_parts[lane] = x;
  var all = 0.0;
  workgroupBarrier();${levels.join('')}
  return sum_parts[0];
}
`;
}

/** Returns an expression that adds neighbouring terms pairwise until one is left. */
function pairs(terms: readonly string[]): string {
  const [only = '0.0'] = terms;
  if (terms.length === 1) return only;
  const next = Array.from(
    { length: terms.length / 2 },
    (_, n) => `(${terms[2 * n] ?? ''} + ${terms[2 * n + 1] ?? ''})`,
  );
  return pairs(next);
}
