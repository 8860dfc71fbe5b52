import { quadsFor } from '../quads';
import { shownPassages } from '../../../src/domain/evaluate/ranking';

/** Vectors of a block of the corpus: large enough to keep a GPU busy, an eighth of what WebGPU's lowest limits let a kernel bind. */
const blockBytes = 16 * 1024 * 1024;
/** 256 queries and 16,384 passages have 16 MiB of scores. */
const mostPassages = 16_384;
const queriesPerBlock = 256;
/** Questions that are searched for at once: for each group of so many the knowledge base is uploaded once. */
export const questionsPerSearch = 1024;

/** How many are worked on at once; they decide speed and memory, never a result. */
export interface SearchBlocks {
  passages: number;
  queries: number;
}

/** Blocks for so many queries and passages of vectors of `width` numbers. */
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

/** A search: its questions, their relevant passages, and how many passages there are. */
export interface SearchShape {
  questions: number;
  relevant: number;
  passages: number;
}

/** Bytes that a search holds: a block's vectors and scores, the questions' vectors, the best passages of each twice, and what is asked of the relevant ones. */
export function searchBytes(width: number, { questions, relevant, passages }: SearchShape): number {
  const blocks = searchBlocks(width, { queries: questions, passages });
  const stride = upToQuad(width);
  const shared = blocks.passages * (stride + blocks.queries);
  const own = questions * (stride + 2 * 2 * shownPassages) + relevant * (4 + 1 + 1);
  const arrays = 2 + 6 * Math.ceil(questions / blocks.queries);
  return 4 * (shared + own) + 256 * arrays;
}

/** Of rows and numbers in arrays, which hold four at least. */
export function upToQuad(length: number): number {
  return Math.max(4, quadsFor(length));
}
