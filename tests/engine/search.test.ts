import { beforeAll, describe, expect, it } from 'vitest';
import { scoreBlock } from '../../workers/engine/retrieval/search';
import { expectNoLeak, largestDifference, openTestDevice, seededRandom } from './support';

beforeAll(openTestDevice);

const random = seededRandom(5);
const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => 2 * random() - 1);
const at = (values: ArrayLike<number>, index: number): number => values[index] ?? NaN;

describe('exact search', () => {
  it('scores every query with every passage', async () => {
    await expectNoLeak(async () => {
      const [queryCount, passageCount, width] = [3, 40, 16];
      const [queries, corpus] = [numbers(queryCount * width), numbers(passageCount * width)];
      const expected = Array.from({ length: queryCount * passageCount }, (_, i) => {
        const [query, passage] = [Math.floor(i / passageCount), i % passageCount];
        return Array.from(
          { length: width },
          (_, e) => at(queries, query * width + e) * at(corpus, passage * width + e),
        ).reduce((sum, x) => sum + x, 0);
      });
      expect(largestDifference(await scoreBlock(queries, corpus, width), expected)).toBeLessThan(1e-5);
    });
  });

  it('scores a passage the same in any block of the corpus', async () => {
    const width = 8;
    const [queries, corpus] = [numbers(2 * width), numbers(8200 * width)];
    const whole = await scoreBlock(queries, corpus, width);
    const last = await scoreBlock(queries, corpus.subarray(8195 * width), width);
    expect([...whole.subarray(8195, 8200)]).toEqual([...last.subarray(0, 5)]);
  });
});
