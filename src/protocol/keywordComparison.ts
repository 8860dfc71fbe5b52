import type { AnswerAt } from '../domain/evaluate/answerAt';
import type { QuestionResult } from '../domain/evaluate/evaluation';

/** A keyword search (BM25) for the test questions of a run, over the run's knowledge base. */
export interface KeywordComparison {
  results: QuestionResult[];
  /** For each requested cut-off: the keyword search as `before`, the trained model as `after`. */
  answers: AnswerAt[];
}
