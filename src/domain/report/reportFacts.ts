import type { Candidate } from '../evaluate/candidate';
import { metricId } from '../evaluate/comparedMetric';
import type { CompareRow } from '../evaluate/compareTable';
import type { QuestionResult } from '../evaluate/evaluation';
import type { DeviceInfo } from '../device';
import type { AppErrorDetails } from '../errors';
import type { Experiment, ExperimentModel } from '../experiment';
import type { SlotName } from '../import/slots';
import type { QuestionPart } from '../records';
import type { Finding } from '../train/doctor/finding';

/** A model of a report, by its name and a few words on its weights. */
export interface ReportedModel {
  id: string;
  name: string;
  detail: string;
  kind: Candidate['kind'];
  /** How it encodes. Null for the keyword search, or if that is not known. */
  settings: ExperimentModel | null;
  /** Bytes of the weights in float32, and the length of a vector. Null for the keyword search. */
  bytes: number | null;
  dimension: number | null;
  /** Passages encoded per second. Null if their vectors were reused, or if none were encoded. */
  passagesPerSecond: number | null;
  results: readonly QuestionResult[];
}

export interface ReportedQuestion {
  id: string;
  text: string;
  topic: string | null;
  /** Ids of the right passages. */
  relevant: string[];
}

/** What a run trained. */
export interface ReportedTraining {
  /** Name of the base model. */
  model: string;
  experiment: Experiment;
  /** Rows of the data sets, by slot. */
  rows: Partial<Record<SlotName, number>>;
  /** Pairs that were trained on. */
  pairs: number;
  keptStep: number;
  steps: number;
  device: DeviceInfo | null;
  experimentHash: string;
  weightsSha256: string;
}

/** Everything that a report says, as numbers and texts of the user's, in no language. */
export interface ReportFacts {
  /** Name of the experiment or of the file. */
  name: string;
  createdAt: number;
  build: string;
  part: QuestionPart;
  /** The cut-off that the answer is given at. */
  k: number;
  passages: number;
  /** SHA-256 of the passages with their ids. Null if that is not known. */
  knowledgeBaseSha256: string | null;
  /** Questions of the file that were not evaluated. Null if that is not known. */
  leftOut: number | null;
  /** How often the test questions have been used. Null if that is not counted. */
  testUses: number | null;
  questions: readonly ReportedQuestion[];
  models: readonly ReportedModel[];
  /** The table of all models and metrics. */
  rows: readonly CompareRow[];
  baselineId: string;
  /** The model that the answer is about: the trained one, or the best. */
  judgedId: string;
  /** Null if nothing was trained. */
  training: ReportedTraining | null;
  /** What the checks before the run found. Null if nothing was trained or the data is gone. */
  findings: readonly Finding[] | null;
  /** Candidates that could not be evaluated. */
  failures: readonly { name: string; error: AppErrorDetails }[];
  /** Texts of passages by id: the right ones, and those found first in the examples. */
  texts: ReadonlyMap<string, string>;
}

/**
 * Returns the id of the model with the highest hit rate at a cut-off; of equal ones, the one with the higher MRR@10,
 * then the first. The baseline only if it is the only model.
 */
export function bestModel(rows: readonly CompareRow[], baselineId: string, k: number): string {
  const valueOf = (row: CompareRow, id: string): number => row.cells[id]?.value ?? 0;
  const [hits, mrr] = [metricId({ name: 'hitRate', k }), metricId({ name: 'mrr', k: 10 })];
  const others = rows.filter(({ id }) => id !== baselineId);
  const sorted = others.sort((a, b) => valueOf(b, hits) - valueOf(a, hits) || valueOf(b, mrr) - valueOf(a, mrr));
  return sorted[0]?.id ?? baselineId;
}
