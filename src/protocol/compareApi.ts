import { candidateId, type Candidate } from '../domain/evaluate/candidate';
import type { ProbedModel } from '../domain/evaluate/comparedProbe';
import type { CompareRow } from '../domain/evaluate/compareTable';
import type { ProbeFacts, ProbeSet } from '../domain/evaluate/probe';
import type { QuestionResult } from '../domain/evaluate/evaluation';
import type { ThresholdRule } from '../domain/evaluate/threshold';
import type { AppErrorDetails } from '../domain/errors';
import type { ExperimentModel } from '../domain/experiment';
import type { Passage, Question, QuestionPart } from '../domain/records';
import type { ReportFacts } from '../domain/report/reportFacts';
import type { SheetWords } from '../domain/report/resultSheets';
import type { WorkbookSheet } from '../domain/report/workbook';
import type { ScoreOwner, ScoreView } from './scoreView';

/** A candidate that can be compared. */
export interface CandidateOption {
  id: string;
  candidate: Candidate;
  /** Name of the model; empty for the keyword search. */
  name: string;
  /** Settings that the model encodes with; null for the keyword search. */
  settings: ExperimentModel | null;
  /** Bytes of the weights in float32, or of an ONNX model's files. */
  bytes: number;
  /** Length of a vector; 0 if that is not known before texts are encoded. */
  dimension: number;
  /** Whether it is the base model of the experiment. */
  ownBase: boolean;
  /** Set if a run trained the weights. */
  run: {
    createdAt: number;
    step: number;
    steps: number;
    /** Whether these are the weights that did best on dev, not those of the last step. */
    best: boolean;
    /** Name of the experiment, if it is another one on the same data. */
    experiment: string | null;
    /** Whether the weights can be blended with the base model's. */
    canBlend: boolean;
    /** Share of the tuned weights, if they are blended with the base model's. */
    ratio?: number;
  } | null;
}

/** Returns the option of a blend of a run, from the option of the weights that the run keeps. */
export function blendOption(kept: CandidateOption, runId: string, ratio: number): CandidateOption {
  const candidate = { kind: 'blend' as const, runId, ratio };
  return { ...kept, id: candidateId(candidate), candidate, run: kept.run && { ...kept.run, ratio } };
}

/** Results of one candidate, and how fast they were computed. */
export interface ComparedModel {
  id: string;
  results: QuestionResult[];
  /** Passages encoded per second; null if their vectors were reused or the search needs none. */
  passagesPerSecond: number | null;
}

/** The questions of a part, and their stored results. */
export interface ComparedPart {
  questions: Question[];
  passages: number;
  /** SHA-256 of the passages with their ids. */
  knowledgeBaseSha256: string;
  /** Number of questions left out: they have no right passage in the knowledge base, or they are also in test. */
  leftOut: number;
  models: ComparedModel[];
  /** How many models have been compared on the experiment's test questions so far. */
  testUses: number;
}

export interface CompareTableRequest {
  experimentId: string;
  part: QuestionPart;
  /** Ids of the candidates in the table, in its order. */
  ids: readonly string[];
  baselineId: string;
  k: number;
}

/** The test questions of a run. */
export interface RunQuestions {
  /** The questions that were evaluated, with the ids of their relevant passages. */
  questions: Question[];
  /** Number of questions in the file that were not evaluated. */
  leftOut: number;
  /** SHA-256 of the passages with their ids. */
  knowledgeBaseSha256: string;
}

/** The part of the data worker's API that concerns comparisons. */
export interface CompareApi {
  /** Lists the stored base models, the weights of finished runs on the same data, and the keyword search. */
  listCandidates(experimentId: string): Promise<CandidateOption[]>;
  /** Returns how many models were compared on the experiment's test questions. */
  countTestUses(experimentId: string): Promise<number>;
  /** Returns the questions and the stored results. Rejects with `data-missing` or `nothing-to-evaluate`. */
  comparedPart(experimentId: string, part: QuestionPart): Promise<ComparedPart>;
  /** Returns the SHA-256 of the data that models are compared on. Rejects like `comparedPart`. */
  comparedSha256(experimentId: string, part: QuestionPart): Promise<string>;
  /** Returns what stored results say about a probe set. Rejects if the set can't be read. */
  comparedProbe(request: ComparedProbeRequest): Promise<ComparedProbe>;
  compareTable(request: CompareTableRequest): Promise<{ rows: CompareRow[]; questions: number }>;
  /** Returns the stored scores of base model and run, and the threshold that a rule chooses on dev. */
  viewScores(owner: ScoreOwner, rule: ThresholdRule): Promise<ScoreView>;
  /**
   * Stores the thresholds of both models with the run's evaluations. Returns how many were stored: none if no threshold
   * satisfies the rule.
   */
  keepThresholds(owner: ScoreOwner, rule: ThresholdRule): Promise<number>;
  /** Computes the table at a cut-off from results that are passed in instead of stored. */
  tableOfResults(
    models: readonly { id: string; results: readonly Pick<QuestionResult, 'questionId' | 'ranks'>[] }[],
    baselineId: string,
    k: number,
  ): Promise<{ rows: CompareRow[]; questions: number }>;
  /** Returns an Excel workbook of these sheets. */
  writeSheets(sheets: readonly WorkbookSheet[]): Promise<Blob>;
  /** Returns the Excel workbook of a report. */
  writeWorkbook(facts: ReportFacts, words: SheetWords): Promise<Blob>;
  runQuestions(runId: string): Promise<RunQuestions>;
  /** Returns passages by id from those that a run searches. Skips unknown ids. */
  runPassages(runId: string, ids: readonly string[]): Promise<Passage[]>;
  /** Returns passages by id from those that a part's questions search. Skips unknown ids. */
  comparedPassages(experimentId: string, part: QuestionPart, ids: readonly string[]): Promise<Passage[]>;
}

interface CompareBase {
  /** The experiment that the results are stored with. */
  experimentId: string;
  candidates: readonly Candidate[];
  /** If set, the models are compared on the data of this run, which may differ from the experiment's current data. */
  runId?: string;
}

/** A comparison on a part of an experiment's questions, or on a probe set. */
export type CompareRequest = CompareBase & ({ part: QuestionPart } | { part: 'probe'; probe: ProbeSet });

/** Asks how candidates answer a probe set, compared with a baseline. */
export interface ComparedProbeRequest {
  experimentId: string;
  probe: ProbeSet;
  /** Ids of the candidates in the table. Holm's correction counts only these. */
  ids: readonly string[];
  k: number;
  baselineId: string;
}

/** A probe set, and the candidates that were measured on it. */
export interface ComparedProbe {
  facts: ProbeFacts;
  models: ProbedModel[];
}

/** Current work of a comparison; `of` is 0 while the total is unknown. */
export interface CompareProgress {
  id: string;
  what: 'load' | 'passages' | 'questions' | 'search' | 'keywords';
  done: number;
  of: number;
}

/** Reports of a comparison: progress, and the end of each candidate with the reason if it failed. */
export interface CompareReports {
  progress: (progress: CompareProgress) => void;
  ended: (id: string, error: AppErrorDetails | null) => void;
}
