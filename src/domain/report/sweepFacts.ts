import type { Experiment, MetricName } from '../experiment';
import type { RunRecord } from '../run';
import type { SweepAxis } from '../sweep/sweep';
import type { SweepRow } from '../sweep/sweepTable';
import type { Finding } from '../train/doctor/finding';
import type { ReportedTraining } from './reportFacts';

/** What a report of several runs on dev starts from. */
export interface SeveralRunsFacts {
  name: string;
  createdAt: number;
  build: string;
  metric: MetricName;
  experiment: Experiment;
  experimentHash: string;
  /** Name of the base model, the rows of the data sets, and the pairs that are trained on. */
  training: Pick<ReportedTraining, 'model' | 'rows' | 'pairs' | 'device'>;
  /** Number of dev questions. */
  questions: number;
  /** Findings of the checks before the runs. Null if the data is gone. */
  findings: readonly Finding[] | null;
}

/** A run of a sweep in its report. */
export interface ReportedSweepRun {
  /** One value per axis. */
  values: readonly unknown[];
  /** Null if it was never started. */
  status: RunRecord['status'] | null;
  /** The metric on dev before training and with the weights that count; null if it is not known. */
  before: number | null;
  score: number | null;
  keptStep: number | null;
  steps: number | null;
}

/** Everything in the report of a sweep, independent of language. */
export interface SweepFacts extends SeveralRunsFacts {
  kind: 'sweep';
  axes: readonly SweepAxis[];
  rows: readonly SweepRow[];
  runs: readonly ReportedSweepRun[];
}

/** How the best combination of a sweep stands to the others. */
interface SweepAnswer {
  /** The only row with the highest mean; null if there is none, or no other row with a score. */
  best: SweepRow | null;
  /**
   * Whether the interval of the best row lies above that of every other with a score: `unknown` if one of them has
   * none, because fewer than two of its seeds have a score. Without a best row: why there is none.
   */
  certainty: 'apart' | 'overlap' | 'unknown' | 'none' | 'alone' | 'tie';
}

/** Returns the best combination, and whether the choice of the seed may explain that. */
export function sweepAnswer(rows: readonly SweepRow[]): SweepAnswer {
  const scored = rows.filter(({ mean }) => mean !== null);
  const highest = scored.reduce((most, { mean }) => Math.max(most, mean ?? -1), -1);
  const [best, second] = scored.filter(({ mean }) => mean === highest);
  if (!best) return { best: null, certainty: 'none' };
  if (second) return { best: null, certainty: 'tie' };
  if (scored.length < 2) return { best: null, certainty: 'alone' };
  const others = scored.filter((row) => row !== best);
  const { interval } = best;
  if (!interval || others.some((row) => !row.interval)) return { best, certainty: 'unknown' };
  const isAbove = others.every((row) => row.interval && row.interval.high < interval.low);
  return { best, certainty: isAbove ? 'apart' : 'overlap' };
}
