import { openEngine } from '../device';
import type { Engine } from '../engine';
import { matmul } from '../ops/matmul/matmul';

/** Passages whose scores are computed at once: 8 MB of vectors at 256 floats each. */
const passagesPerBlock = 8192;

/**
 * Dot products of every query with every passage: queries [Q, E], corpus [N, E] → [Q, N] row after row, in blocks of the corpus so that
 * any corpus fits. Each product is summed over E alone, so block sizes do not change it. GPU→CPU sync a block.
 */
export async function scoreBlock(queries: Float32Array, corpus: Float32Array, width: number): Promise<Float32Array> {
  const [queryCount, passageCount] = [queries.length / width, corpus.length / width];
  const scores = new Float32Array(queryCount * passageCount);
  const engine = openEngine();
  for (let from = 0; from < passageCount; from += passagesPerBlock) {
    const count = Math.min(passagesPerBlock, passageCount - from);
    const passages = corpus.subarray(from * width, (from + count) * width);
    const block = await scoreRows(engine, passages, queries, width); // [N, Q]
    for (let passage = 0; passage < count; passage++)
      for (let query = 0; query < queryCount; query++)
        scores[query * passageCount + from + passage] = block[passage * queryCount + query] ?? NaN;
  }
  return scores;
}

async function scoreRows(
  engine: Engine,
  passages: Float32Array,
  queries: Float32Array,
  width: number,
): Promise<Float32Array> {
  const a = engine.commands.upload(new Float32Array(passages), [passages.length / width, width]);
  const b = engine.commands.upload(new Float32Array(queries), [queries.length / width, width]);
  const y = engine.pool.allocate([passages.length / width, queries.length / width]);
  try {
    matmul(engine, 'NT', a, b, y);
    return await engine.commands.read(y); // GPU→CPU sync
  } finally {
    for (const array of [a, b, y]) engine.pool.free(array);
  }
}
