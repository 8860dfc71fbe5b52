import { medianOf, scoreBinWidth, type DevScores, type ScoreCounts } from '../../domain/evaluate/devScores';
import type { RunView } from '../../domain/train/runView';

export const scoreKinds = ['right', 'bestWrong', 'randomWrong'] as const;
export type ScoreKind = (typeof scoreKinds)[number];

/** Which kinds of scores are drawn, and of how many dev evaluations at most: 2 or more, each in a row of its own. */
interface Drawn {
  kinds: readonly ScoreKind[];
  mostRows: number;
}
const everything: Drawn = { kinds: scoreKinds, mostRows: 6 };
/** The start and now, without the best wrong passages. */
export const rightAndRandom: Drawn = { kinds: ['randomWrong', 'right'], mostRows: 2 };

/** The scores of some dev evaluations on one axis. */
export interface ScorePicture {
  low: number;
  high: number;
  rows: {
    step: number;
    medians: Record<ScoreKind, number>;
    /** Outlines of the drawn kinds as SVG path data, in a box of width 1000 and height 100. */
    paths: Partial<Record<ScoreKind, string>>;
  }[];
}

/** Chooses the dev evaluations to draw: the first, the newest, and some evenly spaced ones in between. */
function drawnEvaluations(dev: RunView['dev'], mostRows: number): { step: number; scores: DevScores }[] {
  const scored = dev.flatMap(({ step, scores }) => (scores ? [{ step, scores }] : []));
  if (scored.length <= mostRows) return scored;
  return Array.from({ length: mostRows }, (_, i) => {
    const at = Math.round((i * (scored.length - 1)) / (mostRows - 1));
    return scored[at];
  }).flatMap((one) => one ?? []);
}

/**
 * Draws the scores of a run's dev evaluations, on an axis and to a scale that only what is drawn decides. Returns null
 * if there is nothing to draw.
 */
export function scorePicture(dev: RunView['dev'], { kinds, mostRows } = everything): ScorePicture | null {
  const drawn = drawnEvaluations(dev, mostRows);
  const filled = drawn.flatMap(({ scores }) => kinds.map((kind) => scores[kind])).filter((one) => one.counts.length);
  if (filled.length === 0) return null;
  const first = filled.reduce((least, one) => Math.min(least, one.first), Infinity);
  const end = filled.reduce((most, one) => Math.max(most, one.first + one.counts.length), -Infinity);
  const highest = filled.reduce((most, one) => Math.max(most, ...sharesOf(one)), 0);
  const of = <T>(value: (kind: ScoreKind) => T): Record<ScoreKind, T> => ({
    right: value('right'),
    bestWrong: value('bestWrong'),
    randomWrong: value('randomWrong'),
  });
  return {
    low: first * scoreBinWidth,
    high: end * scoreBinWidth,
    rows: drawn.map(({ step, scores }) => ({
      step,
      medians: of((kind) => medianOf(scores[kind])),
      paths: Object.fromEntries(
        kinds.map((kind) => [kind, outline(scores[kind], { first, bins: end - first, highest })]),
      ),
    })),
  };
}

/** Returns the share of each bin. Lists differ in length, so counts could not be compared. */
function sharesOf({ counts }: ScoreCounts): number[] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / all);
}

function outline(counts: ScoreCounts, axis: { first: number; bins: number; highest: number }): string {
  const x = (bin: number): string => (((bin - axis.first) / axis.bins) * 1000).toFixed(1);
  const shares = sharesOf(counts);
  if (shares.length === 0) return '';
  const steps = shares.map((share, i) => {
    const y = (100 - (share / axis.highest) * 98).toFixed(1);
    return `V${y}H${x(counts.first + i + 1)}`;
  });
  return `M${x(counts.first)},100${steps.join('')}V100`;
}
