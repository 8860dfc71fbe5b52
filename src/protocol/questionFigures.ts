import type { Candidate } from '../domain/evaluate/candidate';
import type { ProbeFacts, ProbeSet } from '../domain/evaluate/probe';
import type { LabelChanges } from '../domain/evaluate/labelDecisions';
import type { QuestionFacts } from '../domain/evaluate/questionFilter';
import type { QuestionFigures } from '../domain/evaluate/questionFigures';
import type { MarkedPiece } from '../domain/evaluate/sharedTerms';
import type { QuestionPart } from '../domain/records';

/** Where the results come from: a run's test evaluation, or a comparison on a part of an experiment's questions. */
export type ResultsOwner = { runId: string } | { experimentId: string; part: QuestionPart };

/** Ids of a run's models among its results. */
export const runModels = ['before', 'keywords', 'after'] as const;

export interface FiguresRequest {
  owner: ResultsOwner;
  /** Ids of the models: candidates' ids, or those of `runModels`. */
  ids: readonly string[];
  /** The two of them that are compared. */
  pair: { before: string | null; after: string | null };
  k: number;
  /** The questions of each of the figures; null for all. */
  sets: readonly (readonly string[] | null)[];
}

/** Figures by the imported labels and, if any were changed, by the changed ones. */
export interface LabelledFigures {
  imported: QuestionFigures;
  corrected: CorrectedFigures | null;
  /** Decisions that have no effect, because their question or passage is no longer in the data. */
  stale: number;
}

/** `answer` is also null if a rank that it would count at the cut-off is not known; see `CorrectedResults`. */
export interface CorrectedFigures extends QuestionFigures {
  /** Passages added and removed, and the questions that they belong to. */
  changes: number;
  changed: number;
  /** Questions that have no right passage any more. */
  unanswered: number;
  /** The most questions of a model that have a right passage of unknown rank; see `CorrectedResults`. */
  inexact: number;
}

/** A question with the values by which it can be filtered. */
export interface FilteredQuestion extends QuestionFacts {
  id: string;
  text: string;
  relevant: string[];
}

export interface ExplainRequest {
  owner: ResultsOwner;
  questionId: string;
  /** Passages that are shown for it. */
  passageIds: readonly string[];
  /**
   * The shown models, for which to check whether they read the whole right passage. Null for one that does not encode.
   */
  candidates: readonly (Candidate | null)[];
}

/** Explains the answer to a question. */
export interface Explanation {
  /** The text of each passage as it is searched, with the parts that it shares with the question marked. */
  texts: Record<string, MarkedPiece[]>;
  /** Passages that are no right ones, but nearly the same text as one. */
  nearDuplicates: string[];
  /**
   * For each model: right passages that are longer than it reads. Prompt and trained prefix take their share of what it
   * reads, and don't count as tokens of the passage.
   */
  truncated: { passageId: string; tokens: number; read: number }[][];
}

/** The part of the data worker's API that concerns single questions. */
export interface QuestionsApi {
  listQuestions(owner: ResultsOwner): Promise<FilteredQuestion[]>;
  /** Returns the figures of each set of questions. */
  figuresOf(request: FiguresRequest): Promise<LabelledFigures[]>;
  /** Returns the changes that the stored decisions make to the labels of the data that results belong to. */
  labelChangesOf(owner: ResultsOwner): Promise<LabelChanges>;
  explainQuestion(request: ExplainRequest): Promise<Explanation>;
  /** Returns what a probe set holds. */
  describeProbe(set: ProbeSet): Promise<ProbeFacts>;
}
