import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import { kernel } from '../../kernel';

/** Number of vec4 columns per workgroup, and number of threads that share the parts of each column. */
const quads = 8;
const ways = 32;

/**
 * Second pass of column sums on GPUs: partials [parts, n, H] → n arrays [H], n ≤ 2. Each of 32 threads adds every 32nd
 * part of a column, then a fixed tree adds their sums, so the number of parts determines the order.
 */
export function addQuadPartials(
  engine: Engine,
  partials: DeviceArray,
  [first, second]: readonly DeviceArray[],
  params: { parts: number; width: number; accumulate: number },
): void {
  if (!first) return;
  const groups = Math.ceil((params.width * (second ? 2 : 1)) / 4 / quads);
  if (second) engine.commands.dispatch(addTwo, { partials, first, second }, params, groups);
  else engine.commands.dispatch(addOne, { partials, first }, params, groups);
}

const params = { parts: 'u32', width: 'u32', accumulate: 'u32' } as const;
const shared = {
  workgroup: [quads * ways, 1, 1],
  globals: `
var<workgroup> sums: array<vec4<f32>, ${quads * ways}>;
`,
} as const;

const body = (n: number): string => `
  let width = p.width / 4u;
  let column = group * ${quads}u + lane % ${quads}u;
  let source = min(column, ${n}u * width - 1u);
  var sum = vec4<f32>();
  var part = lane / ${quads}u;
  for (; part + ${3 * ways}u < p.parts; part += ${4 * ways}u) {
${[0, 1, 2, 3].map((i) => `    let x${i} = partials[(part + ${ways * i}u) * ${n}u * width + source];`).join('\n')}
    sum = (((sum + x0) + x1) + x2) + x3;
  }
  for (; part < p.parts; part += ${ways}u) { sum += partials[part * ${n}u * width + source]; }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane < ${4 * quads}u) {
    sum = ${tree([0, 1, 2, 3, 4, 5, 6, 7].map((i) => `sums[lane + ${4 * quads * i}u]`))};
  }
  workgroupBarrier();
  if (lane < ${4 * quads}u) { sums[lane] = sum; }
  workgroupBarrier();
  if (lane >= ${quads}u || column >= ${n}u * width) { return; }
  sum = ${tree([0, 1, 2, 3].map((i) => `sums[lane + ${quads * i}u]`))};`;

const held = (name: string, at: string): string =>
  `${name}[${at}] = select(vec4<f32>(), ${name}[${at}], p.accumulate == 1u) + sum;`;

const addOne = kernel({
  name: 'column sums, second pass',
  params,
  reads: { partials: 'vec4<f32>' },
  writes: { first: 'vec4<f32>' },
  ...shared,
  body: `${body(1)}
  ${held('first', 'column')}`,
});

const addTwo = kernel({
  name: 'layerNorm column sums, second pass',
  params,
  reads: { partials: 'vec4<f32>' },
  writes: { first: 'vec4<f32>', second: 'vec4<f32>' },
  ...shared,
  body: `${body(2)}
  if (column < width) { ${held('first', 'column')} }
  else { ${held('second', '(column - width)')} }`,
});

/** Returns an expression that adds neighbouring terms until one is left. */
function tree(terms: readonly string[]): string {
  const [only = ''] = terms;
  if (terms.length === 1) return only;
  return tree(
    Array.from({ length: terms.length / 2 }, (_, n) => `(${terms[2 * n] ?? ''} + ${terms[2 * n + 1] ?? ''})`),
  );
}
