import { canonicalJson } from '../canonicalJson';
import { csvCell } from '../csvCell';
import type { Interval } from '../evaluate/statistics';
import type { SweepAxis, SweepPoint } from './sweep';
import { meanOf, tInterval } from './tInterval';

/** The runs of a sweep that differ only in their seed. */
export interface SweepRow {
  /** One value per axis, without the seed's axis. */
  values: unknown[];
  /** Number of runs, one per seed. */
  runs: number;
  /** Scores of the runs that are done, in the order of the seeds. */
  scores: number[];
  mean: number | null;
  /** 95% t interval of the mean over seeds, within 0 to 1. Null for fewer than two scores. */
  interval: Interval | null;
}

/** Returns the axes that the table's rows vary: all but the seed's. */
export function tableAxes(axes: readonly SweepAxis[]): SweepAxis[] {
  return axes.filter(({ setting }) => setting !== 'seed');
}

/**
 * Returns one row per combination of values, with all seeds in one row. `scores` has the score of each point, or null.
 */
export function sweepTable(
  axes: readonly SweepAxis[],
  points: readonly SweepPoint[],
  scores: readonly (number | null)[],
): SweepRow[] {
  const rows = new Map<string, { values: unknown[]; runs: number; scores: number[] }>();
  points.forEach((point, i) => {
    const values = point.values.filter((_, axis) => axes[axis]?.setting !== 'seed');
    const key = canonicalJson(values);
    const row = rows.get(key) ?? { values, runs: 0, scores: [] };
    const score = scores[i] ?? null;
    row.runs += 1;
    if (score !== null) row.scores.push(score);
    rows.set(key, row);
  });
  return [...rows.values()].map((row) => ({
    ...row,
    mean: row.scores.length > 0 ? meanOf(row.scores) : null,
    interval: within0And1(tInterval(row.scores)),
  }));
}

/** Scores are shares, so an interval is cut at 0 and 1. */
function within0And1(interval: Interval | null): Interval | null {
  return interval && { low: Math.max(0, interval.low), high: Math.min(1, interval.high) };
}

/** Returns the name of an axis in result files: "temperature", or "stages.1.temperature" for a later stage. */
export function axisName({ setting, stage = 0 }: SweepAxis): string {
  return stage === 0 ? setting : `stages.${stage}.${setting}`;
}

const plain = (value: unknown): string =>
  value === null ? '' : typeof value === 'string' || typeof value === 'number' ? String(value) : canonicalJson(value);

/** Returns the table as CSV (RFC 4180): the settings, then runs, mean, interval, and the score of each seed. */
export function sweepCsv(axes: readonly SweepAxis[], rows: readonly SweepRow[], metric: string): string {
  const head = [...tableAxes(axes).map(axisName), 'runs', 'done', metric, 'low', 'high', 'scores'];
  const lines = rows.map(({ values, runs, scores, mean, interval }) => [
    ...values.map(plain),
    ...[runs, scores.length, mean, interval?.low ?? null, interval?.high ?? null].map(plain),
    scores.join(' '),
  ]);
  return [head, ...lines].map((line) => `${line.map(csvCell).join(',')}\r\n`).join('');
}
