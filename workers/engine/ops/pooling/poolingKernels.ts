import { kernel } from '../../kernel';
import { memo } from '../../memo';
import { eachQuad, heldQuads, quadSum, rowSums } from '../../quadRows';
import { rowThreads } from '../../rowKernel';

/** Number of vec4 columns per workgroup, and number of threads that share the tokens of a text. */
export const meanQuads = 16;
const ways = 16;

const params = { rows: 'u32', width: 'u32', firstText: 'u32', pick: 'u32', normalize: 'u32' } as const;

/**
 * Writes the mean of each text's picked tokens: hidden [T, H] → unit [B, H]. Each of 16 threads adds every 16th token,
 * then a fixed tree adds their sums, so the number of tokens determines the order.
 */
export const means = kernel({
  name: 'pooling means',
  params,
  reads: { hidden: 'vec4<f32>', offsets: 'u32' },
  writes: { unit: 'vec4<f32>' },
  workgroup: [meanQuads * ways, 1, 1],
  globals: `
var<workgroup> sums: array<vec4<f32>, ${meanQuads * ways}>;
`,
  body: `
  let width = p.width / 4u;
  let row = wid.y;
  let column = wid.x * ${meanQuads}u + lane % ${meanQuads}u;
  let source = min(column, width - 1u);
  var begin = offsets[p.firstText + row];
  var end = offsets[p.firstText + row + 1u];
  if (p.pick == 1u) { end = begin + 1u; }
  if (p.pick == 2u) { begin = end - 1u; }
  var sum = vec4<f32>();
  var t = begin + lane / ${meanQuads}u;
  for (; t + ${3 * ways}u < end; t += ${4 * ways}u) {
${[0, 1, 2, 3].map((i) => `    let x${i} = hidden[(t + ${ways * i}u) * width + source];`).join('\n')}
    sum = (((sum + x0) + x1) + x2) + x3;
  }
  for (; t < end; t += ${ways}u) { sum += hidden[t * width + source]; }
  sums[lane] = sum;
  workgroupBarrier();
${[8, 4, 2, 1]
  .map(
    (half) => `  if (lane < ${half * meanQuads}u) { sums[lane] += sums[lane + ${half * meanQuads}u]; }
  workgroupBarrier();`,
  )
  .join('\n')}
  if (lane < ${meanQuads}u && column < width) { unit[row * width + column] = sums[lane] / f32(end - begin); }`,
});

/** Writes the norm of each row, and divides the row by it if `normalize`. */
export const heldNormalize = memo((width: number) =>
  kernel({
    name: 'pooling normalization',
    params,
    reads: {},
    writes: { unit: 'vec4<f32>', norms: 'f32' },
    workgroup: [rowThreads, 1, 1],
    globals: rowSums(1) + quadSum,
    body: `
  if (group >= p.rows) { return; }
  let me = lane;
  let at = group * ${width / 4}u;
${heldQuads(width, 'x')}
${eachQuad(width, (n, i) => `x${n} = unit[at + ${i}];`)}
  var squares = vec4<f32>();
${eachQuad(width, (n) => `squares = fma(x${n}, x${n}, squares);`)}
  let norm = max(sqrt(row_sums(vec2<f32>(quad_sum(squares), 0.0), me, 0u).x), 1e-12);
  if (me == 0u) { norms[group] = norm; }
  if (p.normalize == 1u) {
${eachQuad(width, (n, i) => `unit[at + ${i}] = x${n} / norm;`)}
  }`,
  }),
);
