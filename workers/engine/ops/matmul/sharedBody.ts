import type { MatmulTiling } from '../../../../src/domain/kernelPlan';
import type { MatmulTileVariant } from './tileVariant';
import { addTerms, chunkOfWorkgroup, declareSums, lines } from './tileText';

/** An operand, as seen by the threads of a workgroup. */
interface Operand {
  name: 'a' | 'b';
  /** Rows or columns of the workgroup's tile. */
  side: number;
  /** Variable that holds the tile's first row or column. */
  first: string;
  /** Variable that holds the thread's place along the tile's rows or columns, in quads. */
  place: string;
  /** Number of threads along the rows or columns of the tile. */
  threads: number;
  /** Whether numbers adjacent in memory are adjacent in the inner dimension. */
  innerContiguous: boolean;
}

function operands({ layout, tiling }: MatmulTileVariant): [Operand, Operand] {
  const { threadRows, threadColumns, workgroup } = tiling;
  const [x, y] = workgroup;
  return [
    {
      name: 'a',
      side: threadRows * y,
      first: 'tileRow',
      place: 'lineRow',
      threads: y,
      innerContiguous: layout !== 'TN',
    },
    {
      name: 'b',
      side: threadColumns * x,
      first: 'tileColumn',
      place: 'lineColumn',
      threads: x,
      innerContiguous: layout === 'NT',
    },
  ];
}

/**
 * Returns the length of a line of a tile, in vec4s. It is odd, so that the stores of neighbouring threads spread over
 * the banks of workgroup memory.
 */
function pitch(side: number): number {
  return side / 4 + 1;
}

/** Returns the bytes of workgroup memory that a tiling needs. */
export function sharedBytes({ threadRows, threadColumns, workgroup, sharedDepth }: MatmulTiling): number {
  return 16 * sharedDepth * (pitch(threadRows * workgroup[1]) + pitch(threadColumns * workgroup[0]));
}

/** Declares the tiles of both operands. Line k holds inner element k, with four rows or columns in each vec4. */
export function sharedMemory(variant: MatmulTileVariant): string {
  const { sharedDepth } = variant.tiling;
  return operands(variant)
    .map(({ name, side }) => `var<workgroup> tile_${name}: array<vec4<f32>, ${sharedDepth * pitch(side)}>;`)
    .join('\n');
}

/**
 * Returns the kernel body with workgroup memory. The threads of a workgroup copy a tile of each operand, then each
 * thread adds the terms of its rows and columns from there. All inner elements are unrolled, because shader compilers
 * unroll too little to hide the latency of workgroup memory.
 */
export function sharedBody(variant: MatmulTileVariant): string {
  const { tiling, epilogue } = variant;
  const { sharedDepth, prefetch = false } = tiling;
  const [a, b] = operands(variant);
  const quads = sharedDepth / 4;
  const load = (quad: string): string => [a, b].map((operand) => loadBlocks(operand, tiling, quad)).join('\n');
  const store = [a, b].map((operand) => storeBlocks(operand, tiling)).join('\n');
  const next = `if (quad0 + ${quads}u < chunkEnd) {\n${load(`quad0 + ${quads}u`)}\n    }`;
  return `
${placeOfThread(tiling)}
  let tileRow = wid.y * ${a.side}u;
  let tileColumn = wid.x * ${b.side}u;
${declareSums(tiling)}
${epilogue.aSums ? lines(sumsPerThread(tiling), (i) => `  var s${i} = 0.0;`) : ''}
${chunkOfWorkgroup}
${[a, b].map((operand) => declareBlocks(operand, tiling)).join('\n')}
${prefetch ? load('chunkStart') : ''}
  for (var quad0 = chunkStart; quad0 < chunkEnd; quad0 += ${quads}u) {
${prefetch ? '' : load('quad0')}
${store}
    workgroupBarrier();
    ${prefetch ? next : ''}
${lines(sharedDepth, (k) => addLine(a, b, tiling, k))}
${epilogue.aSums ? addSums(a, tiling) : ''}
    workgroupBarrier();
  }`;
}

/**
 * Declares `lineRow` and `lineColumn`, the thread's place in the workgroup. If possible, 32 neighbouring threads form 4
 * rows of 8, and each group of 4 forms a square, so that threads that load together share many addresses.
 */
function placeOfThread({ workgroup: [x, y] }: MatmulTiling): string {
  if (x % 8 !== 0 || y % 4 !== 0) return `  let lineColumn = lane % ${x}u;\n  let lineRow = lane / ${x}u;`;
  const across = x / 8;
  return `
  let lineColumn = lane / 2u % 8u + 8u * (lane / 32u % ${across}u);
  let lineRow = lane % 2u + 2u * (lane / 16u % 2u) + 4u * (lane / ${32 * across}u);`;
}

/** Adds the terms of inner element k of the tile. */
function addLine(a: Operand, b: Operand, tiling: MatmulTiling, k: number): string {
  const read = ({ name, side, place, threads }: Operand): string =>
    lines(
      side / threads / 4,
      (q) => `      let ${name}${q} = tile_${name}[${k * pitch(side) + q * threads}u + ${place}];`,
    );
  return `    {
${read(a)}
${read(b)}
${addTerms(
  tiling,
  (q) => `a${q}`,
  (q) => `b${q}`,
)}
    }`;
}

function threadsOf({ workgroup: [x, y] }: MatmulTiling): number {
  return x * y;
}

/** Returns the maximum number of 4 × 4 blocks that a thread copies of an operand's tile. */
function blocksPerThread({ side }: Operand, tiling: MatmulTiling): number {
  return Math.ceil(((side / 4) * (tiling.sharedDepth / 4)) / threadsOf(tiling));
}

function declareBlocks(operand: Operand, tiling: MatmulTiling): string {
  return lines(blocksPerThread(operand, tiling), (i) => `  var block_${operand.name}${i} = mat4x4<f32>();`);
}

/**
 * Runs `code` for each block that a thread copies: quad `k` of the inner dimension at outer index 4·four. Neighbouring
 * threads take blocks that are adjacent in memory.
 */
function eachBlock(operand: Operand, tiling: MatmulTiling, code: (i: number) => string): string {
  const { side, innerContiguous } = operand;
  const [fours, quads] = [side / 4, tiling.sharedDepth / 4];
  return lines(blocksPerThread(operand, tiling), (i) => {
    const first = i * threadsOf(tiling);
    const at = first === 0 ? 'lane' : `(lane + ${first}u)`;
    const some = first + threadsOf(tiling) > fours * quads;
    return `    ${some ? `if (${at} < ${fours * quads}u) ` : ''}{
      let four = ${innerContiguous ? `${at} / ${quads}u` : `${at} % ${fours}u`};
      let k = ${innerContiguous ? `${at} % ${quads}u` : `${at} / ${fours}u`};
${code(i)}
    }`;
  });
}

function loadBlocks(operand: Operand, tiling: MatmulTiling, quad: string): string {
  const { name, first } = operand;
  return eachBlock(
    operand,
    tiling,
    (i) => `      block_${name}${i} = read_${name}(${first} + 4u * four, ${quad} + k);`,
  );
}

function storeBlocks(operand: Operand, tiling: MatmulTiling): string {
  const { name, side } = operand;
  return eachBlock(operand, tiling, (i) =>
    lines(4, (r) => `      tile_${name}[(4u * k + ${r}u) * ${pitch(side)}u + four] = block_${name}${i}[${r}];`),
  );
}

/** Returns the maximum number of column sums that a thread adds. */
function sumsPerThread({ threadRows, workgroup: [x] }: MatmulTiling): number {
  return Math.ceil(threadRows / x);
}

/**
 * Adds the tile's numbers to the column sums, one row of y per thread, in the first workgroup of each row. Unrolled, so
 * that the reads do not wait for one another.
 */
function addSums({ side }: Operand, tiling: MatmulTiling): string {
  const one = (i: number): string => {
    const row = `(lane + ${i * threadsOf(tiling)}u)`;
    const add = lines(
      tiling.sharedDepth,
      (k) => `        s${i} += tile_a[${k * pitch(side)}u + ${row} / 4u][${row} % 4u];`,
    );
    return `      if (${row} < ${side}u) {\n${add}\n      }`;
  };
  return `    if (wid.x == 0u) {\n${lines(sumsPerThread(tiling), one)}\n    }`;
}

/** Returns WGSL that writes the column sums. */
export function storeSharedSums({ tiling }: MatmulTileVariant): string {
  const side = tiling.threadRows * tiling.workgroup[1];
  return lines(sumsPerThread(tiling), (i) => {
    const row = `lane + ${i * threadsOf(tiling)}u`;
    return `  if (wid.x == 0u && ${row} < ${side}u && tileRow + ${row} < p.rows) {
    aSums[wid.z * p.rows + tileRow + ${row}] = s${i};
  }`;
  });
}
