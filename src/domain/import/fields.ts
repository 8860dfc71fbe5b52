import { keptFields, type DataRole } from '../records';

/**
 * The fields of each role that a column can fill, in the order in which they are offered. The kept fields come last.
 */
export const fieldsOf = {
  knowledgeBase: ['text', 'title', 'id', ...keptFields],
  pairs: [
    ...(['anchor', 'positive', 'positiveId', 'input', 'negatives', 'negativeIds'] as const),
    ...(['positiveScores', 'negativeScores', 'score', 'id'] as const),
    ...keptFields,
  ],
  questions: ['text', 'relevant', 'score', 'id', ...keptFields],
  scoredPairs: ['sentence1', 'sentence2', 'score', 'id', ...keptFields],
} as const satisfies Record<DataRole, readonly string[]>;
export type ColumnField = (typeof fieldsOf)[DataRole][number];

/**
 * Fields that a row of each role needs. Inner lists are alternatives: a pair needs one of `positive` and `positiveId`.
 */
export const neededFields: Record<DataRole, readonly (readonly ColumnField[])[]> = {
  knowledgeBase: [['text']],
  pairs: [['anchor'], ['positive', 'positiveId']],
  questions: [['text'], ['relevant']],
  scoredPairs: [['sentence1'], ['sentence2'], ['score']],
};

/** The field that each cell fills in formats without column names. */
export const positionFields: Record<DataRole, readonly ColumnField[]> = {
  knowledgeBase: ['text'],
  pairs: ['anchor', 'positive'],
  questions: ['text', 'relevant'],
  scoredPairs: ['sentence1', 'sentence2', 'score'],
};
