import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mrrAtK, ndcgAtK } from '../../../src/domain/evaluate/metrics';
import { passageOrder, relevantPlaces, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import { evaluateRanks, questionResult, type QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { wilsonInterval } from '../../../src/domain/evaluate/statistics';
import type { Question, Passage } from '../../../src/domain/records';
import { naiveMetrics, naiveRanking } from '../../reference/retrieval';

type ByK = Record<string, number>;
interface GoldenCase {
  levels: number;
  shuffled: string[];
  scores: number[][];
  relevant: string[][];
  metrics: Record<'hitRate' | 'precision' | 'recall' | 'mrr' | 'ndcg', ByK>;
}
const golden: GoldenCase[] = JSON.parse(
  readFileSync(new URL('../../fixtures/metrics/golden.json', import.meta.url), 'utf8'),
);

const passagesOf = (ids: readonly string[]): Passage[] => ids.map((id) => ({ id, text: id }));
const questionsOf = (relevant: readonly string[][]): Question[] =>
  relevant.map((ids, i) => ({ id: `q${i}`, text: '', relevant: ids }));
/** Ranks all passages by a full sort, for comparison with the search. Takes one score per passage. */
function rankQuestion(question: Question, scores: Float32Array, order: PassageOrder): QuestionResult {
  const sorted = naiveRanking(order.ids, scores).map((id) => order.place[order.indexOf.get(id) ?? -1] ?? -1);
  const places = relevantPlaces(question, order);
  const ranks = places.map((place) => sorted.indexOf(place) + 1);
  const scoreOf = (place: number): number => scores[order.inOrder[place] ?? -1] ?? NaN;
  const top = sorted.slice(0, 10).map((place) => ({ passage: place, score: scoreOf(place) }));
  const found = questionResult(question, { ranks, top, scores: places.map(scoreOf) }, order);
  expect(found.rightScore).toBe(places.length === 0 ? undefined : Math.max(...places.map(scoreOf)));
  return found;
}
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the retrieval metrics', () => {
  it.each(golden.map((item) => [item.levels, item] as const))(
    'match sentence-transformers for scores with %i distinct levels',
    (_levels, item) => {
      const order = passageOrder(passagesOf(item.shuffled));
      const questions = questionsOf(item.relevant);
      const results = questions.map((question, i) =>
        rankQuestion(
          question,
          Float32Array.from(item.scores[i] ?? [], (score) => score / 2048),
          order,
        ),
      );
      const found = evaluateRanks(results, questions, order.ids.length, [1, 3, 5, 10]);
      for (const k of [1, 3, 5, 10]) {
        expect(found.hitRateAtK[k]).toBeCloseTo(item.metrics.hitRate[k]!, 12);
        expect(found.precisionAtK[k]).toBeCloseTo(item.metrics.precision[k]!, 12);
        expect(found.recallAtK[k]).toBeCloseTo(item.metrics.recall[k]!, 12);
        expect(mean(results.map((result) => mrrAtK(result.ranks, k)))).toBeCloseTo(item.metrics.mrr[k]!, 12);
        expect(mean(results.map((result) => ndcgAtK(result.ranks, k)))).toBeCloseTo(item.metrics.ndcg[k]!, 12);
      }
      const { metrics } = found;
      expect([metrics.hitRateAt1, metrics.hitRateAt3, metrics.hitRateAt5, metrics.hitRateAt10]).toEqual(
        [1, 3, 5, 10].map((k) => found.hitRateAtK[k]),
      );
      expect([metrics.recallAt10, metrics.mrrAt10, metrics.ndcgAt10]).toEqual([
        found.recallAtK[10],
        expect.closeTo(item.metrics.mrr[10]!, 12),
        expect.closeTo(item.metrics.ndcg[10]!, 12),
      ]);
      expect([metrics.questions, metrics.passages]).toEqual([40, 60]);
    },
  );

  const reference = new URL('../../../../shared/reference/', import.meta.url);
  it.skipIf(!existsSync(reference))(
    'match the reference run when computed from its ranks (skipped without ../shared)',
    () => {
      const report = JSON.parse(readFileSync(new URL('metrics.json', reference), 'utf8'));
      for (const moment of ['Before', 'After'] as const) {
        const ranks: [string, number[]][] = Object.entries(report[`ranks${moment}`]);
        const results: QuestionResult[] = ranks.map(([questionId, own]) => ({ questionId, ranks: own, top: [] }));
        const { metrics } = evaluateRanks(results, questionsOf(ranks.map(() => [])), 600, [1]);
        for (const [name, value] of Object.entries(report[moment.toLowerCase()]))
          expect([name, metrics[name as keyof typeof metrics]]).toEqual([name, expect.closeTo(value as number, 12)]);
      }
    },
  );
});

describe('a ranking', () => {
  it('matches a full sort for any ties and any order of the passages', () => {
    const cases = fc.record({
      ids: fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '1', '猪', 'Z'), minLength: 1, maxLength: 3 }), {
        minLength: 1,
        maxLength: 40,
      }),
      levels: fc.integer({ min: 1, max: 6 }),
      picks: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
    });
    const property = fc.property(cases, ({ ids, levels, picks }) => {
      const scores = Float32Array.from(ids, (_, i) => (picks[i] ?? 0) % levels);
      const relevant = ids.filter((_, i) => (picks[i] ?? 0) % 3 === 0);
      fc.pre(relevant.length > 0);
      const sorted = naiveRanking(ids, scores);
      const result = rankQuestion({ id: 'q', text: '', relevant }, scores, passageOrder(passagesOf(ids)));
      expect(result.top.map((passage) => passage.passageId)).toEqual(sorted.slice(0, 10));
      expect(result.ranks).toEqual(relevant.map((id) => sorted.indexOf(id) + 1).sort((a, b) => a - b));
      const { ndcgAt10 } = evaluateRanks([result], [], ids.length, []).metrics;
      expect(ndcgAt10).toBeCloseTo(naiveMetrics(sorted, relevant, 10).ndcg, 12);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('leaves out relevant passages that the knowledge base lacks, and counts a repeated one once', () => {
    const order = passageOrder(passagesOf(['b', 'a', 'c']));
    expect(order.inOrder).toEqual(Uint32Array.of(1, 0, 2));
    expect(relevantPlaces({ id: 'q', text: '', relevant: ['c', 'x', 'b', 'c'] }, order)).toEqual([2, 1]);
  });

  it('has an interval for each hit rate, computed from the number of hits', () => {
    const results = Array.from({ length: 100 }, (_, i) => ({ questionId: `${i}`, ranks: [i < 80 ? 1 : 2], top: [] }));
    const { hitRateAtK, hitRateIntervals } = evaluateRanks(results, [], 5, [1, 2]);
    expect(hitRateAtK).toEqual({ 1: 0.8, 2: 1 });
    expect(hitRateIntervals).toEqual({ 1: wilsonInterval(80, 100), 2: wilsonInterval(100, 100) });
  });

  it('of a question without relevant passages counts as zero in every metric', () => {
    const { metrics, recallAtK } = evaluateRanks([{ questionId: 'q', ranks: [], top: [] }], [], 5, [3]);
    expect([metrics.recallAt10, metrics.ndcgAt10, metrics.mrrAt10, metrics.hitRateAt10, recallAtK[3]]).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  it('without questions has a hit rate of zero and an interval from 0 to 1', () => {
    const found = evaluateRanks([], [], 0, [1]);
    expect(found.metrics.hitRateAt1).toBe(0);
    expect(found.hitRateIntervals[1]).toEqual({ low: 0, high: 1 });
  });
});
