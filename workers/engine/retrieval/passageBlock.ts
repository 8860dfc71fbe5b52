import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import type { SearchBlocks } from './searchBlocks';
import { upToQuad } from '../quads';
import { fillMatrix, readableRows, type RowRange, type Vectors } from './vectors';

/** Arrays that all query groups share: the vectors and scores of one block of passages. */
export interface PassageBlockScratch {
  block: DeviceArray; // [N, E]
  scores: DeviceArray; // [Q, N]
  blocks: SearchBlocks;
  /** E rounded up to a multiple of four. The extra columns are zeros. */
  stride: number;
}

/** Uploads the given passages as [rows, E], padded with zero rows to a multiple of four. */
export async function uploadPassageBlock(
  engine: Engine,
  passages: Vectors,
  { block, stride }: PassageBlockScratch,
  rows: RowRange | readonly number[],
): Promise<DeviceArray> {
  const count = 'count' in rows ? rows.count : rows.length;
  const array = { ...block, shape: [upToQuad(count), stride] };
  const readable = await readableRows(passages, rows);
  await engine.commands.fill(array, (into) => fillMatrix(readable.vectors, readable.rows, stride, into));
  return array;
}
