import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { sha256OfTexts } from '../../../src/domain/hash';
import { AnswerIndex } from '../../../src/domain/negatives/answerIndex';
import { drawn, noExclusions, type ChosenNegatives } from '../../../src/domain/negatives/chooseNegatives';
import { JudgedPairs } from '../../../src/domain/negatives/judgedPairs';
import { withoutDropped } from '../../../src/domain/negatives/withoutDropped';
import { RandomStream } from '../../../src/domain/random';

const hash = await sha256OfTexts();
const perAnchor = 3;
const pool = Array.from('天地玄黄宇宙洪荒日月盈昃', (character) => `${character}的段落`);
const pairs = ['母猪', '仔猪', '饲料', '疫苗'].map((anchor, i) => ({
  id: `${i}`,
  anchor,
  positive: `答案之${anchor}`,
}));

/** Mined negatives: row 0 has the first three of the pool, row 1 the next three, etc. Row 1 ends with a drawn one. */
function mined(): ChosenNegatives & { scores: NonNullable<ChosenNegatives['scores']> } {
  const at = Array.from(pool.keys());
  return {
    perAnchor,
    chosen: Int32Array.from(at),
    excluded: { ...noExclusions(), judged: 1, margin: 5 },
    refilled: 1,
    refilledRows: 1,
    scores: {
      positives: Float32Array.of(0.9, 0.8, 0.7, 0.6),
      negatives: Float32Array.from(at, (i) => i / 16),
      ranks: Uint16Array.from(at, (i) => (i === 5 ? 0 : 100 + i)),
      random: Float32Array.of(0.1, 0.2),
      candidates: 40,
    },
  };
}

/** Drops negatives, each given by its row and its index into the pool. */
function request(drops: readonly (readonly [row: number, index: number])[], seed = 3, stageIndex = 0) {
  const judged = new JudgedPairs([], false, hash);
  const ids = drops.map(([row, index]) => judged.idOf(pairs[row]?.anchor ?? '', pool[index] ?? ''));
  return { pairs, pool, seed, stageIndex, answers: new AnswerIndex(pairs, false, new JudgedPairs(ids, false, hash)) };
}

const rowOf = ({ chosen }: ChosenNegatives, row: number): number[] => [
  ...chosen.subarray(row * perAnchor, (row + 1) * perAnchor),
];

describe('mined negatives after the user has dropped some', () => {
  it('do not change if none of them was dropped', () => {
    expect(withoutDropped(mined(), request([]))).toEqual(mined());
    // Row 2 has no such negative; another row may keep it.
    expect(withoutDropped(mined(), request([[2, 0]]))).toEqual(mined());
  });

  it('keep their order, rank and score, and random ones follow with neither rank nor score', () => {
    const found = withoutDropped(mined(), request([[0, 0]]));
    const [first, second, third = -1] = rowOf(found, 0);
    expect([first, second]).toEqual([1, 2]);
    expect(third).toBeGreaterThan(2);
    expect([...(found.scores?.ranks.subarray(0, 3) ?? [])]).toEqual([101, 102, 0]);
    expect([...(found.scores?.negatives.subarray(0, 3) ?? [])]).toEqual([1 / 16, 2 / 16, NaN]);
    const others = mined();
    for (const row of [1, 2, 3]) expect(rowOf(found, row)).toEqual(rowOf(others, row));
    expect(found.scores?.ranks.subarray(3)).toEqual(others.scores.ranks.subarray(3));
    expect(found.scores?.negatives.subarray(3)).toEqual(others.scores.negatives.subarray(3));
    expect(found.scores).toMatchObject({ positives: others.scores.positives, candidates: 40 });
    expect(found.scores?.random).toEqual(others.scores.random);
  });

  it('do not change the mined ones, so that a drop can be undone', () => {
    const before = mined();
    const drops = request([
      [0, 0],
      [3, 10],
    ]);
    withoutDropped(before, drops);
    expect(before).toEqual(mined());
  });

  it('count each dropped negative, and a row as refilled once', () => {
    const counts = ({ excluded, refilled, refilledRows }: ChosenNegatives) => [
      excluded.judged,
      refilled,
      refilledRows,
      excluded.margin,
    ];
    const two = request([
      [0, 0],
      [0, 2],
    ]);
    expect(counts(withoutDropped(mined(), two))).toEqual([3, 3, 2, 5]);
    // Mining has refilled row 1 already.
    const inRefilled = request([
      [1, 3],
      [2, 7],
    ]);
    expect(counts(withoutDropped(mined(), inRefilled))).toEqual([3, 3, 2, 5]);
  });

  it('need no scores, and then each row with a dropped negative counts as refilled', () => {
    const { scores: _, ...bare } = mined();
    const found = withoutDropped(bare, request([[1, 3]]));
    expect(found).not.toHaveProperty('scores');
    expect([found.refilled, found.refilledRows]).toEqual([2, 2]);
    expect(rowOf(found, 1).slice(0, 2)).toEqual([4, 5]);
  });

  it('are completed in the order in which negatives are drawn for the row, without those that it has or has dropped', () => {
    const random = new RandomStream(1, 'deviceCheck');
    for (let seed = 0; seed < 30; seed++) {
      const stageIndex = seed % 3;
      const drops = Array.from({ length: 6 }, () => [random.below(4), random.below(pool.length)] as const);
      const found = withoutDropped(mined(), request(drops, seed, stageIndex));
      for (const row of pairs.keys()) {
        const isDropped = (index: number) => drops.some(([at, dropped]) => at === row && dropped === index);
        const kept = rowOf(mined(), row).filter((index) => !isDropped(index));
        const order = [...drawn(pool.length, new RandomStream(seed, 'negatives', stageIndex, row))];
        const more = order.filter((index) => !isDropped(index) && !kept.includes(index));
        expect(rowOf(found, row)).toEqual([...kept, ...more].slice(0, perAnchor));
      }
    }
  });

  it('are never a known answer to the question', () => {
    const texts = [...pool.slice(0, 4), ` ${pairs[0]?.positive} `];
    const few = { ...request([[0, 0]]), pool: texts };
    for (let seed = 0; seed < 20; seed++)
      expect(
        rowOf(
          withoutDropped({ ...mined(), chosen: Int32Array.from({ length: 12 }, (_, i) => i % 3) }, { ...few, seed }),
          0,
        ),
      ).toEqual([1, 2, 3]);
  });

  it('are refused with the question and the number found if the pool has too few other texts', () => {
    const chosen = Int32Array.from({ length: 12 }, (_, i) => i % 3);
    const few = {
      ...request([
        [2, 0],
        [2, 1],
      ]),
      pool: pool.slice(0, 4),
    };
    let thrown: unknown;
    try {
      withoutDropped({ ...mined(), chosen }, few);
    } catch (error) {
      thrown = error;
    }
    expect(thrown instanceof AppError && thrown.details).toEqual({
      kind: 'too-few-negatives',
      question: '饲料',
      found: 2,
      perAnchor: 3,
    });
  });
});
