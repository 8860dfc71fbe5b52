import { RandomStream } from '../random';
import type { Verdict } from './comparison';
import {
  ascending,
  correlations,
  isConstant,
  pearson,
  spearman,
  weightedPearson,
  weightedRanks,
  type CorrelationName,
} from './correlation';
import { bootstrapP, holm } from './significance';
import { percentileInterval, type Interval } from './statistics';

/** A model's score of each pair, in the order of the pairs: a cosine, or BM25. */
export interface PairScores {
  id: string;
  scores: readonly number[];
}

/** Why a correlation is not defined: too few pairs, or all labels or all scores of the model are equal. */
export type Undefined = 'tooFew' | 'equalLabels' | 'equalScores';

export interface CorrelationDifference {
  difference: number;
  /** 95% bootstrap interval, resampling pairs. Null if too few resamples have a correlation. */
  interval: Interval | null;
  /** Paired bootstrap, before and after Holm's correction over all models compared with the baseline. */
  bootstrap: number | null;
  adjusted: number | null;
  verdict: Verdict;
}

export interface CorrelationCell {
  /** Null if the correlation is not defined. */
  value: number | null;
  /** 95% bootstrap interval. Null if too few resamples have a correlation. */
  interval: Interval | null;
  /** Null in the baseline's row, or if one of both correlations is not defined. */
  baseline: CorrelationDifference | null;
}

export interface PairRow {
  id: string;
  undefined: Undefined | null;
  spearman: CorrelationCell;
  pearson: CorrelationCell;
}

/** As many as for other intervals; see `bootstrapMeans`. */
const rounds = 2000;
/** With few pairs, a resample may draw equal labels only. If more than a quarter of them do, there is no interval. */
const leastRounds = 0.75 * rounds;
const fewestPairs = 2;
const significance = 0.05;

/** The correlations of one model in each resample; NaN where they are not defined. */
type Resampled = Record<CorrelationName, Float64Array<ArrayBuffer>>;

const emptyRounds = (): Resampled => ({ spearman: new Float64Array(rounds), pearson: new Float64Array(rounds) });

/** Resamples the pairs, alike for all models. The same seed gives the same resamples. */
function resample(models: readonly Float64Array[], labels: Float64Array, seed: number): Resampled[] {
  const count = labels.length;
  const random = new RandomStream(seed, 'bootstrap');
  const found = models.map(emptyRounds);
  const orders = models.map(ascending);
  const labelOrder = ascending(labels);
  const [ranks, labelRanks] = [new Float64Array(count), new Float64Array(count)];
  const weights = new Uint32Array(count);
  for (let round = 0; round < rounds; round++) {
    weights.fill(0);
    for (let drawn = 0; drawn < count; drawn++) {
      const pair = random.below(count);
      weights[pair] = (weights[pair] ?? 0) + 1;
    }
    weightedRanks(labels, labelOrder, weights, labelRanks);
    models.forEach((scores, model) => {
      const own = found[model];
      if (!own) return;
      weightedRanks(scores, orders[model] ?? labelOrder, weights, ranks);
      own.pearson[round] = weightedPearson(scores, labels, weights) ?? NaN;
      own.spearman[round] = weightedPearson(ranks, labelRanks, weights) ?? NaN;
    });
  }
  return found;
}

const defined = (values: Float64Array): Float64Array => values.filter((value) => !Number.isNaN(value));

function intervalOf(values: Float64Array): Interval | null {
  const known = defined(values);
  return known.length < leastRounds ? null : percentileInterval(known);
}

const valueOf = { spearman, pearson } as const;

/** Compares one correlation of all models with the baseline's. */
function cellsOf(
  name: CorrelationName,
  models: readonly { scores: Float64Array; resampled: Resampled }[],
  labels: Float64Array,
  baseline: number,
): CorrelationCell[] {
  const values = models.map(({ scores }) => valueOf[name](scores, labels));
  const base = values[baseline] ?? null;
  const differences = models.map(({ resampled }, model): CorrelationDifference | null => {
    const value = values[model] ?? null;
    if (model === baseline || value === null || base === null) return null;
    const difference = value - base;
    const baseRounds = models[baseline]?.resampled[name] ?? new Float64Array();
    const ofRounds = resampled[name].map((one, round) => one - (baseRounds[round] ?? NaN));
    const interval = intervalOf(ofRounds);
    const bootstrap = interval && bootstrapP(defined(ofRounds), difference);
    return { difference, interval, bootstrap, adjusted: null, verdict: 'noDifferenceShown' };
  });
  const tested = differences.filter((one) => one?.bootstrap != null);
  const adjusted = holm(tested.map((one) => one?.bootstrap ?? 1));
  return models.map(({ resampled }, model) => {
    const value = values[model] ?? null;
    const found = differences[model] ?? null;
    const p = found && (adjusted[tested.indexOf(found)] ?? null);
    return {
      value,
      interval: value === null ? null : intervalOf(resampled[name]),
      baseline: found && { ...found, adjusted: p, verdict: verdictOf(found.difference, p) },
    };
  });
}

function verdictOf(difference: number, adjusted: number | null): Verdict {
  if (adjusted === null || adjusted >= significance) return 'noDifferenceShown';
  return difference > 0 ? 'better' : 'worse';
}

function undefinedBy(scores: Float64Array, labels: Float64Array): Undefined | null {
  if (labels.length < fewestPairs) return 'tooFew';
  if (isConstant(labels)) return 'equalLabels';
  return isConstant(scores) ? 'equalScores' : null;
}

/**
 * Computes how well the scores of each model follow the labels of scored pairs: Spearman's and Pearson's correlations,
 * with intervals, and compared with the baseline on the same pairs. The same input and seed give the same table.
 */
export function pairTable(
  models: readonly PairScores[],
  labels: readonly number[],
  baselineId: string,
  seed = 0,
): PairRow[] {
  const judged = Float64Array.from(labels);
  const lists = models.map(({ scores }) => Float64Array.from(scores));
  const resampled = resample(lists, judged, seed);
  const all = lists.map((scores, model) => ({ scores, resampled: resampled[model] ?? emptyRounds() }));
  const baseline = models.findIndex(({ id }) => id === baselineId);
  const cells = correlations.map((name) => cellsOf(name, all, judged, baseline));
  const none: CorrelationCell = { value: null, interval: null, baseline: null };
  return models.map(({ id }, model) => ({
    id,
    undefined: undefinedBy(lists[model] ?? judged, judged),
    spearman: cells[0]?.[model] ?? none,
    pearson: cells[1]?.[model] ?? none,
  }));
}
