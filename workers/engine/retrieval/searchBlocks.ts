import { upToQuad } from '../quads';

/**
 * Bytes of the passage vectors in a block: enough to keep a GPU busy, and an eighth of the binding size that WebGPU
 * guarantees.
 */
const blockBytes = 16 * 1024 * 1024;
/** Maximum passages and queries per block: 256 × 16,384 scores take 16 MiB. */
const maxPassages = 16_384;
const maxQueries = 256;
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
  return {
    passages: Math.min(maxPassages, fitting, upToQuad(passages)),
    queries: Math.max(1, Math.min(maxQueries, queries)),
  };
}

/** Called after each block of passages. Throws to stop the search. */
export type BetweenSearchBlocks = (done: number, of: number) => Promise<void>;
