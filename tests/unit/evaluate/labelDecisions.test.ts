import { describe, expect, it } from 'vitest';
import { correctedResults } from '../../../src/domain/evaluate/correctedResults';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { labelChanges, type LabelDecision, type LabelMark } from '../../../src/domain/evaluate/labelDecisions';
import { mrrAtK, ndcgAtK, recallAtK } from '../../../src/domain/evaluate/metrics';
import { RandomStream } from '../../../src/domain/random';

const questions = [
  { id: 'a', text: '甲？', relevant: ['p1'] },
  { id: 'b', text: '乙？', relevant: ['p2', 'p3'] },
];
const known = (id: string): boolean => id.startsWith('p');

function decisions(...marks: [questionId: string, passageId: string, mark: LabelMark][]): LabelDecision[] {
  return marks.map(([questionId, passageId, mark], i) => {
    const question = questions.find(({ id }) => id === questionId)?.text ?? '丙？';
    return { number: i + 1, part: 'test', questionId, question, passageId, mark };
  });
}
const changesOf = (...marks: Parameters<typeof decisions>) =>
  labelChanges(questions, decisions(...marks), 'test', known);

describe('label decisions', () => {
  it('add and remove right passages, and the latest one about a passage counts', () => {
    const { byQuestion, count, stale } = changesOf(
      ['a', 'p1', 'wrong'],
      ['a', 'p7', 'right'],
      ['b', 'p2', 'wrong'],
      ['b', 'p2', 'imported'],
      ['b', 'p3', 'right'],
    );
    expect([...byQuestion.values()]).toEqual([{ questionId: 'a', added: ['p7'], removed: ['p1'] }]);
    expect({ count, stale }).toEqual({ count: 2, stale: 0 });
  });

  it('have no effect, and are counted, once the question, its text or the passage is no longer in the data', () => {
    const other = { ...decisions(['a', 'p1', 'wrong'])[0], question: '以前的问题' } as LabelDecision;
    const all = [other, ...decisions(['gone', 'p1', 'right'], ['b', 'gone', 'right'])];
    expect(labelChanges(questions, all, 'test', known)).toMatchObject({ count: 0, stale: 3 });
  });

  it('apply only to their part', () => {
    expect(labelChanges(questions, decisions(['a', 'p1', 'wrong']), 'dev', known).count).toBe(0);
  });
});

const ids = Array.from({ length: 40 }, (_, i) => `p${i}`);

/** Returns the result of a ranking for right passages, as an evaluation stores it. */
function resultOf(questionId: string, ranking: readonly string[], relevant: readonly string[]): QuestionResult {
  const top = ranking.slice(0, 10).map((passageId, i) => ({ passageId, score: 1 - i / 100 }));
  const ranks = relevant.map((id) => ranking.indexOf(id) + 1).sort((a, b) => a - b);
  return { questionId, ranks, top, rightScore: 1 - ((ranks[0] ?? 0) - 1) / 100 };
}

describe('results after label decisions', () => {
  it('equal a new evaluation on the changed labels in all metrics of the first ten passages', () => {
    const random = new RandomStream(3, 'devSplit');
    let exact = 0;
    for (let round = 0; round < 300; round++) {
      const ranking = ids.toSorted((a, b) => keyOf(round, a) - keyOf(round, b));
      const pick = (): string => ids[random.below(ids.length)] ?? '';
      const relevant = [...new Set([pick(), pick(), pick()].slice(0, 1 + random.below(3)))];
      const removed = relevant.filter(() => random.below(2) === 0);
      const added = [...new Set([pick(), pick()].slice(0, random.below(3)))].filter((id) => !relevant.includes(id));
      const change = { questionId: 'q', added, removed };
      const byQuestion = new Map([['q', change]]);
      const before = resultOf('q', ranking, relevant);
      const corrected = correctedResults([before], new Map([['q', relevant]]), { byQuestion });
      const wanted = [...relevant.filter((id) => !removed.includes(id)), ...added];
      const [found] = corrected.results;
      expect(corrected.unanswered).toBe(wanted.length === 0 ? 1 : 0);
      if (!found) continue;
      const again = resultOf('q', ranking, wanted);
      for (const metric of [mrrAtK, ndcgAtK, recallAtK])
        expect(metric(found.ranks, 10)).toBeCloseTo(metric(again.ranks, 10), 12);
      for (const k of [20, 40]) expect(recallAtK(found.ranks, k)).toBeLessThanOrEqual(recallAtK(again.ranks, k));
      if (corrected.inexact > 0) continue;
      exact += 1;
      // The score of a passage that was not the best and is beyond the first ten is not stored.
      const { rightScore = again.rightScore, ...rest } = found;
      expect({ ...rest, rightScore }).toEqual(again);
    }
    expect(exact).toBeGreaterThan(50);
  });

  it('leave out a question whose only right passage is wrong, and count it', () => {
    const { byQuestion } = changesOf(['a', 'p1', 'wrong']);
    const results = [resultOf('a', ids, ['p1']), resultOf('b', ids, ['p2', 'p3'])];
    const relevant = new Map(questions.map((question) => [question.id, question.relevant]));
    expect(correctedResults(results, relevant, { byQuestion })).toEqual({
      results: [results[1]],
      unanswered: 1,
      inexact: 0,
    });
  });

  it('know that a passage is not found if a keyword search has found fewer than ten', () => {
    const { byQuestion } = changesOf(['a', 'p30', 'right']);
    const result = resultOf('a', ids.slice(0, 4), ['p1']);
    const corrected = correctedResults([result], new Map([['a', ['p1']]]), { byQuestion });
    expect(corrected).toMatchObject({ inexact: 0, results: [{ ranks: [2, Infinity] }] });
  });
});

/** A number that orders the passages differently in each round. */
function keyOf(round: number, id: string): number {
  return Math.imul(round * 40 + Number(id.slice(1)) + 1, 0x9e3779b1) >>> 0;
}
