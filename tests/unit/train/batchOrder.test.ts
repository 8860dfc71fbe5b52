import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinctRows, epochEnd } from '../../../src/domain/train/distinctRows';
import { planBatches } from '../../../src/domain/train/planBatches';
import { permutation, RandomStream } from '../../../src/domain/random';

const rowsOf = (texts: readonly (readonly [passage: number, anchor: number])[]) =>
  texts.map(([passage, anchor], i) => ({ id: `p${i}`, anchor: `问${anchor}`, positive: `段${passage}` }));

/**
 * Returns the rows of a number of epochs, by the rules of `distinctRows` but without its queues: a row that does not
 * fit waits, and a new batch is first offered the longest-waiting row of each of the first 4 · batchSize waiting
 * passages.
 */
function naiveRows(
  pairs: ReturnType<typeof rowsOf>,
  batchSize: number,
  orderOf: (epoch: number) => Uint32Array,
  epochs: number,
): number[] {
  const stream: number[] = [];
  let batch: number[] = [];
  const fits = (row: number): boolean =>
    batch.length < batchSize &&
    batch.every(
      (other) => pairs[other]?.anchor !== pairs[row]?.anchor && pairs[other]?.positive !== pairs[row]?.positive,
    );
  const take = (row: number): void => {
    batch.push(row);
    stream.push(row);
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    // Passages in the order in which they began to wait; a passage without waiting rows has stopped waiting.
    let waiting: { passage: string; rows: number[] }[] = [];
    const offer = (passages: typeof waiting, rowsEach: number): void => {
      for (const queue of passages) {
        const row = queue.rows.slice(0, rowsEach).find(fits);
        if (row === undefined) continue;
        take(row);
        queue.rows = queue.rows.filter((other) => other !== row);
      }
      waiting = waiting.filter(({ rows }) => rows.length > 0);
    };
    for (const row of orderOf(epoch)) {
      while (batch.length === batchSize) {
        batch = [];
        offer(waiting.slice(0, 4 * batchSize), 1);
      }
      const passage = pairs[row]?.positive ?? '';
      const queue = waiting.find((other) => other.passage === passage);
      if (fits(row)) take(row);
      else if (queue) queue.rows.push(row);
      else waiting.push({ passage, rows: [row] });
    }
    for (;;) {
      if (batch.length === batchSize) {
        batch = [];
        offer(waiting.slice(0, 4 * batchSize), 1);
        continue;
      }
      offer(waiting, Infinity);
      if (batch.length < batchSize) break;
    }
    stream.push(epochEnd);
  }
  return stream;
}

describe('the order of rows without repeated texts in a batch', () => {
  it('is that of a naive version, with few and with many waiting rows', () => {
    const property = fc.property(
      fc.array(fc.tuple(fc.nat(24), fc.nat(7)), { minLength: 30, maxLength: 90 }),
      fc.integer({ min: 2, max: 4 }),
      fc.nat(),
      (texts, batchSize, seed) => {
        const pairs = rowsOf(texts);
        const orderOf = (epoch: number): Uint32Array =>
          permutation(pairs.length, new RandomStream(seed, 'batchOrder', 0, epoch));
        const expected = naiveRows(pairs, batchSize, orderOf, 2);
        const rows = distinctRows(pairs, batchSize, orderOf);
        const found: number[] = [];
        for (let ends = 0; ends < 2;) {
          const { value } = rows.next();
          found.push(value ?? NaN);
          if (value === epochEnd) ends += 1;
        }
        expect(found).toEqual(expected);
      },
    );
    fc.assert(property, { numRuns: 100, seed: 1 });
  });

  it('ends with an error if enough texts differ, but never in one batch', () => {
    // One row of passage 0 and one of question 0 fit together; a third row never does.
    const pairs = rowsOf([
      [0, 1],
      [0, 2],
      [1, 0],
      [2, 0],
    ]);
    const stage = {
      batching: { kind: 'seeded', batchSize: 3, avoidDuplicatePassages: true },
      duration: { unit: 'steps', value: 1 },
    } as const;
    expect(() => planBatches({ pairs, stage, stageIndex: 0, seed: 7 })).toThrow(
      expect.objectContaining({ details: { kind: 'too-few-pairs', pairs: 2, batchSize: 3, distinct: 'together' } }),
    );
  });
});

describe('a plan of batches', () => {
  const epochs = (value: number, batchSize: number, avoidDuplicatePassages: boolean) => ({
    batching: { kind: 'seeded' as const, batchSize, avoidDuplicatePassages },
    duration: { unit: 'epochs' as const, value },
  });
  const different = rowsOf(Array.from({ length: 64 }, (_, i) => [i, i] as const));

  it('shuffles the rows of each epoch differently, also if texts may repeat', () => {
    const { batches, leftOut } = planBatches({
      pairs: different,
      stage: epochs(2, 16, false),
      stageIndex: 0,
      seed: 7,
    });
    const [first, second] = [batches.slice(0, 4).flat(), batches.slice(4).flat()];
    expect(first).not.toEqual(second);
    expect(first.toSorted((a, b) => a - b)).toEqual(second.toSorted((a, b) => a - b));
    expect(leftOut).toEqual([0, 0]);
  });

  it('counts the rows left out of the epochs that it has, and of no further one', () => {
    const { leftOut } = planBatches({ pairs: different, stage: epochs(3, 16, true), stageIndex: 0, seed: 7 });
    expect(leftOut).toEqual([0, 0, 0]);
  });

  it('counts the rows left out of a fraction of an epoch in proportion', () => {
    const sharing = rowsOf([0, 0, 0, 0, 1, 2, 3, 4, 5, 6].map((passage, i) => [passage, i] as const));
    const plan = (value: number) =>
      planBatches({ pairs: sharing, stage: epochs(value, 4, true), stageIndex: 0, seed: 7 });
    expect(plan(2).leftOut).toEqual([1, 2]);
    // 1.4 · 10 − 1 − 0.4 · 2 = 12.2 rows, and 1.5 · 10 − 1 − 0.5 · 2 = 13 rows.
    expect(plan(1.4).batches).toHaveLength(3);
    expect(plan(1.5).batches).toHaveLength(3);
  });
});
