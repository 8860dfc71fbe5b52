import type { MatmulTileVariant } from './tileVariant';
import { addScalarTerms, chunkOfWorkgroup, declareScalarSums, lines } from './tileText';

const four = [0, 1, 2, 3];

/** Returns the kernel body without workgroup memory: every thread reads its own operands. */
export function registerBody(variant: MatmulTileVariant): string {
  const { tiling } = variant;
  const { threadRows, threadColumns } = tiling;
  return `
${start(variant)}
  if (4u * fourRow >= p.rows || 4u * fourColumn >= p.columns) { return; }
  for (var quad = chunkStart; quad < chunkEnd; quad++) {
${lines(threadRows / 4, (q) => `    let a${q} = read_a(${rowQuad(variant, q)}, quad);`)}
${lines(threadColumns / 4, (q) => `    let b${q} = read_b(${columnQuad(variant, q)}, quad);`)}
${addScalarTerms(
  tiling,
  (q) => four.map((r) => `a${q}[${r}]`),
  (q) => four.map((r) => `b${q}[${r}]`),
)}
${sums(variant, (q, r) => `a${q}[${r}]`)}
  }`;
}

/**
 * Returns the kernel body for subgroups. All threads of a workgroup own the same rows. Each thread of a subgroup reads
 * those rows for a different quad, and broadcasts them to the others when that quad's turn comes, so a subgroup reads
 * `a` only once.
 */
export function subgroupBody(variant: MatmulTileVariant): string {
  const { tiling } = variant;
  const { threadRows, threadColumns, workgroup } = tiling;
  return `
${start(variant)}
  let lanes = min(subgroup_size, ${workgroup[0]}u);
  for (var quad0 = chunkStart; quad0 < chunkEnd; quad0 += lanes) {
${lines(threadRows / 4, (q) => `    let own${q} = read_a(${rowQuad(variant, q)}, quad0 + subgroup_lane);`)}
    let count = min(lanes, chunkEnd - quad0);
    for (var s = 0u; s < count; s++) {
${lines(threadColumns / 4, (q) => `      let b${q} = read_b(${columnQuad(variant, q)}, quad0 + s);`)}
${four.map((r) => lines(threadRows / 4, (q) => `      let a${q}_${r} = subgroupShuffle(own${q}[${r}], s);`)).join('\n')}
${addScalarTerms(
  tiling,
  (q) => four.map((r) => `a${q}_${r}`),
  (q) => four.map((r) => `b${q}[${r}]`),
)}
${sums(variant, (q, r) => `a${q}_${r}`)}
    }
  }`;
}

function start({ tiling, epilogue }: MatmulTileVariant): string {
  const { threadRows, threadColumns, workgroup } = tiling;
  return `
  let tileRow = wid.y * ${threadRows * workgroup[1]}u;
  let tileColumn = wid.x * ${threadColumns * workgroup[0]}u;
  let lineRow = lid.y;
  let lineColumn = lid.x;
  let fourRow = tileRow / 4u + lid.y;
  let fourColumn = tileColumn / 4u + lid.x;
${declareScalarSums(tiling)}
${epilogue.aSums ? lines(threadRows / 4, (q) => `  var s${q} = vec4<f32>();`) : ''}
${chunkOfWorkgroup}`;
}

function rowQuad({ tiling: { workgroup } }: MatmulTileVariant, q: number): string {
  return `4u * (fourRow + ${q * workgroup[1]}u)`;
}

function columnQuad({ tiling: { workgroup } }: MatmulTileVariant, q: number): string {
  return `4u * (fourColumn + ${q * workgroup[0]}u)`;
}

/** Returns WGSL that adds to the column sums, in the first column of threads. */
function sums({ tiling, epilogue }: MatmulTileVariant, a: (q: number, r: number) => string): string {
  if (!epilogue.aSums) return '';
  const add = lines(
    tiling.threadRows / 4,
    (q) => `      s${q} = ${four.reduce((sum, r) => `(${sum} + ${a(q, r)})`, `s${q}`)};`,
  );
  return `    if (fourColumn == 0u) {\n${add}\n    }`;
}

/** Returns WGSL that writes the column sums. */
export function storeRegisterSums({ tiling }: MatmulTileVariant): string {
  const { threadRows, workgroup } = tiling;
  const one = (i: number): string => {
    const row = `4u * (fourRow + ${(i >> 2) * workgroup[1]}u) + ${i % 4}u`;
    return `    if (${row} < p.rows) { aSums[wid.z * p.rows + ${row}] = s${i >> 2}[${i % 4}]; }`;
  };
  return `  if (fourColumn == 0u) {\n${lines(threadRows, one)}\n  }`;
}
