import type { QuestionResult } from './evaluation';
import { changedRelevant, type LabelChange, type LabelChanges } from './labelDecisions';
import { shownPassages } from './ranking';

/** Results after the labels of some questions were changed. */
export interface CorrectedResults {
  results: QuestionResult[];
  /** Questions without a right passage now. They are left out, as those without an answer always are. */
  unanswered: number;
  /**
   * Questions with a right passage whose rank is not known, because it is beyond the passages that are stored with a
   * result. It counts as not found, so figures at cut-offs beyond those are lower bounds. All others are exact.
   */
  inexact: number;
}

/**
 * Recomputes the results of a model for changed labels, from the first passages that each result has. `relevant` are
 * the imported right passages by question, only those of the knowledge base.
 */
export function correctedResults(
  results: readonly QuestionResult[],
  relevant: ReadonlyMap<string, readonly string[]>,
  { byQuestion }: Pick<LabelChanges, 'byQuestion'>,
): CorrectedResults {
  const corrected: CorrectedResults = { results: [], unanswered: 0, inexact: 0 };
  for (const result of results) {
    const change = byQuestion.get(result.questionId);
    if (!change) {
      corrected.results.push(result);
      continue;
    }
    const { ranks, isExact } = changedRanks(result, relevant.get(result.questionId) ?? [], change);
    if (ranks.length === 0) corrected.unanswered += 1;
    else {
      corrected.results.push({ questionId: result.questionId, top: result.top, ranks, ...scoreAt(result, ranks) });
      if (!isExact) corrected.inexact += 1;
    }
  }
  return corrected;
}

/** Returns the score of the best right passage, if it is among the first ones or still the one that it was. */
function scoreAt({ top, ranks: before, rightScore }: QuestionResult, [best = Infinity]: readonly number[]) {
  const score = top[best - 1]?.score ?? (best === before[0] ? rightScore : undefined);
  return score === undefined ? {} : { rightScore: score };
}

function changedRanks(
  { ranks, top }: QuestionResult,
  relevant: readonly string[],
  change: LabelChange,
): { ranks: number[]; isExact: boolean } {
  const place = new Map(top.map(({ passageId }, i) => [passageId, i + 1]));
  const isShown = (id: string): boolean => place.has(id);
  const known = changedRelevant(relevant, change).flatMap((id) => place.get(id) ?? []);
  // The ranks beyond the stored passages, without the ids that they belong to.
  const beyond = ranks.filter((rank) => rank > top.length);
  const removed = change.removed.filter((id) => !isShown(id)).length;
  const added = change.added.filter((id) => !isShown(id)).length;
  // Which of several ranks belongs to a removed passage is not known: the better ones are taken as removed.
  const rest = beyond.slice(removed);
  const isAmbiguous = removed > 0 && rest.length > 0 && beyond[0] !== beyond.at(-1);
  // Fewer passages than are stored: the others were not found at all.
  const isUnknown = added > 0 && top.length >= shownPassages;
  const all = [...known, ...rest, ...Array.from({ length: added }, () => Infinity)];
  return { ranks: all.sort((a, b) => a - b), isExact: !isAmbiguous && !isUnknown };
}
