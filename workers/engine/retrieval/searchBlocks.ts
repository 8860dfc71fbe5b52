import { upToQuad } from '../quads';

/**
 * Bytes of the passage vectors in a block: enough to keep a GPU busy, and an eighth of the binding size that WebGPU
 * guarantees.
 */
const blockBytes = 16 * 1024 * 1024;
/** Maximum number of passages in a block. */
const maxPassages = 16_384;
/** Maximum bytes of the scores of a block. */
const scoreBytes = 24 * 1024 * 1024;

/** Passages and queries scored at once. Affects speed and memory, never a result. */
export interface SearchBlocks {
  passages: number;
  queries: number;
}

/** Returns block sizes for a search with vectors of `width` numbers. */
export function searchBlocks(
  width: number,
  { queries, passages }: { queries: number; passages: number },
): SearchBlocks {
  const fitting = upToQuad(blockBytes / 4 / upToQuad(width) - 3);
  const inBlock = Math.min(maxPassages, fitting, upToQuad(passages));
  const maxQueries = Math.floor(scoreBytes / 4 / inBlock);
  return { passages: inBlock, queries: Math.max(1, Math.ceil(queries / Math.ceil(queries / maxQueries))) };
}

/** Called after each block of passages. Throws to stop the search. */
export type BetweenSearchBlocks = (done: number, of: number) => Promise<void>;
