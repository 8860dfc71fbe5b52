import { describe, expect, it } from 'vitest';
import { compareQuestions, verdictOf } from '../../../src/domain/evaluate/comparison';
import { mcNemar, pairedBootstrap, wilsonInterval } from '../../../src/domain/evaluate/statistics';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { naiveBootstrap } from '../../reference/bootstrap';
import { naiveMcNemar } from '../../reference/mcNemar';

const result = (questionId: string, ...ranks: number[]): QuestionResult => ({ questionId, ranks, top: [] });

describe('the Wilson interval', () => {
  it('ranges from 71.1% to 86.7% for 80 successes in 100 trials', () => {
    const { low, high } = wilsonInterval(80, 100);
    expect(low * 100).toBeCloseTo(71.1, 1);
    expect(high * 100).toBeCloseTo(86.7, 1);
  });

  it('ends exactly where the score test reaches its critical value', () => {
    for (const [successes, trials] of [
      [3, 10],
      [50, 100],
      [199, 200],
    ] as const) {
      const { low, high } = wilsonInterval(successes, trials);
      for (const end of [low, high])
        expect(Math.abs(successes / trials - end) / Math.sqrt((end * (1 - end)) / trials)).toBeCloseTo(1.959964, 5);
    }
  });

  it('begins at exactly 0 without successes and ends at exactly 1 without failures, whatever the rounding', () => {
    for (let trials = 1; trials <= 200; trials++) {
      expect(wilsonInterval(0, trials).low).toBe(0);
      expect(wilsonInterval(trials, trials).high).toBe(1);
    }
  });

  it('stays between 0 and 1', () => {
    expect(wilsonInterval(0, 5).low).toBe(0);
    expect(wilsonInterval(5, 5).high).toBe(1);
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe("McNemar's test", () => {
  it('agrees with a sum over all outcomes for up to 30 wins and 30 losses', () => {
    for (let won = 0; won <= 30; won++)
      for (let lost = 0; lost <= 30; lost++)
        if (won + lost > 0) expect(mcNemar(won, lost)).toBeCloseTo(naiveMcNemar(won, lost), 10);
    expect(mcNemar(0, 0)).toBe(1);
  });

  it('stays accurate at 1,200 questions, where 2^-n underflows to zero', () => {
    expect(mcNemar(650, 550)).toBeCloseTo(naiveMcNemar(650, 550), 8);
  });

  it.each([
    [6, 0],
    [8, 1],
    [10, 2],
    [15, 5],
  ])('shows a difference at %i wins to %i losses, but not with one win fewer', (won, lost) => {
    expect(verdictOf(won, lost).verdict).toBe('better');
    expect(verdictOf(lost, won).verdict).toBe('worse');
    expect(verdictOf(won - 1, lost).verdict).toBe('noDifferenceShown');
  });
});

describe('the paired bootstrap', () => {
  it('agrees with the normal approximation for 400 questions, and is the same for the same seed', () => {
    const before = Array.from({ length: 400 }, (_, i) => (i % 2) / 2);
    const after = Array.from({ length: 400 }, (_, i) => ((i + 1) % 4) / 4);
    const differences = after.map((value, i) => value - (before[i] ?? 0));
    const mean = differences.reduce((sum, value) => sum + value, 0) / 400;
    const error = Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 400 / 400);
    const { low, high } = pairedBootstrap(before, after, 7);
    // The quantiles of 2,000 resamples have a standard error of 0.06 standard errors of the mean.
    expect(Math.abs((low - mean) / error + 1.96)).toBeLessThan(0.2);
    expect(Math.abs((high - mean) / error - 1.96)).toBeLessThan(0.2);
    expect(pairedBootstrap(before, after, 7)).toEqual({ low, high });
    expect(pairedBootstrap(before, after, 8)).not.toEqual({ low, high });
  });

  it("ends at the 2.5% and 97.5% percentiles of 2,000 resamples, by numpy's definition", () => {
    const before = [0, 0.5, 1, 0.25, 0.1, 0, 0.2];
    const after = [1, 0.5, 0.2, 0.5, 1, 0, 0.3];
    const { low, high } = naiveBootstrap(before, after, 3);
    expect(pairedBootstrap(before, after, 3)).toEqual({ low: expect.closeTo(low, 12), high: expect.closeTo(high, 12) });
  });

  it('draws every question, including the first and the last', () => {
    expect(pairedBootstrap([0.25], [1], 1)).toEqual({ low: 0.75, high: 0.75 });
    expect(pairedBootstrap([0, 0], [0, 1], 1)).toEqual({ low: 0, high: 1 });
    expect(pairedBootstrap([0, 0], [1, 0], 1)).toEqual({ low: 0, high: 1 });
  });

  it('is an interval of width zero at zero if there are no questions', () => {
    expect(pairedBootstrap([], [], 1)).toEqual({ low: 0, high: 0 });
  });
});

describe('a comparison', () => {
  const before = [
    result('a', 3),
    result('b', 1),
    result('c', 1, 9),
    result('d', 40),
    result('e', 2),
    result('only before', 1),
  ];
  const after = [
    result('a', 1),
    result('b', 5),
    result('c', 1),
    result('d', 1),
    result('e', 3, 7),
    result('only after', 1),
  ];

  it('lists won, lost and unchanged questions with their ranks, the largest change first', () => {
    const { won, lost, unchanged } = compareQuestions(before, after, 1);
    expect(won).toEqual([
      { questionId: 'd', rankBefore: 40, rankAfter: 1 },
      { questionId: 'a', rankBefore: 3, rankAfter: 1 },
    ]);
    expect(lost).toEqual([{ questionId: 'b', rankBefore: 1, rankAfter: 5 }]);
    expect(unchanged.map((change) => change.questionId)).toEqual(['c', 'e']);
  });

  it('shows no difference if there are too few questions to prove one', () => {
    expect(compareQuestions(before, after, 1)).toMatchObject({ verdict: 'noDifferenceShown', p: 1 });
  });

  it('swaps won and lost when before and after are swapped', () => {
    const swapped = compareQuestions(after, before, 1);
    expect(swapped.lost.map((change) => change.questionId).sort()).toEqual(['a', 'd']);
    expect(swapped.won.map((change) => change.questionId)).toEqual(['b']);
  });

  it('lists the question that fell deepest first among the lost ones', () => {
    const fell = ['a', 'b', 'c'].map((id) => result(id, 1));
    const { lost } = compareQuestions(fell, [result('a', 4), result('b', 90), result('c', 7)], 1);
    expect(lost.map((change) => [change.questionId, change.rankAfter])).toEqual([
      ['b', 90],
      ['c', 7],
      ['a', 4],
    ]);
  });

  it('estimates the change in MRR@10 from the questions that both evaluations have', () => {
    const { mrrChange } = compareQuestions(before, after, 1, 3);
    const [old, now] = [
      [1 / 3, 1, 1, 0, 1 / 2],
      [1, 1 / 5, 1, 1, 1 / 3],
    ];
    expect(mrrChange).toEqual(pairedBootstrap(old ?? [], now ?? [], 3));
  });

  it('counts wins at the given cutoff k', () => {
    expect(compareQuestions(before, after, 3).won.map((change) => change.questionId)).toEqual(['d']);
  });
});
