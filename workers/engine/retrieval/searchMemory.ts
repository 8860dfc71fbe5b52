import { shownPassages } from '../../../src/domain/evaluate/ranking';
import { searchBlocks } from './searchBlocks';
import { upToQuad } from '../quads';

/**
 * Size of a search: the numbers of questions, of relevant passages over all questions, and of passages in the knowledge
 * base.
 */
export interface SearchMemoryShape {
  questions: number;
  relevant: number;
  passages: number;
}

/**
 * Returns the bytes that a search allocates: vectors and scores of one block, the questions' vectors, two lists of best
 * passages per question, and a target, a key and a count for each relevant passage.
 */
export function searchBytes(width: number, { questions, relevant, passages }: SearchMemoryShape): number {
  const blocks = searchBlocks(width, { queries: questions, passages });
  const stride = upToQuad(width);
  const shared = blocks.passages * (stride + blocks.queries);
  const own = questions * (stride + 2 * 2 * shownPassages) + relevant * (4 + 1 + 1);
  const arrays = 2 + 6 * Math.ceil(questions / blocks.queries);
  return 4 * (shared + own) + 256 * arrays;
}
