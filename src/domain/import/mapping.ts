import type { DataRole } from '../records';

/** The fields of each role that a column can fill, in the order in which they are offered. */
export const fieldsOf = {
  knowledgeBase: ['text', 'title', 'id'],
  pairs: ['anchor', 'positive', 'positiveId', 'input', 'id'],
  questions: ['text', 'relevant', 'id'],
  scoredPairs: ['sentence1', 'sentence2', 'score', 'id'],
} as const satisfies Record<DataRole, readonly string[]>;
export type ColumnField = (typeof fieldsOf)[DataRole][number];

/** Fields without which a role has no rows. A pair needs one of the last two. */
export const neededFields: Record<DataRole, readonly (readonly ColumnField[])[]> = {
  knowledgeBase: [['text']],
  pairs: [['anchor'], ['positive', 'positiveId']],
  questions: [['text'], ['relevant']],
  scoredPairs: [['sentence1'], ['sentence2'], ['score']],
};

/**
 * Which column fills which field. If several columns fill one field, the first that is not empty in a row is used.
 * Columns that are not listed are not used.
 */
export type ColumnMapping = readonly { column: string; field: ColumnField }[];

/** Chosen mappings, by the shape of the files they are for. */
export type MappingsByShape = Readonly<Record<string, ColumnMapping>>;

/**
 * Returns the cells of a record by column name, or null if it has no columns. Cells without names are numbered from 1.
 * In a knowledge base a line of text is one cell.
 */
export function namedCells(role: DataRole, value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value === 'string') return new Map([['1', value]]);
  if (Array.isArray(value)) {
    const cells: unknown[] = role === 'knowledgeBase' ? [value.join('\t')] : value;
    return new Map(cells.map((cell, index) => [String(index + 1), cell]));
  }
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.length === 0);

/** Returns the record with the names of fields in place of its own column names. */
export function mappedRecord(role: DataRole, value: unknown, mapping: ColumnMapping): unknown {
  const cells = namedCells(role, value);
  if (!cells) return value;
  // Only the field `instruction` is joined with `input`.
  const joinsInput = mapping.some(({ field }) => field === 'input');
  const record = new Map<string, unknown>();
  for (const { column, field } of mapping) {
    const name = field === 'anchor' && joinsInput ? 'instruction' : field;
    if (isEmpty(record.get(name))) record.set(name, cells.get(column) ?? '');
  }
  return Object.fromEntries(record);
}

/** Returns the mapping with the column filling `field`, or unused if it is null. No other column fills that field. */
export function withField(mapping: ColumnMapping, column: string, field: ColumnField | null): ColumnMapping {
  const others = mapping.filter((one) => one.column !== column && one.field !== field);
  return field === null ? others : [...others, { column, field }];
}

/** Returns the needed fields that no column fills, as alternatives: `[['positive', 'positiveId']]`. */
export function unfilledFields(role: DataRole, mapping: ColumnMapping): readonly (readonly ColumnField[])[] {
  return neededFields[role].filter((fields) => !mapping.some(({ field }) => fields.includes(field)));
}
