import type { AnswerAt } from '../evaluate/answerAt';
import type { Candidate } from '../evaluate/candidate';
import { metricId } from '../evaluate/comparedMetric';
import type { CompareRow } from '../evaluate/compareTable';
import type { QuestionResult } from '../evaluate/evaluation';
import type { LabelDecision } from '../evaluate/labelDecisions';
import type { PairRow, PairScores } from '../evaluate/pairTable';
import type { Interval } from '../evaluate/statistics';
import type { ModelFigures } from '../evaluate/questionFigures';
import type { ChosenThreshold } from '../evaluate/threshold';
import type { DeviceInfo } from '../device';
import type { AppErrorDetails } from '../errors';
import type { Experiment, ExperimentModel } from '../experiment';
import type { SlotName } from '../import/slots';
import type { QuestionPart } from '../records';
import type { Finding } from '../train/doctor/finding';

/** A model in a report: its name and a short description of its weights. */
export interface ReportedModel {
  id: string;
  name: string;
  detail: string;
  kind: Candidate['kind'];
  /** Settings that it encodes with. Null for the keyword search, or if they are not known. */
  settings: ExperimentModel | null;
  /**
   * Bytes of the weights in float32, or of an ONNX model's files, and the length of a vector. Null for the keyword
   * search.
   */
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

/** The training of a run, for its report. */
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

/** Figures by the labels that the user has changed, beside the recorded ones. */
export interface ReportedLabels {
  /** Passages added and removed, and the questions that they belong to. */
  changes: number;
  changed: number;
  /** Questions left without a right passage. */
  unanswered: number;
  /** Questions with a right passage whose rank is not known; see `CorrectedResults`. */
  inexact: number;
  models: readonly ModelFigures[];
  decisions: readonly LabelDecision[];
}

/** Work on a compared model that failed: on the questions, on the scored pairs, or on the probe set. */
export interface ReportedFailure {
  name: string;
  what: 'questions' | 'pairs' | 'probe';
  error: AppErrorDetails;
}

/** How well models follow the labels of scored pairs. */
export interface ReportedPairs {
  /** Name of the file. */
  name: string;
  /** Pairs left out because a stage trains on them. Null if that is not known. */
  trainedOn: number | null;
  /** Runs whose training data is gone, so that pairs they were trained on may be among these. Null if not known. */
  unchecked: number | null;
  baselineId: string;
  rows: readonly PairRow[];
  /** The pairs' ids and labels, and the scores of each model in their order. */
  ids: readonly string[];
  labels: readonly number[];
  scores: readonly PairScores[];
  /** Names of folders whose pairs are other ones, so that their scores are not compared. */
  otherPairs: readonly string[];
}

/** How compared models answer a probe set, the shipped one or that of files, whose name is given. */
export interface ProbeTable {
  name: string | null;
  questions: number;
  passages: number;
  k: number;
  /** Name of the model that the others are compared with; null if it was not measured. */
  baseline: string | null;
  /**
   * Questions with a right passage in the first k; and the difference to the baseline: its 95% interval, and McNemar's
   * p after Holm's correction over the rows.
   */
  rows: readonly {
    name: string;
    hits: number;
    against: (AnswerAt & { interval: Interval; adjusted: number }) | null;
  }[];
}

/** What was decided or measured beside the results. */
export interface ReportedExtras {
  /** Thresholds that are kept with the run, by the name of the model. */
  thresholds: readonly { name: string; threshold: ChosenThreshold }[];
  /** Null if no label was changed. */
  labels: ReportedLabels | null;
  /**
   * Base and tuned model on a probe set, the shipped one or that of the experiment `name`; null if that was not
   * measured.
   */
  probe: { answer: AnswerAt; passages: number; name: string | null } | null;
  /** Null if no model has scored pairs. */
  pairs: ReportedPairs | null;
  /** All compared models on a probe set; null if that was not measured. */
  probeTable: ProbeTable | null;
}
export const noExtras: ReportedExtras = { thresholds: [], labels: null, probe: null, pairs: null, probeTable: null };

/** Everything in a report, as numbers and the user's own texts, independent of language. */
export interface ReportFacts {
  /** Name of the experiment or of the file. */
  name: string;
  createdAt: number;
  build: string;
  part: QuestionPart;
  /** The cut-off of the answer. */
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
  /** The model that the answer judges: the trained one, or the best. */
  judgedId: string;
  /** Null if nothing was trained. */
  training: ReportedTraining | null;
  /** Findings of the checks before the run. Null if nothing was trained or the data is gone. */
  findings: readonly Finding[] | null;
  extras: ReportedExtras;
  /** Candidates that could not be evaluated. */
  failures: readonly ReportedFailure[];
  /** Texts of passages by id: the right ones, and the first ones found in the examples. */
  texts: ReadonlyMap<string, string>;
}

/** Returns the name of a model. */
export const nameOf = ({ models }: Pick<ReportFacts, 'models'>, id: string): string =>
  models.find((model) => model.id === id)?.name ?? id;

/** Returns the results of a model. */
export const resultsOf = ({ models }: Pick<ReportFacts, 'models'>, id: string): readonly QuestionResult[] =>
  models.find((model) => model.id === id)?.results ?? [];

/**
 * Returns the id of the model with the highest hit rate at a cut-off. Ties go to the higher MRR@10, then to the first.
 * Returns the baseline only if there is no other model.
 */
export function bestModel(rows: readonly CompareRow[], baselineId: string, k: number): string {
  const valueOf = (row: CompareRow, id: string): number => row.cells[id]?.value ?? 0;
  const [hits, mrr] = [metricId({ name: 'hitRate', k }), metricId({ name: 'mrr', k: 10 })];
  const others = rows.filter(({ id }) => id !== baselineId);
  const sorted = others.sort((a, b) => valueOf(b, hits) - valueOf(a, hits) || valueOf(b, mrr) - valueOf(a, mrr));
  return sorted[0]?.id ?? baselineId;
}
