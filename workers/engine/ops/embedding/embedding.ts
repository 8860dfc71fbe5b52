import type { DeviceArray, ArrayDType } from '../../arrays';
import type { Engine } from '../../engine';
import { kernel } from '../../kernel';
import type { RowGroups } from './rowGroups';

/** Rows firstRow .. firstRow + rows of a table. A table too large for one binding has several pieces. */
export interface EmbeddingPiece {
  array: DeviceArray;
  firstRow: number;
  rows: number;
}

/**
 * Returns BERT's input (Devlin et al., arXiv 1810.04805, fig. 2), all tokens of type 0, before its LayerNorm:
 * z[t] = words[id_t] + positions[t − begin of its text] + types[0], [T, H]. `rowInfo` [T, 4] is that of `DeviceTokens`.
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
      lookup,
      { words: array, positions, types, rowInfo, z },
      { rows, width, firstRow, pieceRows },
      Math.ceil((rows * width) / 64),
    );
  return z;
}

/**
 * Adds a table's gradient to `pieces`, from dz [T, H]. dTable[v] = Σ dz[t] over the batch rows t that looked up row v,
 * added in batch order. Rows that the batch did not look up stay as they are, so clear the table before the first
 * batch.
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
      segmentedSum,
      { dz, segments, order, table: array },
      { count: plan.count, width, firstRow, pieceRows },
      Math.ceil((plan.count * width) / 64),
    );
  engine.pool.free(segments);
  engine.pool.free(order);
}

const lookup = kernel({
  name: 'embedding lookup',
  params: { rows: 'u32', width: 'u32', firstRow: 'u32', pieceRows: 'u32' },
  reads: { words: 'f32', positions: 'f32', types: 'f32', rowInfo: 'vec4<u32>' },
  writes: { z: 'f32' },
  wasm: { call: 'embeddingLookup', items: ({ rows }) => rows },
  workgroup: [64, 1, 1],
  body: `
  let i = group * 64u + lane;
  let row = i / p.width;
  if (row >= p.rows) { return; }
  let column = i % p.width;
  let info = rowInfo[row];
  let at = info.w - p.firstRow;
  if (info.w < p.firstRow || at >= p.pieceRows) { return; }
  z[i] = (words[at * p.width + column] + types[column]) + positions[(row - info.x) * p.width + column];`,
});

const segmentedSum = kernel({
  name: 'embedding gradient',
  params: { count: 'u32', width: 'u32', firstRow: 'u32', pieceRows: 'u32' },
  reads: { dz: 'f32', segments: 'vec4<u32>', order: 'u32' },
  writes: { table: 'f32' },
  wasm: { call: 'embeddingGradient', items: ({ count }) => count },
  workgroup: [64, 1, 1],
  body: `
  let i = group * 64u + lane;
  let index = i / p.width;
  if (index >= p.count) { return; }
  let column = i % p.width;
  let segment = segments[index];
  let at = segment.x - p.firstRow;
  if (segment.x < p.firstRow || at >= p.pieceRows) { return; }
  var sum = 0.0;
  for (var k = segment.y; k < segment.z; k++) { sum += dz[order[k] * p.width + column]; }
  table[at * p.width + column] += sum;`,
});
