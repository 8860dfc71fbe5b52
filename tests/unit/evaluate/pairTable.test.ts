import { describe, expect, it } from 'vitest';
import { pearson, spearman } from '../../../src/domain/evaluate/correlation';
import { pairTable } from '../../../src/domain/evaluate/pairTable';
import { bootstrapP } from '../../../src/domain/evaluate/significance';
import { percentileInterval } from '../../../src/domain/evaluate/statistics';
import { RandomStream } from '../../../src/domain/random';
import golden from '../../fixtures/metrics/scoredPairs.json';

const { labels, scores, correlations } = golden;
const models = [
  { id: 'cosine', scores: scores.cosine },
  { id: 'overlap', scores: scores.overlap },
];
const of = (values: readonly number[]): Float64Array => Float64Array.from(values);

/** Ranks by counting smaller and equal values: the definition, quadratic in time. */
function naiveRanks(values: readonly number[]): Float64Array {
  const smaller = (one: number): number => values.filter((value) => value < one).length;
  const equal = (one: number): number => values.filter((value) => value === one).length;
  return Float64Array.from(values, (one) => smaller(one) + (equal(one) + 1) / 2);
}

/** Bootstrap resamples with the pairs written out, each correlated by the definition. */
function naiveRounds(name: 'spearman' | 'pearson', own: readonly number[], judged: readonly number[]): number[] {
  const random = new RandomStream(0, 'bootstrap');
  return Array.from({ length: 2000 }, () => {
    const drawn = judged.map(() => random.below(judged.length));
    const [x, y] = [drawn.map((pair) => own[pair] ?? 0), drawn.map((pair) => judged[pair] ?? 0)];
    const found = name === 'pearson' ? pearson(of(x), of(y)) : pearson(naiveRanks(x), naiveRanks(y));
    return found ?? NaN;
  });
}

describe('the correlations of scored pairs', () => {
  it('equal scipy and EmbeddingSimilarityEvaluator to 1e-9, with tied scores and labels', () => {
    for (const { id, scores: own } of models) {
      const { spearman: rho, pearson: r } = correlations[id as 'cosine' | 'overlap'];
      expect(Math.abs((spearman(of(own), of(labels)) ?? 9) - rho.value)).toBeLessThan(1e-9);
      expect(Math.abs((pearson(of(own), of(labels)) ?? 9) - r.value)).toBeLessThan(1e-9);
    }
  });

  it('have bootstrap intervals near scipy’s, which draws other resamples', () => {
    for (const { id, ...row } of pairTable(models, labels, 'overlap'))
      for (const name of ['spearman', 'pearson'] as const) {
        const [low = 9, high = 9] = correlations[id as 'cosine' | 'overlap'][name].interval;
        // Four standard deviations of a bound between seeds.
        expect(Math.abs((row[name].interval?.low ?? -9) - low)).toBeLessThan(0.012);
        expect(Math.abs((row[name].interval?.high ?? -9) - high)).toBeLessThan(0.012);
      }
  });

  it('are resampled like pairs that are written out as often as they were drawn', () => {
    const first = <T>(values: readonly T[]): T[] => values.slice(0, 30);
    const judged = first(labels);
    const some = models.map(({ id, scores: own }) => ({ id, scores: first(own) }));
    const [row] = pairTable(some, judged, 'overlap');
    for (const name of ['spearman', 'pearson'] as const) {
      const cosine = naiveRounds(name, first(scores.cosine), judged);
      const overlap = naiveRounds(name, first(scores.overlap), judged);
      const { low, high } = percentileInterval(Float64Array.from(cosine));
      const { interval, baseline } = row?.[name] ?? {};
      expect(interval?.low).toBeCloseTo(low, 10);
      expect(interval?.high).toBeCloseTo(high, 10);
      const differences = Float64Array.from(cosine, (one, round) => one - (overlap[round] ?? 0));
      expect(baseline?.bootstrap).toBeCloseTo(bootstrapP(differences, baseline?.difference ?? 0), 10);
    }
  });

  it('are corrected by Holm over all models compared with the baseline', () => {
    const three = [...models, { id: 'reversed', scores: scores.cosine.map((one) => -one) }];
    const rows = pairTable(three, labels, 'overlap');
    const ps = rows.flatMap(({ spearman: { baseline } }) => (baseline ? [baseline] : []));
    const [smaller = 0, larger = 0] = ps.map(({ bootstrap }) => bootstrap ?? 9).sort((a, b) => a - b);
    const adjusted = ps.map((one) => one.adjusted ?? 9).sort((a, b) => a - b);
    expect(adjusted).toEqual([Math.min(1, 2 * smaller), Math.max(2 * smaller, larger)]);
    expect(rows[2]?.spearman.baseline?.verdict).toBe('worse');
    expect(rows[1]?.spearman.baseline).toBeNull();
  });

  it('are not defined for equal scores, equal labels or a single pair, and the table says which', () => {
    const same = { id: 'same', scores: labels.map(() => 0.7) };
    const [equal, other] = pairTable([same, ...models], labels, 'same');
    expect(equal).toMatchObject({ undefined: 'equalScores', spearman: { value: null, interval: null } });
    // A model without a correlation can't be a baseline.
    expect(other).toMatchObject({ undefined: null, pearson: { baseline: null } });
    expect(other?.pearson.value).not.toBeNull();
    const one = { id: 'one', scores: [0.1, 0.2, 0.4] };
    expect(pairTable([one], [1, 1, 1], 'one')[0]).toMatchObject({ undefined: 'equalLabels', pearson: { value: null } });
    expect(pairTable([{ id: 'one', scores: [0.1] }], [1], 'one')[0]?.undefined).toBe('tooFew');
    expect(pairTable([{ id: 'one', scores: [] }], [], 'one')[0]?.undefined).toBe('tooFew');
  });

  it('have no interval if most resamples of a few pairs draw equal labels only', () => {
    const few = { id: 'few', scores: [0.1, 0.5] };
    const [row] = pairTable([few], [0, 1], 'few');
    expect(row?.spearman.value).toBeCloseTo(1, 12);
    expect(row?.spearman.interval).toBeNull();
    const [three] = pairTable([{ id: 'few', scores: [0.1, 0.3, 0.2] }], [0, 1, 2], 'few');
    expect(three?.spearman.interval).not.toBeNull();
  });
});
