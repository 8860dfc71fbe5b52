import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { countScores } from '../../../src/domain/evaluate/devScores';
import { answersOf, dPrime, overlap, scoreHistograms } from '../../../src/domain/evaluate/questionScores';
import {
  chooseThreshold,
  curvesOf,
  figuresAt,
  operatingPoints,
  thinned,
  type AnsweredQuestion,
  type ThresholdRule,
} from '../../../src/domain/evaluate/threshold';

interface Golden {
  cases: {
    scores: number[];
    right: boolean[];
    roc: [number, number, number][];
    pr: [number, number, number][];
    rocArea: number;
    prArea: number;
    f1: { best: number; value: number };
    atLeast: Record<string, number[]>;
  }[];
  separability: { right: number[]; wrong: number[]; dPrime: number; overlap: number };
}
const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/metrics/thresholds.json', import.meta.url), 'utf8'),
) as Golden;

const answers = (scores: readonly number[], right: readonly boolean[]): AnsweredQuestion[] =>
  scores.map((score, i) => ({ score, right: right[i] ?? false, answerable: true }));
const few: AnsweredQuestion[] = [
  { score: 0.9, right: true, answerable: true },
  { score: 0.8, right: true, answerable: true },
  { score: 0.7, right: false, answerable: false },
  { score: 0.6, right: true, answerable: true },
  { score: 0.5, right: false, answerable: true },
];

describe.each(golden.cases.map((one, i) => [i, one] as const))('threshold curves of case %i', (_, one) => {
  const own = answers(one.scores, one.right);
  const curves = curvesOf(own);

  it('have the points and areas of scikit-learn', () => {
    expect(curves?.rocArea).toBeCloseTo(one.rocArea, 9);
    expect(curves?.prArea).toBeCloseTo(one.prArea, 9);
    expect(curves?.points).toHaveLength(one.roc.length);
    one.roc.forEach(([score, falsePositives, truePositives], i) => {
      expect(curves?.points[i]?.score).toBe(score);
      expect(curves?.points[i]?.falsePositives).toBeCloseTo(falsePositives, 9);
      expect(curves?.points[i]?.truePositives).toBeCloseTo(truePositives, 9);
    });
    const found = new Map(curves?.points.map((point) => [point.score, point]));
    for (const [score, precision, recall] of one.pr) {
      expect(found.get(score)?.precision).toBeCloseTo(precision, 9);
      expect(found.get(score)?.truePositives).toBeCloseTo(recall, 9);
    }
  });

  it('give the threshold with the best F1, and the lowest one with enough precision, of scikit-learn', () => {
    const lowestAnswered = (threshold: number | null): number | undefined =>
      operatingPoints(own).findLast(({ score }) => score >= (threshold ?? Infinity))?.score;
    const best = chooseThreshold(own, { by: 'f1' });
    expect(lowestAnswered(best)).toBe(one.f1.best);
    expect(figuresAt(own, best ?? NaN).f1).toBeCloseTo(one.f1.value, 9);
    for (const [share, [lowest]] of Object.entries(one.atLeast))
      expect(lowestAnswered(chooseThreshold(own, { by: 'precision', share: Number(share) }))).toBe(lowest);
  });
});

describe('a chosen threshold', () => {
  it('satisfies its rule on dev as well as any other threshold', () => {
    for (const { scores, right } of golden.cases) {
      const own = answers(scores, right);
      const all = scores.map((score) => figuresAt(own, score));
      const by = (rule: ThresholdRule) => figuresAt(own, chooseThreshold(own, rule) ?? NaN);
      expect(by({ by: 'f1' }).f1).toBe(Math.max(...all.map(({ f1 }) => f1)));
      const precise = all.filter(({ precision }) => (precision ?? 0) >= 0.8);
      expect(by({ by: 'precision', share: 0.8 }).answered).toBe(
        Math.max(0, ...precise.map(({ answered }) => answered)),
      );
      const kept = all.filter(({ answered }) => answered >= 0.75 * own.length - 1e-9);
      expect(by({ by: 'rejection', share: 0.25 }).answered).toBe(Math.min(...kept.map(({ answered }) => answered)));
    }
  });

  it('lies between two scores at the shortest decimal, so that rounding moves no question across it', () => {
    expect(chooseThreshold(few, { by: 'precision', share: 1 })).toBe(0.75);
    expect(chooseThreshold(answers([0.61234, 0.61231], [true, false]), { by: 'f1' })).toBe(0.61233);
    const tight = [0.5, 0.5 + Number.EPSILON];
    expect(chooseThreshold(answers(tight, [false, true]), { by: 'f1' })).toBe(0.5 + Number.EPSILON);
  });

  it('does not exist if no answer is right or none is precise enough', () => {
    expect(chooseThreshold([], { by: 'f1' })).toBeNull();
    expect(chooseThreshold(answers([0.4], [false]), { by: 'f1' })).toBeNull();
    expect(chooseThreshold(answers([0.9, 0.8], [false, true]), { by: 'precision', share: 0.9 })).toBeNull();
  });

  it('answers all questions if none may be rejected', () => {
    // A little below the lowest score, because nothing is known of lower ones.
    expect(chooseThreshold(few, { by: 'rejection', share: 0 })).toBe(0.49);
    expect(figuresAt(few, 0.49).answered).toBe(5);
  });

  it('counts questions without an answer as wrong when they are answered', () => {
    expect(figuresAt(few, 0.65)).toMatchObject({
      questions: 5,
      unanswerable: 1,
      unanswerableAnswered: 1,
      answered: 3,
      right: 2,
      rejectedRight: 1,
      precision: 2 / 3,
      recall: 2 / 3,
    });
    expect(figuresAt(few, 1)).toMatchObject({ answered: 0, precision: null, recall: 0, f1: 0 });
    expect(figuresAt([], 1)).toMatchObject({ questions: 0, precision: null, recall: null });
  });
});

describe('the curves', () => {
  it('have all points if there are few, else evenly spaced ones up to the last', () => {
    const points = Array.from({ length: 10 }, (_, i) => i);
    expect(thinned(points, 10)).toEqual(points);
    expect(thinned(points, 5)).toEqual([1, 3, 5, 7, 9]);
    expect(thinned(points, 3)).toEqual([2, 6, 9]);
    expect(thinned([], 3)).toEqual([]);
  });

  it('do not exist if all answers are right or none is', () => {
    expect(curvesOf(answers([0.9, 0.8], [true, true]))).toBeNull();
    expect(curvesOf(answers([0.9, 0.8], [false, false]))).toBeNull();
  });
});

describe('the scores of right and best wrong passages', () => {
  it('are as far apart, and overlap as much, as by the naive formulas', () => {
    const { right, wrong, ...expected } = golden.separability;
    expect(dPrime(right, wrong)).toBeCloseTo(expected.dPrime, 9);
    expect(overlap(countScores(right), countScores(wrong))).toBeCloseTo(expected.overlap, 9);
  });

  it('have no distance if there are too few or none differs', () => {
    expect(dPrime([0.5], [0.4, 0.3])).toBeNull();
    expect(dPrime([0.5, 0.5], [0.4, 0.4])).toBeNull();
    expect(overlap(countScores([]), countScores([0.4]))).toBeNull();
  });

  it('are counted with those of questions without an answer, of which every passage is wrong', () => {
    const questions = [
      {
        questionId: 'a',
        first: { passageId: 'p', score: 0.9, right: true },
        right: [0.9, 0.3],
        wrong: 0.5,
        random: [0],
      },
      { questionId: 'b', first: { passageId: 'q', score: 0.7, right: false }, right: [], wrong: 0.7, random: [] },
      { questionId: 'c', first: { passageId: 'r', score: 0.8, right: true }, right: [0.8], wrong: null, random: [] },
    ];
    expect(scoreHistograms(questions)).toMatchObject({
      right: countScores([0.9, 0.3, 0.8]),
      bestWrong: countScores([0.5, 0.7]),
      randomWrong: countScores([0]),
    });
    expect(answersOf(questions).map(({ answerable }) => answerable)).toEqual([true, false, true]);
  });
});
