import * as tf from '@tensorflow/tfjs-core';
import { rankOf, scoreOf, topPassages } from '../../../src/domain/evaluate/ranking';
import { readTensor } from '../device';
import type { BetweenBlocks, Found, SearchInput } from './search';
import { matrixOf, range } from './vectors';

/** Passages that are scored at once: 8 MB of vectors at 256 floats each. */
const passagesPerBlock = 8192;
/** Queries whose scores against the whole corpus are held at once. */
const queriesPerBlock = 32;

/** Whole rows of scores on the host, and walks through them. */
export async function searchOnWasm(
  { queries, corpus, targets, k, blocks }: SearchInput,
  between: BetweenBlocks,
): Promise<Found[]> {
  const sizes = blocks ?? { passages: passagesPerBlock, queries: queriesPerBlock };
  const order = Uint32Array.from({ length: corpus.count }, (_, row) => row);
  const found: Found[] = [];
  for (let from = 0; from < queries.count; from += sizes.queries) {
    const rows = range(from, Math.min(sizes.queries, queries.count - from));
    const scores = new Float32Array(rows.length * corpus.count); // [Q, N]
    for (let first = 0; first < corpus.count; first += sizes.passages) {
      const count = Math.min(sizes.passages, corpus.count - first);
      const block = await scoreBlock(matrixOf(queries, rows), matrixOf(corpus, range(first, count)), corpus.width);
      for (let passage = 0; passage < count; passage++)
        for (let query = 0; query < rows.length; query++)
          scores[query * corpus.count + first + passage] = block[passage * rows.length + query] ?? NaN;
    }
    rows.forEach((query, i) => {
      const own = scores.subarray(i * corpus.count, (i + 1) * corpus.count);
      const top = topPassages(own, order, k).map((passage) => ({ passage, score: scoreOf(own, passage) }));
      found.push({ top, ranks: (targets[query] ?? []).map((passage) => rankOf(own, order, passage)) });
    });
    await between(from + rows.length, queries.count);
  }
  return found;
}

/** Dot products: queries [Q, E], passages [N, E] → [N, Q]. */
async function scoreBlock(queries: Float32Array, passages: Float32Array, width: number): Promise<Float32Array> {
  const scores = tf.tidy(() => {
    const queryColumns = tf.transpose(tf.tensor2d(queries, [queries.length / width, width])); // [E, Q]
    return tf.matMul(tf.tensor2d(passages, [passages.length / width, width]), queryColumns); // [N, Q]
  });
  try {
    return await readTensor(scores);
  } finally {
    scores.dispose();
  }
}
