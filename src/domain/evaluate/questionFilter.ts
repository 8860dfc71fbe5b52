import type { RankChange } from './answerAt';

/** Values by which questions are filtered, besides their change. Null if the data has none. */
export interface QuestionFacts {
  topic: string | null;
  document: string | null;
}

/** Longest question of each band in characters; the last band has no limit. */
const longest = [10, 20, 40, Infinity] as const;
export const lengthBands = longest.map((to, i) => ({ from: (longest[i - 1] ?? 0) + 1, to }));

/** Returns the index of the band that a question belongs to. Counts characters, not code units. */
export function lengthBand(text: string): number {
  const length = [...text].length;
  return longest.findIndex((to) => length <= to);
}

export const filterFields = ['topic', 'document', 'length', 'change'] as const;
export type FilterField = (typeof filterFields)[number];

/** A chosen value of each field; null if all questions match. `''` are the questions without a topic or document. */
export type QuestionFilter = Record<FilterField, string | null>;
export const noFilter: QuestionFilter = { topic: null, document: null, length: null, change: null };

/** The values of a question's fields. */
export type FilterValues = Record<FilterField, string>;

export function filterValues(text: string, facts: QuestionFacts | undefined, change: RankChange): FilterValues {
  const length = String(lengthBand(text));
  return { topic: facts?.topic ?? '', document: facts?.document ?? '', length, change };
}

/**
 * Drops the chosen topic, document or length if no question has it. A change stays: each one can be chosen at any
 * cut-off.
 */
export function presentFilter(filter: QuestionFilter, questions: readonly FilterValues[]): QuestionFilter {
  const isAbsent = (field: FilterField): boolean =>
    field !== 'change' && filter[field] !== null && questions.every((values) => values[field] !== filter[field]);
  const absent = filterFields.filter(isAbsent);
  return absent.length === 0 ? filter : { ...filter, ...Object.fromEntries(absent.map((field) => [field, null])) };
}

/** Whether a question matches in all fields, `except` one. */
function matches(values: FilterValues, filter: QuestionFilter, except?: FilterField): boolean {
  return filterFields.every((field) => field === except || filter[field] === null || filter[field] === values[field]);
}

/**
 * Returns which questions match, and how many would match for each value of each field while the other fields stay as
 * chosen.
 */
export function filterQuestions(
  questions: readonly FilterValues[],
  filter: QuestionFilter,
): { matching: boolean[]; counts: Record<FilterField, Map<string, number>> } {
  const counts = { topic: new Map(), document: new Map(), length: new Map(), change: new Map() } as Record<
    FilterField,
    Map<string, number>
  >;
  for (const values of questions)
    for (const field of filterFields) {
      const own = counts[field];
      const adds = matches(values, filter, field) ? 1 : 0;
      own.set(values[field], (own.get(values[field]) ?? 0) + adds);
    }
  return { matching: questions.map((values) => matches(values, filter)), counts };
}
