import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerAt, rankChange, rankGain, sortByGain } from '../../../src/domain/evaluate/answerAt';
import { compareQuestions } from '../../../src/domain/evaluate/comparison';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { naiveBootstrap } from '../../reference/bootstrap';

const results = (ranks: readonly (number | null)[]): QuestionResult[] =>
  ranks.map((rank, i) => ({ questionId: `q${i}`, ranks: rank === null ? [] : [rank], top: [] }));

describe('the change of a rank', () => {
  it.each([
    [92, 5, 1, 'up'],
    [92, 5, 5, 'won'],
    [1, 3, 1, 'lost'],
    [1, 3, 3, 'down'],
    [4, 4, 10, 'same'],
    [Infinity, 1, 1, 'won'],
    [Infinity, 300, 10, 'up'],
    [300, Infinity, 10, 'down'],
    [Infinity, Infinity, 10, 'same'],
  ] as const)('from %d to %d at k = %d is called "%s"', (before, after, k, expected) => {
    expect(rankChange(before, after, k)).toBe(expected);
  });

  it('is larger the more times higher the passage ranks', () => {
    expect(rankGain(92, 5)).toBeGreaterThan(rankGain(10, 1));
    expect(rankGain(2, 1)).toBeCloseTo(Math.log(2), 12);
    expect(rankGain(1, 2)).toBeCloseTo(-Math.log(2), 12);
    expect(rankGain(Infinity, 5)).toBe(Infinity);
    expect(rankGain(5, Infinity)).toBe(-Infinity);
    expect(rankGain(Infinity, Infinity)).toBe(0);
  });
});

describe('questions sorted by gain', () => {
  it('begin with the largest gain and, among equal gains, with the passage that now ranks highest', () => {
    const changes: [string, number, number][] = [
      ['halved', 10, 20],
      ['gone', 1, Infinity],
      ['same and far', 30, 30],
      ['fivefold', 5, 1],
      ['same and near', 2, 2],
      ['found late', Infinity, 40],
      ['never found', Infinity, Infinity],
      ['fourfold', 80, 20],
      ['found first', Infinity, 1],
    ];
    const questions = changes.map(([name, rankBefore, rankAfter]) => ({ name, rankBefore, rankAfter }));
    expect(sortByGain(questions).map(({ name }) => name)).toEqual([
      ...['found first', 'found late', 'fivefold', 'fourfold'],
      ...['same and near', 'same and far', 'never found', 'halved', 'gone'],
    ]);
  });
});

describe('the answer at a cut-off', () => {
  const rank = fc.option(fc.integer({ min: 1, max: 30 }));

  it('counts every question once and agrees with the comparison of the whole run', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(rank, rank)), fc.constantFrom(1, 3, 5, 10, 20), (pairs, k) => {
        const before = results(pairs.map(([old]) => old));
        const after = results(pairs.map(([, now]) => now));
        const answer = answerAt(before, after, k);
        const { won, lost, unchanged, p, verdict } = compareQuestions(before, after, k);
        expect(answer).toMatchObject({ won: won.length, lost: lost.length, p, verdict, questions: pairs.length });
        expect(answer.up + answer.down + answer.same).toBe(unchanged.length);
        expect(answer.hitsAfter - answer.hitsBefore).toBe(won.length - lost.length);
      }),
      { numRuns: 30 },
    );
  });

  it('gives the bootstrap interval of the change in hit rate', () => {
    const before = results([1, 4, 2, 9, 1, 30, null, 3, 3, 8]);
    const after = results([1, 1, 1, 9, 2, 1, 5, 1, 2, 1]);
    const hit = ({ ranks }: QuestionResult): number => (ranks[0] === 1 ? 1 : 0);
    const { gain } = answerAt(before, after, 1, 7);
    expect(gain).toEqual(naiveBootstrap(before.map(hit), after.map(hit), 7));
    expect(gain.low).toBeLessThan(0.4);
    expect(gain.high).toBeGreaterThan(0.4);
  });

  it('leaves out questions that only one of the evaluations has', () => {
    const answer = answerAt(results([1, 1]), results([1, 1, 1]), 1);
    expect(answer).toMatchObject({ questions: 2, hitsBefore: 2, hitsAfter: 2, won: 0, lost: 0 });
  });
});
