import type { AnswerAt } from '../domain/evaluate/answerAt';
import type { QuestionResult } from '../domain/evaluate/evaluation';

/** A keyword search (BM25) for the test questions of a run, over the run's knowledge base. */
export interface KeywordComparison {
  results: QuestionResult[];
  /** In the order of the cut-offs that were asked for: the keyword search before, the trained model after. */
  answers: AnswerAt[];
}
