import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { upToQuad, type SearchBlocks } from './searchBlocks';
import { matrixOf, type Vectors } from './vectors';

/** What the queries share: the vectors and the scores of one block of passages. */
export interface Scratch {
  block: DeviceArray; // [N, E]
  scores: DeviceArray; // [Q, N]
  blocks: SearchBlocks;
  /** E, filled up with zeros to a multiple of four. */
  stride: number;
}

/** [rows, E], rows a multiple of four: the last may be zeros. */
export function uploadPassages(
  engine: Engine,
  passages: Vectors,
  { block, stride }: Scratch,
  rows: readonly number[],
): DeviceArray {
  const array = { ...block, shape: [upToQuad(rows.length), stride] };
  engine.commands.write(array, matrixOf(passages, rows, stride, upToQuad(rows.length)));
  return array;
}
