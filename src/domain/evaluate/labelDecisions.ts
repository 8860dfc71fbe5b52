import type { Question, QuestionPart } from '../records';

/** `right` and `wrong`: whether the passage answers the question. `imported`: the imported data decides again. */
export const labelMarks = ['right', 'wrong', 'imported'] as const;
export type LabelMark = (typeof labelMarks)[number];

/**
 * A user's decision on whether a passage answers a dev or test question. Decisions are only ever appended, and the
 * latest one about a question and passage counts. The imported data does not change.
 */
export interface LabelDecision {
  /** Number in the log of the experiment, from 1. */
  number: number;
  part: QuestionPart;
  questionId: string;
  /** The decision applies only to a question with this text: other data may use the same ids. */
  question: string;
  passageId: string;
  mark: LabelMark;
}

/** How the right passages of a question differ from the imported ones. */
export interface LabelChange {
  questionId: string;
  added: string[];
  removed: string[];
}

export interface LabelChanges {
  /** By question; only those that differ. */
  byQuestion: ReadonlyMap<string, LabelChange>;
  /** Passages added and removed, over all questions. */
  count: number;
  /** Decisions about questions or passages that are no longer in the data. They have no effect. */
  stale: number;
}

const keyOf = (...parts: string[]): string => JSON.stringify(parts);

/** Returns the latest decision about each question and passage of a part. */
export function latestDecisions(decisions: readonly LabelDecision[], part: QuestionPart): LabelDecision[] {
  const latest = new Map<string, LabelDecision>();
  for (const decision of decisions) {
    const { questionId, question, passageId } = decision;
    if (decision.part === part) latest.set(keyOf(questionId, question, passageId), decision);
  }
  return [...latest.values()].filter(({ mark }) => mark !== 'imported');
}

/**
 * Returns the changes that the decisions make to the questions of a part. `hasPassage` tells whether a passage is in
 * the knowledge base.
 */
export function labelChanges(
  questions: readonly Pick<Question, 'id' | 'text' | 'relevant'>[],
  decisions: readonly LabelDecision[],
  part: QuestionPart,
  hasPassage: (id: string) => boolean,
): LabelChanges {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const byQuestion = new Map<string, LabelChange>();
  let [count, stale] = [0, 0];
  for (const { questionId, question: text, passageId, mark } of latestDecisions(decisions, part)) {
    const question = byId.get(questionId);
    if (question?.text !== text || !hasPassage(passageId)) {
      stale += 1;
      continue;
    }
    if (question.relevant.includes(passageId) === (mark === 'right')) continue;
    const change = byQuestion.get(questionId) ?? { questionId, added: [], removed: [] };
    (mark === 'right' ? change.added : change.removed).push(passageId);
    byQuestion.set(questionId, change);
    count += 1;
  }
  return { byQuestion, count, stale };
}

/** Returns the right passages of a question after a change. */
export function changedRelevant(relevant: readonly string[], change: LabelChange | undefined): string[] {
  if (!change) return [...relevant];
  return [...relevant.filter((id) => !change.removed.includes(id)), ...change.added];
}
