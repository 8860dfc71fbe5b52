import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerAt } from '../../../src/domain/evaluate/answerAt';
import { comparedMetrics, metricId, metricValue } from '../../../src/domain/evaluate/comparedMetric';
import { compareTable } from '../../../src/domain/evaluate/compareTable';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { fuseRankings } from '../../../src/domain/evaluate/fuseRankings';
import { passageOrder } from '../../../src/domain/evaluate/ranking';
import { bootstrapP, holm, questionsNeeded } from '../../../src/domain/evaluate/significance';
import { bootstrapMeans, mcNemar, percentileInterval, wilsonInterval } from '../../../src/domain/evaluate/statistics';

interface Golden {
  metrics: Record<string, number>;
  fused: { lists: [string[], string[]]; scores: Record<string, number> };
  wilson: [number, number, number, number][];
  mcNemar: [number, number, number][];
  holm: { ps: number[]; adjusted: number[] };
  needed: [won: number, lost: number, questions: number, needed: number, power: number][];
  bootstrap: {
    values: number[];
    means: number[];
    percentiles: [number, number];
    p: number;
    interval: [number, number];
  };
}
const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/metrics/compare.json', import.meta.url), 'utf8'),
) as Golden;

const shared = new URL('../../../../shared/data/', import.meta.url);
const hasShared = existsSync(new URL('t2_sample_queries.jsonl', shared));
const sharedRows = <T>(name: string): T[] =>
  readFileSync(new URL(name, shared), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

const results = (ranks: readonly (number | null)[], id = 'q'): QuestionResult[] =>
  ranks.map((rank, i) => ({ questionId: `${id}${i}`, ranks: rank === null ? [] : [rank], top: [] }));

describe('the metrics of a comparison', () => {
  it.skipIf(!hasShared)(
    'match sentence-transformers and ranx for questions with several right passages (skipped without ../shared)',
    () => {
      const passages = sharedRows<{ pid: string; text: string }>('t2_sample_passages.jsonl').map(({ pid, text }) => ({
        pid,
        characters: new Set(text),
      }));
      const questions = sharedRows<{ qid: string; query: string; pos: string[] }>('t2_sample_queries.jsonl');
      const ranks = questions.map(({ query, pos }) => {
        const own = [...new Set(query)];
        const scored = passages.map(({ pid, characters }) => ({
          pid,
          score: own.filter((character) => characters.has(character)).length,
        }));
        scored.sort((a, b) => b.score - a.score || (a.pid < b.pid ? -1 : 1));
        const rankOf = new Map(scored.map(({ pid }, at) => [pid, at + 1]));
        return [...new Set(pos)].map((pid) => rankOf.get(pid) ?? Infinity);
      });
      expect(ranks.filter((own) => own.length > 1).length).toBeGreaterThan(50);
      const all = [1, 3, 5, 10, 20].flatMap((k) => comparedMetrics(k));
      const found = new Map(
        all.map((metric) => [
          metricId(metric),
          ranks.reduce((sum, own) => sum + metricValue(metric, own), 0) / ranks.length,
        ]),
      );
      expect([...found.keys()].sort()).toEqual(Object.keys(golden.metrics).sort());
      for (const [name, value] of found)
        expect(Math.abs(value - (golden.metrics[name] ?? NaN)), name).toBeLessThan(1e-9);
    },
  );

  it('of a question without right passages are 0, and a cut-off beyond the knowledge base finds every passage', () => {
    for (const metric of comparedMetrics(5)) expect(metricValue(metric, [])).toBe(0);
    expect(metricValue({ name: 'hitRate', k: 1000 }, [7])).toBe(1);
    expect(metricValue({ name: 'recall', k: 1000 }, [7, Infinity])).toBe(0.5);
    expect(metricValue({ name: 'map', k: 100 }, [3, 1])).toBeCloseTo((1 + 2 / 3) / 2, 12);
  });

  it('include the hit rate at the usual cut-offs and at the chosen one', () => {
    const names = comparedMetrics(7).map(metricId);
    expect(names.slice(0, 6)).toEqual([1, 3, 5, 7, 10, 20].map((k) => `hitRate@${k}`));
    expect(names.slice(6)).toEqual(['recall@7', 'precision@7', 'mrr@10', 'ndcg@10', 'map@100']);
  });
});

describe('reciprocal rank fusion', () => {
  const ids = Array.from({ length: 30 }, (_, i) => `d${String(i).padStart(2, '0')}`).reverse();
  const order = passageOrder(ids.map((id) => ({ id })));
  const question = { id: 'q', text: '', relevant: ['d00', 'd29', 'gone'] };

  it('scores passages as ranx does and breaks ties by id', () => {
    const rankings = golden.fused.lists.map((list) => list.map((id) => order.indexOf.get(id) ?? -1));
    const everything = { ...question, relevant: ids };
    const { ranks, top } = fuseRankings(rankings, everything, order);
    const expected = Object.entries(golden.fused.scores).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    expect(top.map(({ passageId }) => passageId)).toEqual(expected.slice(0, 10).map(([id]) => id));
    top.forEach(({ score }, at) => expect(score).toBeCloseTo(expected[at]?.[1] ?? NaN, 12));
    expect(ranks.filter(Number.isFinite)).toEqual(expected.map((_, at) => at + 1));
  });

  it('does not find a passage that no ranking has among its first 100', () => {
    const many = Array.from({ length: 101 }, (_, i) => i);
    const long = passageOrder(many.map((i) => ({ id: `p${i}` })));
    const asked = { id: 'q', text: '', relevant: ['p99', 'p100'] };
    expect(fuseRankings([many], asked, long).ranks).toEqual([100, Infinity]);
    expect(fuseRankings([[], []], question, order)).toEqual({
      questionId: 'q',
      ranks: [Infinity, Infinity],
      top: [],
    });
  });
});

describe('the tests of a comparison', () => {
  it("agree with statsmodels' Wilson interval, McNemar test and Holm correction", () => {
    for (const [hits, of, low, high] of golden.wilson) {
      expect(wilsonInterval(hits, of).low).toBeCloseTo(low, 9);
      expect(wilsonInterval(hits, of).high).toBeCloseTo(high, 9);
    }
    for (const [won, lost, p] of golden.mcNemar) expect(mcNemar(won, lost)).toBeCloseTo(p, 9);
    holm(golden.holm.ps).forEach((p, at) => expect(p).toBeCloseTo(golden.holm.adjusted[at] ?? NaN, 12));
    expect(holm([])).toEqual([]);
  });

  it("agree with numpy's percentiles and the definition of the bootstrap's p-value on given resamples", () => {
    const { values, means, percentiles, p } = golden.bootstrap;
    const observed = values.reduce((sum, value) => sum + value, 0) / values.length;
    const { low, high } = percentileInterval(Float64Array.from(means));
    expect([low, high].map((bound, i) => Math.abs(bound - (percentiles[i] ?? NaN)) < 1e-9)).toEqual([true, true]);
    expect(bootstrapP(Float64Array.from(means), observed)).toBeCloseTo(p, 12);
  });

  it("give a bootstrap interval close to scipy's, and the same one for the same seed", () => {
    const { values, interval } = golden.bootstrap;
    const resample = (seed: number) =>
      percentileInterval(bootstrapMeans([Float64Array.from(values)], values.length, seed)[0] ?? new Float64Array());
    expect(resample(7)).toEqual(resample(7));
    expect(Math.abs(resample(7).low - interval[0])).toBeLessThan(0.012);
    expect(Math.abs(resample(7).high - interval[1])).toBeLessThan(0.012);
  });

  it('say how many questions would show a difference with a power of about 80%', () => {
    for (const [won, lost, questions, needed, power] of golden.needed) {
      expect(questionsNeeded(won, lost, questions)).toBe(needed);
      expect(Math.abs(power - 0.8)).toBeLessThan(0.06);
    }
    expect(questionsNeeded(4, 4, 100)).toBe(Infinity);
  });
});

describe('the table of a comparison', () => {
  const rank = fc.option(fc.integer({ min: 1, max: 30 }));

  it('counts won and lost questions, p-values and intervals as the answer of a run does', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(rank, rank), { minLength: 1, maxLength: 40 }), (pairs) => {
        const [before, after] = [results(pairs.map(([old]) => old)), results(pairs.map(([, now]) => now))];
        const { rows } = compareTable(
          [
            { id: 'a', results: before },
            { id: 'b', results: after },
          ],
          'a',
          3,
        );
        const answer = answerAt(before, after, 3);
        const cell = rows[1]?.cells['hitRate@3'];
        expect(cell?.baseline).toMatchObject({ won: answer.won, lost: answer.lost, mcNemar: answer.p });
        expect(cell?.baseline).toMatchObject({ adjusted: answer.p, verdict: answer.verdict });
        expect(cell?.value).toBeCloseTo(answer.hitsAfter / pairs.length, 12);
        expect(cell?.baseline?.interval.low).toBeCloseTo(answer.gain.low, 9);
        expect(cell?.baseline?.interval.high).toBeCloseTo(answer.gain.high, 9);
        expect(rows[0]?.cells['hitRate@3']?.baseline).toBeNull();
      }),
      { numRuns: 10 },
    );
  });

  it('corrects the p-values for the number of models compared with the baseline', () => {
    const base = results(Array.from({ length: 60 }, () => 5));
    const better = (n: number) => results(Array.from({ length: 60 }, (_, i) => (i < n ? 1 : 5)));
    const models = [base, better(6), better(7), better(20)].map((own, i) => ({ id: `m${i}`, results: own }));
    const { rows } = compareTable(models, 'm0', 1);
    const found = rows.slice(1).map((row) => row.cells['hitRate@1']?.baseline);
    expect(found.map((one) => one?.adjusted)).toEqual(holm([mcNemar(6, 0), mcNemar(7, 0), mcNemar(20, 0)]));
    // In a single comparison, 6 won and none lost would show a difference (p = 0.031); of three comparisons, the
    // smallest p is multiplied by three.
    const [alone] = compareTable(models.slice(0, 2), 'm0', 1).rows.slice(1);
    expect(alone?.cells['hitRate@1']?.baseline?.verdict).toBe('better');
    expect(found[0]?.verdict).toBe('better');
    expect(found[2]?.needed).toBeNull();
    const many = Array.from({ length: 7 }, (_, i) => ({ id: `n${i}`, results: better(i === 0 ? 0 : 6) }));
    const crowded = compareTable(many, 'n0', 1).rows[1]?.cells['hitRate@1']?.baseline;
    expect(crowded?.adjusted).toBeCloseTo(6 * mcNemar(6, 0), 12);
    expect(crowded).toMatchObject({ verdict: 'noDifferenceShown', needed: questionsNeeded(6, 0, 60) });
  });

  it('compares metrics between 0 and 1 with the paired bootstrap', () => {
    const base = results(Array.from({ length: 40 }, () => 2));
    const better = results(Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 2 : 1)));
    const { rows } = compareTable(
      [
        { id: 'a', results: base },
        { id: 'b', results: better },
      ],
      'a',
      1,
    );
    const cell = rows[1]?.cells['mrr@10'];
    expect(cell?.value).toBeCloseTo(0.875, 12);
    expect(cell?.baseline).toMatchObject({ mcNemar: null, won: 30, lost: 0, verdict: 'better', needed: null });
    expect(cell?.baseline?.adjusted).toBe(cell?.baseline?.bootstrap);
    expect(cell?.wilson.low).toBeLessThan(cell?.bootstrap.low ?? 0);
  });

  it('states no difference if the baseline is not among the models, and can be made without questions', () => {
    const one = compareTable([{ id: 'a', results: results([1, 2]) }], 'gone', 1).rows[0];
    expect(one?.cells['hitRate@1']).toMatchObject({ value: 0.5, baseline: null });
    const empty = compareTable([{ id: 'a', results: [] }], 'a', 1);
    expect(empty.questions).toBe(0);
    expect(empty.rows[0]?.cells['ndcg@10']).toMatchObject({ value: 0, baseline: null });
    expect(compareTable([], 'a', 1)).toEqual({ rows: [], questions: 0 });
  });

  it('leaves out questions that one of the models has no result for', () => {
    const models = [
      { id: 'a', results: results([1, 1, 9]) },
      { id: 'b', results: results([1, 4]) },
    ];
    const { rows, questions } = compareTable(models, 'a', 1);
    expect(questions).toBe(2);
    expect(rows.map(({ cells }) => cells['hitRate@1']?.value)).toEqual([1, 0.5]);
  });
});
