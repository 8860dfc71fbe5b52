import { quadsFor } from '../quads';
import { shownPassages } from '../../../src/domain/evaluate/ranking';

/**
 * Bytes of the passage vectors in a block: enough to keep a GPU busy, and an eighth of the binding size that WebGPU
 * guarantees.
 */
const blockBytes = 16 * 1024 * 1024;
/** Maximum passages and queries per block: 256 × 16,384 scores take 16 MiB. */
const mostPassages = 16_384;
const queriesPerBlock = 256;
/**
 * Maximum questions per search. Every search uploads the whole knowledge base, so larger searches mean fewer uploads.
 */
export const questionsPerSearch = 1024;

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
    passages: Math.min(mostPassages, fitting, upToQuad(passages)),
    queries: Math.max(1, Math.min(queriesPerBlock, queries)),
  };
}

/** Size of a search: questions, their relevant passages in total, and passages in the knowledge base. */
export interface SearchShape {
  questions: number;
  relevant: number;
  passages: number;
}

/**
 * Returns the bytes that a search allocates: vectors and scores of one block, the questions' vectors, two lists of best
 * passages per question, and for each relevant passage a target, a key and a count.
 */
export function searchBytes(width: number, { questions, relevant, passages }: SearchShape): number {
  const blocks = searchBlocks(width, { queries: questions, passages });
  const stride = upToQuad(width);
  const shared = blocks.passages * (stride + blocks.queries);
  const own = questions * (stride + 2 * 2 * shownPassages) + relevant * (4 + 1 + 1);
  const arrays = 2 + 6 * Math.ceil(questions / blocks.queries);
  return 4 * (shared + own) + 256 * arrays;
}

/** Rounds up to a multiple of four, at least four: kernels read rows and numbers in fours. */
export function upToQuad(length: number): number {
  return Math.max(4, quadsFor(length));
}
