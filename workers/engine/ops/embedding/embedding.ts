import type { DeviceArray, ArrayDType } from '../../arrays';
import type { Engine } from '../../engine';
import { kernel } from '../../kernel';
import { memo } from '../../memo';
import type { RowGroups } from './rowGroups';

/** Rows `firstRow` … `firstRow + rows − 1` of a table. A table too large for one binding has several pieces. */
export interface EmbeddingPiece {
  array: DeviceArray;
  firstRow: number;
  rows: number;
}

/**
 * Returns BERT's input (Devlin et al., arXiv 1810.04805, fig. 2) before its LayerNorm, with all tokens of type 0: z[t]
 * = words[id_t] + positions[t − begin of its text] + types[0], [T, H]. `rowInfo` [T, 4] is that of `DeviceTokens`.
 */
export function embeddingLookup(
  engine: Engine,
  { words, positions, types }: { words: readonly EmbeddingPiece[]; positions: DeviceArray; types: DeviceArray },
  rowInfo: DeviceArray,
  width: number,
  storage: ArrayDType = 'f32',
): DeviceArray {
  const [rows = 0] = rowInfo.shape;
  const z = engine.pool.allocate([rows, width], storage);
  for (const { array, firstRow, rows: pieceRows } of words)
    engine.commands.dispatch(
      lookup(stepOf(width)),
      { words: array, positions, types, rowInfo, z },
      { rows, width, firstRow, pieceRows },
      groupsFor(rows, width),
    );
  return z;
}

/**
 * Adds a table's gradient to `pieces`, given dz [T, H]. dTable[v] = Σ dz[t] over the batch rows t that looked up row v,
 * added in batch order. Other rows of the table do not change, so clear the table before the first batch.
 */
export function embeddingGradient(
  engine: Engine,
  dz: DeviceArray,
  plan: RowGroups,
  pieces: readonly EmbeddingPiece[],
): void {
  const [, width = 0] = dz.shape;
  const segments = engine.commands.upload(plan.segments, [plan.count, 4]);
  const order = engine.commands.upload(plan.order);
  for (const { array, firstRow, rows: pieceRows } of pieces)
    engine.commands.dispatch(
      segmentedSum(stepOf(width)),
      { dz, segments, order, table: array },
      { count: plan.count, width, firstRow, pieceRows },
      groupsFor(plan.count, width),
    );
  engine.pool.free(segments);
  engine.pool.free(order);
}

/** Threads per workgroup. Each computes one vec4 if the width is a multiple of four, otherwise one number. */
const threads = 64;

type Step = { quads: boolean };
const stepOf = (width: number): Step => ({ quads: width % 4 === 0 });
const groupsFor = (rows: number, width: number): number =>
  Math.ceil((rows * width) / (stepOf(width).quads ? 4 : 1) / threads);
const elementOf = ({ quads }: Step) => (quads ? ('vec4<f32>' as const) : ('f32' as const));
/** Declares the width in elements, and the thread's row and column. */
const place = ({ quads }: Step, rows: string): string => `
  let width = ${quads ? 'p.width / 4u' : 'p.width'};
  let i = group * ${threads}u + lane;
  let row = i / width;
  if (row >= p.${rows}) { return; }
  let column = i % width;`;

const lookup = memo((step: Step) => {
  const element = elementOf(step);
  return kernel({
    name: 'embedding lookup',
    params: { rows: 'u32', width: 'u32', firstRow: 'u32', pieceRows: 'u32' },
    reads: { words: element, positions: element, types: element, rowInfo: 'vec4<u32>' },
    writes: { z: element },
    wasm: { call: 'embeddingLookup', items: ({ rows }) => rows },
    workgroup: [threads, 1, 1],
    body: `${place(step, 'rows')}
  let info = rowInfo[row];
  let at = info.w - p.firstRow;
  if (info.w < p.firstRow || at >= p.pieceRows) { return; }
  z[i] = (words[at * width + column] + types[column]) + positions[(row - info.x) * width + column];`,
  });
});

/** Loads four rows at once but adds them in order. */
const segmentedSum = memo((step: Step) => {
  const element = elementOf(step);
  return kernel({
    name: 'embedding gradient',
    params: { count: 'u32', width: 'u32', firstRow: 'u32', pieceRows: 'u32' },
    reads: { dz: element, segments: 'vec4<u32>', order: 'u32' },
    writes: { table: element },
    wasm: { call: 'embeddingGradient', items: ({ count }) => count },
    workgroup: [threads, 1, 1],
    body: `${place(step, 'count')}
  let segment = segments[row];
  let at = segment.x - p.firstRow;
  if (segment.x < p.firstRow || at >= p.pieceRows) { return; }
  var sum = ${element}();
  var k = segment.y;
  for (; k + 3u < segment.z; k += 4u) {
${[0, 1, 2, 3].map((n) => `    let d${n} = dz[order[k + ${n}u] * width + column];`).join('\n')}
    sum = (((sum + d0) + d1) + d2) + d3;
  }
  for (; k < segment.z; k++) { sum += dz[order[k] * width + column]; }
  table[at * width + column] += sum;`,
  });
});
