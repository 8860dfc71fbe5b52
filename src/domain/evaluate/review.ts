/** A passage is marked right or wrong for a question, or its mark is taken back. */
export const reviewMarks = ['right', 'wrong', 'none'] as const;
export type ReviewMark = (typeof reviewMarks)[number];

/** A mark that the user gave a passage. Decisions are only ever appended; the latest one about a passage counts. */
export interface ReviewDecision {
  question: string;
  passageId: string;
  mark: ReviewMark;
  decidedAt: number;
}

/** A question with marked passages. It belongs to neither dev nor test. */
export interface ReviewQuestion {
  text: string;
  right: string[];
  wrong: string[];
}

/** Returns the questions that have marks, in the order in which they were first marked. */
export function reviewQuestions(decisions: readonly ReviewDecision[]): ReviewQuestion[] {
  const marks = new Map<string, Map<string, ReviewMark>>();
  for (const { question, passageId, mark } of decisions) {
    const own = marks.get(question) ?? new Map<string, ReviewMark>();
    marks.set(question, own.set(passageId, mark));
  }
  return [...marks].flatMap(([text, own]) => {
    const marked = (mark: ReviewMark): string[] => [...own].flatMap(([id, given]) => (given === mark ? [id] : []));
    const question = { text, right: marked('right'), wrong: marked('wrong') };
    return question.right.length + question.wrong.length === 0 ? [] : [question];
  });
}

/**
 * Returns a JSONL file that can be imported as dev or test questions. Leaves out questions without a passage marked
 * right: that some passages are wrong does not mean that none is right.
 */
export function reviewFile(questions: readonly ReviewQuestion[]): string {
  const rows = questions.filter(({ right }) => right.length > 0);
  return rows
    .map(({ text, right }, i) => `${JSON.stringify({ id: `review-${i + 1}`, text, relevant: right })}\n`)
    .join('');
}
