import { kernel } from '../../kernel';
import { memo } from '../../memo';
import { eachQuad, heldQuads, quadSum, rowSums } from '../../quadRows';
import { rowThreads } from '../../rowKernel';

/**
 * LayerNorm for GPUs: 64 threads hold a row in registers, as vec4s, so that each number is read only once. The formulas
 * are in layerNorm.ts.
 */
export const heldForward = memo((width: number) =>
  kernel({
    name: 'layerNorm forward',
    params: { rows: 'u32', width: 'u32', epsilon: 'f32' },
    reads: { z: 'vec4<f32>', gamma: 'vec4<f32>', beta: 'vec4<f32>' },
    writes: { y: 'vec4<f32>', stats: 'vec2<f32>' },
    workgroup: [rowThreads, 1, 1],
    globals: rowSums(1) + quadSum,
    body: `
  if (group >= p.rows) { return; }
  let me = lane;
  let at = group * ${width / 4}u;
${heldQuads(width, 'x')}
${eachQuad(width, (n, i) => `x${n} = z[at + ${i}];`)}
  var sums = vec4<f32>();
${eachQuad(width, (n) => `sums += x${n};`)}
  let mean = row_sums(vec2<f32>(quad_sum(sums), 0.0), me, 0u).x / ${width}.0;
  var squares = vec4<f32>();
${eachQuad(width, (n) => `x${n} -= mean; squares = fma(x${n}, x${n}, squares);`)}
  let scale = 1.0 / sqrt(row_sums(vec2<f32>(quad_sum(squares), 0.0), me, 0u).x / ${width}.0 + p.epsilon);
${eachQuad(width, (n, i) => `y[at + ${i}] = fma(x${n} * scale, gamma[${i}], beta[${i}]);`)}
  if (me == 0u) { stats[group] = vec2<f32>(mean, scale); }`,
  }),
);

/** Rows per block. A workgroup computes dz of these rows and the sums of their columns. */
export const rowsInBlock = 16;
/** Rows of a block that a workgroup computes at once. */
const rowsAtOnce = 4;

const backward = {
  params: { rows: 'u32', width: 'u32' },
  reads: { dy: 'vec4<f32>', z: 'vec4<f32>', stats: 'vec2<f32>', gamma: 'vec4<f32>' },
  workgroup: [rowThreads * rowsAtOnce, 1, 1],
} as const;

/** Computes dz only, for a LayerNorm that is not trained. */
export const heldBackward = memo((width: number) =>
  kernel({
    name: 'layerNorm backward',
    ...backward,
    writes: { dz: 'vec4<f32>' },
    globals: rowSums(rowsAtOnce) + quadSum,
    body: backwardBody(width, false),
  }),
);

/**
 * Computes dz, and sums each block's dy and dy·x̂ over its rows: partials [blocks, 2, H]. Each of four groups of
 * threads adds every fourth row of the block. Then the groups' sums are added as (first + second) + (third + fourth),
 * so the shape alone determines the order of additions.
 */
export const heldBackwardSums = memo((width: number) =>
  kernel({
    name: 'layerNorm backward with column sums',
    ...backward,
    writes: { dz: 'vec4<f32>', partials: 'vec4<f32>' },
    globals: `${rowSums(rowsAtOnce)}${quadSum}
var<workgroup> columns: array<vec4<f32>, ${2 * (rowsAtOnce - 1) * rowThreads}>;
`,
    body: backwardBody(width, true) + addGroups(width),
  }),
);

function backwardBody(width: number, sums: boolean): string {
  return `
  if (group * ${rowsInBlock}u >= p.rows) { return; }
  let me = lane % ${rowThreads}u;
  let own = lane / ${rowThreads}u;
${heldQuads(width, 'c', ...(sums ? ['first', 'second'] : []))}
${eachQuad(width, (n, i) => `c${n} = gamma[${i}];`)}
  for (var round = 0u; round < ${rowsInBlock / rowsAtOnce}u; round++) {
  let row = group * ${rowsInBlock}u + round * ${rowsAtOnce}u + own;
  let exists = row < p.rows;
  let at = row * ${width / 4}u;
  var numbers = vec2<f32>();
${heldQuads(width, 'd', 'x')}
  if (exists) {
  numbers = stats[row];
${eachQuad(width, (n, i) => `d${n} = dy[at + ${i}]; x${n} = z[at + ${i}];`)}
  }
  let scale = numbers.y;
  var sum = vec4<f32>();
  var along = vec4<f32>();
${eachQuad(width, (n) => `x${n} = (x${n} - numbers.x) * scale; let g = d${n} * c${n}; sum += g; along = fma(g, x${n}, along);`)}
  let means = row_sums(vec2<f32>(quad_sum(sum), quad_sum(along)), me, own) / ${width}.0;
  if (exists) {
${eachQuad(
  width,
  (n, i) =>
    `dz[at + ${i}] = scale * fma(x${n}, vec4<f32>(-means.y), d${n} * c${n} - means.x);` +
    (sums ? ` first${n} += d${n}; second${n} = fma(d${n}, x${n}, second${n});` : ''),
)}
  }
  }`;
}

/** Adds the four groups' sums of a block and writes them. */
function addGroups(width: number): string {
  const quads = width / 4;
  const other = (of: number, which: number): string => `columns[${(2 * (of - 1) + which) * rowThreads}u + me]`;
  return Array.from({ length: Math.ceil(quads / rowThreads) }, (_, n) => {
    const i = `(me + ${rowThreads * n}u)`;
    const store = (which: number, name: string): string =>
      `partials[(2u * group + ${which}u) * ${quads}u + ${i}] = (${name}${n} + ${other(1, which)}) + (${other(2, which)} + ${other(3, which)});`;
    return `
  if (own > 0u) {
    columns[(2u * own - 2u) * ${rowThreads}u + me] = first${n};
    columns[(2u * own - 1u) * ${rowThreads}u + me] = second${n};
  }
  workgroupBarrier();
  if (own == 0u && ${i} < ${quads}u) {
    ${store(0, 'first')}
    ${store(1, 'second')}
  }
  workgroupBarrier();`;
  }).join('');
}
