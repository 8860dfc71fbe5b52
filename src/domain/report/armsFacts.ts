import type { QuestionResult } from '../evaluate/evaluation';
import type { Metrics } from '../evaluate/metrics';
import type { ArmName } from '../negatives/arms';
import type { ArmsComparison } from '../negatives/compareArms';
import type { SeveralRunsFacts } from './sweepFacts';

/** A run of the negatives experiment in its report. */
export interface ReportedArm {
  name: ArmName;
  /** Dev metrics with the weights of the last step. */
  metrics: Metrics;
  results: readonly QuestionResult[];
  steps: number;
}

/** Everything in the report of the negatives experiment, independent of language. */
export interface ArmsFacts extends SeveralRunsFacts {
  kind: 'arms';
  comparison: ArmsComparison;
  arms: readonly ReportedArm[];
  /** Texts of the dev questions by id, as far as they are still stored. */
  texts: ReadonlyMap<string, string>;
}
