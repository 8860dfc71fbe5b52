import { safeParse } from 'valibot';
import { describe, expect, it } from 'vitest';
import { countScores, hardestOf, medianOf, scoreBinWidth } from '../../../src/domain/evaluate/devScores';
import { passageOrder } from '../../../src/domain/evaluate/ranking';
import { runEventSchema } from '../../../src/domain/project/eventSchemas';
import { RandomStream } from '../../../src/domain/random';
import { vectorsInOnePiece } from '../../../workers/engine/retrieval/vectors';
import { scoreDev } from '../../../workers/services/evaluate/scoreDev';

const width = 6;
const random = new RandomStream(3, 'bootstrap');
function unitVectors(count: number): number[][] {
  return Array.from({ length: count }, () => {
    const vector = Array.from({ length: width }, () => random.unit() - 0.5);
    const norm = Math.hypot(...vector);
    return vector.map((value) => value / norm);
  });
}
const passages = unitVectors(60);
const asked = unitVectors(12);
const order = passageOrder(passages.map((_, i) => ({ id: `p${i}` })));
const questions = asked.map((_, i) => ({
  id: `q${i}`,
  text: '',
  relevant: i === 5 ? ['unknown'] : [`p${i}`, `p${2 * i}`],
}));
const cosine = (a: number[] = [], b: number[] = []): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
const scoreAt = (question: number, id: string): number => cosine(asked[question], passages[Number(id.slice(1))]);
const ranked = (question: number) =>
  order.ids.map((passageId) => ({ passageId, score: scoreAt(question, passageId) })).sort((a, b) => b.score - a.score);
const input = {
  questions,
  order,
  results: questions.map(({ id }, i) => ({ questionId: id, ranks: [], top: ranked(i).slice(0, 10) })),
  questionVectors: vectorsInOnePiece(Float32Array.from(asked.flat()), width),
  passageVectors: vectorsInOnePiece(Float32Array.from(passages.flat()), width),
  seed: 7,
};
const total = ({ counts }: { counts: number[] }): number => counts.reduce((sum, count) => sum + count, 0);

describe('the scores of dev questions', () => {
  it('are those of a naive loop over right and best wrong passages, without questions that have no right one', () => {
    const { right, bestWrong, hardest } = scoreDev(input);
    const rights: number[] = [];
    const wrongs: number[] = [];
    const margins: [string, number][] = [];
    for (const [i, { id, relevant }] of questions.entries()) {
      if (i === 5) continue;
      const own = [...new Set(relevant)].map((passage) => scoreAt(i, passage));
      const wrong = ranked(i).find(({ passageId }) => !relevant.includes(passageId))?.score ?? NaN;
      rights.push(...own);
      wrongs.push(wrong);
      margins.push([id, Math.max(...own) - wrong]);
    }
    expect(right).toEqual(countScores(rights));
    expect(bestWrong).toEqual(countScores(wrongs));
    margins.sort((a, b) => a[1] - b[1]);
    expect(hardest.map(({ questionId }) => questionId)).toEqual(margins.slice(0, 10).map(([id]) => id));
    expect((hardest[0]?.right.score ?? 0) - (hardest[0]?.wrong.score ?? 0)).toBeCloseTo(margins[0]?.[1] ?? NaN, 6);
  });

  it('include the same random wrong passages at every evaluation', () => {
    const { randomWrong } = scoreDev(input);
    expect(scoreDev(input).randomWrong).toEqual(randomWrong);
    expect(scoreDev({ ...input, seed: 8 }).randomWrong).not.toEqual(randomWrong);
    expect(total(randomWrong)).toBeGreaterThan(11 * 15);
    expect(total(randomWrong)).toBeLessThan(11 * 20);
  });

  it('can be opened from a project file', () => {
    const event = { runId: 'r', seq: 0, at: 0, type: 'devEvaluation', step: 1, best: true, sampleOf: 100 };
    const shares = ['hitRateAt1', 'hitRateAt3', 'hitRateAt5', 'hitRateAt10', 'recallAt10', 'mrrAt10', 'ndcgAt10'];
    const metrics = { ...Object.fromEntries(shares.map((name) => [name, 0.5])), questions: 12, passages: 60 };
    const scores = scoreDev(input);
    expect(safeParse(runEventSchema, { ...event, metrics, scores }).issues).toBeUndefined();
    const tooMany = { ...scores, right: { first: 0, counts: Array.from({ length: 101 }, () => 1) } };
    expect(safeParse(runEventSchema, { ...event, metrics, scores: tooMany }).success).toBe(false);
  });
});

describe('counts of scores', () => {
  it('begin at the bin of the smallest score and leave out what is not a number', () => {
    expect(countScores([0.5, 0.53, NaN, 0.59, 0.501])).toEqual({ first: 25, counts: [2, 1, 0, 0, 1] });
    expect(countScores([-1, 1.0000001])).toMatchObject({ first: -50 });
    expect(countScores([-1, 1.0000001]).counts).toHaveLength(100);
    expect(countScores([NaN])).toEqual({ first: 0, counts: [] });
  });

  it('have a median, which is the middle of its bin', () => {
    const scores = Array.from({ length: 101 }, (_, i) => i / 200);
    expect(Math.abs(medianOf(countScores(scores)) - 0.25)).toBeLessThanOrEqual(scoreBinWidth);
    expect(medianOf(countScores([]))).toBeNaN();
  });

  it('come with at most ten hardest questions, in which ties keep their order', () => {
    const question = (n: number, margin: number) => ({
      questionId: `q${n}`,
      right: { passageId: 'a', score: 0.5 + margin },
      wrong: { passageId: 'b', score: 0.5 },
    });
    const list = Array.from({ length: 30 }, (_, n) => question(n, n % 2 === 0 ? 0.25 : -0.25)).concat(
      question(30, NaN),
    );
    expect(hardestOf(list).map(({ questionId }) => questionId)).toEqual(
      Array.from({ length: 10 }, (_, i) => `q${2 * i + 1}`),
    );
  });
});
