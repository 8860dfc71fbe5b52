import type { Engine } from '../engine';
import { uploadPassageBlock } from './passageBlock';
import { QueryGroup } from './queryGroup';
import { searchBlocks } from './searchBlocks';
import { upToQuad } from '../quads';
import type { SearchInput } from './searchInput';
import type { BetweenSearchBlocks } from './searchBlocks';
import type { QueryResult } from './queryResult';

/**
 * Maximum number of questions per search. Every search uploads the whole knowledge base, so larger searches mean fewer
 * uploads.
 */
export const maxQuestionsPerSearch = 1024;

/**
 * Runs an exact search by dot products. Of equal scores, the smaller row ranks first; NaN ranks as −∞. A dot product is
 * always summed over E in the same order, so neither block sizes nor the number of queries changes a bit. GPU→CPU sync.
 * Throws RangeError for more than `maxQuestionsPerSearch` queries: memory plans count no larger search.
 */
export async function search(
  engine: Engine,
  input: SearchInput,
  between: BetweenSearchBlocks = () => Promise.resolve(),
): Promise<QueryResult[]> {
  const { queries, passages } = input;
  if (queries.count === 0) return [];
  if (queries.count > maxQuestionsPerSearch)
    throw new RangeError(`${queries.count} queries; a search takes at most ${maxQuestionsPerSearch}`);
  const stride = upToQuad(passages.width);
  const blocks = input.blocks ?? searchBlocks(passages.width, { queries: queries.count, passages: passages.count });
  const block = engine.pool.allocate([upToQuad(blocks.passages), stride]);
  const scores = engine.pool.allocate([blocks.queries, upToQuad(blocks.passages)]);
  const scratch = { block, scores, blocks, stride };
  const groups: QueryGroup[] = [];
  try {
    for (let first = 0; first < queries.count; first += blocks.queries) {
      const rows = { first, count: Math.min(blocks.queries, queries.count - first) };
      groups.push(new QueryGroup(engine, input, scratch, rows));
    }
    for (const group of groups) await group.scoreTargets();
    for (let first = 0; first < passages.count; first += blocks.passages) {
      const count = Math.min(blocks.passages, passages.count - first);
      const uploaded = await uploadPassageBlock(engine, passages, scratch, { first, count });
      for (const group of groups) group.take(uploaded, count, first);
      await between(first + count, passages.count);
    }
    const found: QueryResult[] = [];
    // GPU→CPU sync per group
    for (const group of groups) for (const one of await group.read()) found.push(one);
    return found;
  } finally {
    for (const group of groups) group.dispose();
    for (const array of [block, scores]) engine.pool.free(array);
    engine.commands.submit();
    engine.commands.releaseUploads();
    engine.pool.trim();
  }
}
