import type { QuestionResult } from './evaluation';
import { firstRank } from './metrics';

/** A question answered by two models, or by one before and after training. */
export interface PairedQuestion {
  questionId: string;
  before: QuestionResult;
  after: QuestionResult;
  /** Rank of the first right passage; Infinity if none was found. */
  rankBefore: number;
  rankAfter: number;
}

/** Pairs results by question, in the order of the second list. Leaves out questions that only one list has. */
export function pairedQuestions(before: readonly QuestionResult[], after: readonly QuestionResult[]): PairedQuestion[] {
  const earlier = new Map(before.map((result) => [result.questionId, result]));
  return after.flatMap((result): PairedQuestion[] => {
    const old = earlier.get(result.questionId);
    if (!old) return [];
    const ranks = { rankBefore: firstRank(old.ranks), rankAfter: firstRank(result.ranks) };
    return [{ questionId: result.questionId, before: old, after: result, ...ranks }];
  });
}
