import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { epochsOf, planBatches } from '../../../src/domain/train/planBatches';
import { stepCount } from '../../../src/domain/train/stepCount';
import type { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import type { Pair } from '../../../src/domain/records';

const pairsOf = (
  count: number,
  passage: (i: number) => number = (i) => i,
  anchor: (i: number) => number = (i) => i,
): Pair[] =>
  Array.from({ length: count }, (_, i) => ({ id: `p${i}`, anchor: `问${anchor(i)}`, positive: `段${passage(i)}` }));
const seeded = (batchSize: number, steps: number, avoidDuplicatePassages = true) => ({
  batching: { kind: 'seeded' as const, batchSize, avoidDuplicatePassages },
  duration: { unit: 'steps' as const, value: steps },
});
const epochs = (batchSize: number, value: number) => ({
  batching: { kind: 'seeded' as const, batchSize, avoidDuplicatePassages: true },
  duration: { unit: 'epochs' as const, value },
});
const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as AppError).details;
  }
  return null;
};

describe('the batch plan', () => {
  it('shows each pair once per epoch if no text is repeated', () => {
    const batches = planBatches({ pairs: pairsOf(64), stage: epochs(16, 3), stageIndex: 0, seed: 7 }).batches;
    expect(batches).toHaveLength(12);
    for (let epoch = 0; epoch < 3; epoch++) {
      const seen = batches.slice(epoch * 4, epoch * 4 + 4).flat();
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
    }
    expect(batches.slice(0, 4)).not.toEqual(batches.slice(4, 8));
  });

  it('carries the leftover pairs of an epoch into the next one', () => {
    const batches = planBatches({ pairs: pairsOf(10), stage: epochs(4, 2), stageIndex: 0, seed: 7 }).batches;
    expect(batches).toHaveLength(5);
    const counts = new Map<number, number>();
    for (const row of batches.flat()) counts.set(row, (counts.get(row) ?? 0) + 1);
    expect([...counts.values()]).toEqual(new Array(10).fill(2));
  });

  it('depends only on the seed and the stage', () => {
    const plan = (seed: number, stageIndex: number): number[][] =>
      planBatches({ pairs: pairsOf(100), stage: epochs(8, 1), stageIndex, seed }).batches;
    expect(plan(7, 0)).toEqual(plan(7, 0));
    expect(plan(8, 0)).not.toEqual(plan(7, 0));
    expect(plan(7, 1)).not.toEqual(plan(7, 0));
  });

  it('fills every batch and never repeats a passage or an anchor within one', () => {
    const property = fc.property(
      fc.integer({ min: 2, max: 8 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 8, max: 30 }),
      fc.nat(),
      (batchSize, steps, passages, seed) => {
        const pairs = pairsOf(
          passages * 6,
          (i) => i % passages,
          (i) => Math.floor(i / 2),
        );
        const { batches } = planBatches({ pairs, stage: seeded(batchSize, steps), stageIndex: 0, seed });
        expect(batches).toHaveLength(steps);
        for (const batch of batches) {
          expect(batch).toHaveLength(batchSize);
          expect(new Set(batch.map((row) => pairs[row]?.positive)).size).toBe(batchSize);
          expect(new Set(batch.map((row) => pairs[row]?.anchor)).size).toBe(batchSize);
        }
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('trains on each pair at most once per epoch, even if half of them share a passage', () => {
    const pairs = pairsOf(1000, (i) => Math.max(0, i - 500));
    const { batches, leftOut } = planBatches({ pairs, stage: epochs(16, 2), stageIndex: 0, seed: 3 });
    const counts = new Array<number>(1000).fill(0);
    for (const row of batches.flat()) counts[row]! += 1;
    expect(Math.max(...counts)).toBe(2);
    // Every batch takes one row of the shared passage, so all other rows are used in both epochs.
    const others = counts.slice(501);
    expect(others.filter((count) => count < 2).length).toBeLessThan(16);
    expect(leftOut).toHaveLength(2);
    for (const rows of leftOut) expect(Math.abs(rows - 467)).toBeLessThanOrEqual(1);
    expect(batches).toHaveLength(Math.floor((2000 - leftOut[0]! - leftOut[1]!) / 16));
  });

  it('leaves a pair out of an epoch only if it conflicts with the batch that is being filled at the end', () => {
    const property = fc.property(
      fc.array(fc.tuple(fc.nat(9), fc.nat(14)), { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 2, max: 5 }),
      fc.nat(),
      (texts, batchSize, seed) => {
        const pairs = pairsOf(
          texts.length,
          (i) => texts[i]![0],
          (i) => texts[i]![1],
        );
        const request = { pairs, stage: epochs(batchSize, 3), stageIndex: 0, seed };
        fc.pre(thrown(() => planBatches(request)) === null);
        const { batches, leftOut } = planBatches(request);
        const rows = batches.flat();
        let begin = 0;
        for (const missing of leftOut) {
          const end = begin + pairs.length - missing;
          if (end > rows.length) break;
          const placed = new Set(rows.slice(begin, end));
          expect(placed.size).toBe(end - begin);
          const last = rows.slice(end - (end % batchSize), end);
          const left = [...pairs.keys()].filter((row) => !placed.has(row));
          for (const row of left)
            expect(last.some((other) => texts[row]!.some((text, i) => text === texts[other]![i]))).toBe(true);
          begin = end;
        }
      },
    );
    fc.assert(property, { numRuns: 100 });
  });

  it('is the same in every version: without repeated texts, and with pairs that wait', () => {
    const plan = (passages: number[], anchors: number[]) =>
      planBatches({
        pairs: pairsOf(
          10,
          (i) => passages[i]!,
          (i) => anchors[i]!,
        ),
        stage: epochs(4, 2),
        stageIndex: 0,
        seed: 7,
      });
    const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    // The plan that version 0.1.0 made.
    expect(plan(all, all).batches).toEqual([
      [4, 7, 0, 3],
      [6, 2, 9, 5],
      [1, 8, 6, 4],
      [2, 3, 9, 8],
      [7, 5, 1, 0],
    ]);
    // Rows 5 and 6 share an anchor. In the second epoch, row 0, 1 or 2 is left out, because they share a passage.
    expect(plan([0, 0, 0, 1, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 5, 7, 8, 9])).toEqual({
      batches: [
        [4, 7, 0, 6],
        [3, 2, 9, 5],
        [1, 8, 6, 4],
        [2, 3, 9, 8],
      ],
      leftOut: [0, 1],
    });
    // Rows 0 to 3 share a passage. Of rows 2 and 1, which wait for the third batch, the one drawn first is taken.
    expect(plan([0, 0, 0, 0, 1, 2, 3, 4, 5, 6], all)).toEqual({
      batches: [
        [4, 7, 0, 6],
        [3, 9, 5, 8],
        [2, 6, 4, 9],
        [2, 8, 7, 5],
      ],
      leftOut: [1, 2],
    });
  });

  it('counts epochs by the number of rows that each epoch has', () => {
    const leftOut = [40, 20];
    expect(epochsOf(30, 100, leftOut)).toBe(0.5);
    expect(epochsOf(60, 100, leftOut)).toBe(1);
    expect(epochsOf(100, 100, leftOut)).toBe(1.5);
    expect(epochsOf(150, 100, [])).toBe(1.5);
  });

  it('puts equal passages into one batch only if the experiment allows it', () => {
    const pairs = pairsOf(64, (i) => i % 8);
    const { batches } = planBatches({ pairs, stage: seeded(16, 4, false), stageIndex: 0, seed: 7 });
    expect(batches.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });

  it('rejects fewer pairs or fewer distinct passages than one batch needs', () => {
    const plan = (pairs: Pair[]) => () => planBatches({ pairs, stage: seeded(16, 4), stageIndex: 0, seed: 7 });
    expect(thrown(plan(pairsOf(15)))).toEqual({ kind: 'too-few-pairs', pairs: 15, batchSize: 16 });
    expect(thrown(plan(pairsOf(64, (i) => i % 15)))).toEqual({
      kind: 'too-few-pairs',
      pairs: 15,
      batchSize: 16,
      distinct: 'passages',
    });
    expect(thrown(plan([]))).toMatchObject({ kind: 'too-few-pairs' });
  });

  it('orders 100,000 pairs, of which many share a passage, in work that grows with their number', () => {
    // Each offer of a row looks whether the batch has its passage.
    const offers = vi.spyOn(Set.prototype, 'has');
    const { batches, leftOut } = planBatches({
      pairs: pairsOf(100_000, (i) => (i % 10 === 0 ? 0 : i % 20_000)),
      stage: epochs(32, 2),
      stageIndex: 0,
      seed: 7,
    });
    expect(batches).toHaveLength(Math.floor((200_000 - leftOut[0]! - leftOut[1]!) / 32));
    const made = offers.mock.calls.length;
    offers.mockRestore();
    expect(made).toBeLessThan(10 * 200_000);
  });

  it('follows a listed order exactly, and names the stage if the list does not fit', () => {
    const stage = (value: number) => ({
      batching: { kind: 'listed' as const, sha256: '0'.repeat(64) },
      duration: { unit: 'steps' as const, value },
    });
    const request = {
      pairs: pairsOf(3),
      stageIndex: 1,
      seed: 7,
      listed: [
        [0, 1],
        [2, 5],
      ],
    };
    expect(planBatches({ ...request, stage: stage(1) })).toEqual({ batches: [[0, 1]], leftOut: [] });
    expect(thrown(() => planBatches({ ...request, stage: stage(2) }))).toMatchObject({
      kind: 'experiment-invalid',
      path: 'stages.1.batching',
      found: own('row', 5),
    });
    expect(thrown(() => planBatches({ ...request, stage: stage(3) }))).toMatchObject({
      kind: 'experiment-invalid',
      path: 'stages.1.duration',
    });
  });
});

describe('a listed order', () => {
  const plan = (duration: { unit: 'epochs' | 'steps'; value: number }, listed?: number[][], pairs = 3) =>
    thrownOr(() =>
      planBatches({
        pairs: pairsOf(pairs),
        stage: { batching: { kind: 'listed', sha256: '0'.repeat(64) }, duration },
        stageIndex: 0,
        seed: 7,
        ...(listed && { listed }),
      }),
    );
  const thrownOr = <T>(work: () => T): unknown => {
    let result: T | undefined;
    const details = thrown(() => (result = work()));
    return details ?? result;
  };
  const [first, second] = [
    [0, 1],
    [2, 0],
  ];

  it('is followed once per epoch, and at least for one step', () => {
    const batches = (value: number) => ({ batches: [first, second, first, second].slice(0, value), leftOut: [] });
    expect(plan({ unit: 'epochs', value: 2 }, [first, second])).toEqual(batches(4));
    expect(plan({ unit: 'epochs', value: 1.5 }, [first, second])).toEqual(batches(3));
    expect(plan({ unit: 'epochs', value: 0.01 }, [first, second])).toEqual(batches(1));
  });

  it('is refused if it is missing or empty', () => {
    const missing = { kind: 'experiment-invalid', path: 'stages.0.batching', found: own('no-batch-list') };
    expect(plan({ unit: 'epochs', value: 1 })).toEqual(missing);
    expect(plan({ unit: 'epochs', value: 1 }, [])).toEqual(missing);
  });

  it('is refused with the numbers if it has fewer steps than asked for, or names a row that is not there', () => {
    expect(plan({ unit: 'steps', value: 3 }, [first, second])).toEqual({
      kind: 'experiment-invalid',
      path: 'stages.0.duration',
      found: '3',
      expected: own('at-most', 2),
    });
    expect(plan({ unit: 'steps', value: 2 }, [first, second], 2)).toEqual({
      kind: 'experiment-invalid',
      path: 'stages.0.batching',
      found: own('row', 2),
      expected: own('row-from-to', 0, 1),
    });
  });
});

describe('the number of steps', () => {
  it('counts the full batches of all epochs together, and is at least one', () => {
    expect(stepCount(600, 16, { unit: 'epochs', value: 2 })).toBe(75);
    expect(stepCount(10, 4, { unit: 'epochs', value: 2 })).toBe(5);
    expect(stepCount(10, 8, { unit: 'epochs', value: 0.01 })).toBe(1);
    expect(stepCount(10, 8, { unit: 'steps', value: 42 })).toBe(42);
  });
});
