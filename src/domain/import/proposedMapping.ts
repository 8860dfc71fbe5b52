import { keptFields, type DataRole } from '../records';
import {
  aliases,
  bareColumnName,
  fieldAliases,
  keptLists,
  negativeColumn,
  negativeIdColumn,
  type AliasList,
} from './columnAliases';
import { positionFields, type ColumnField } from './fields';
import type { ColumnMapping } from './mapping';

/** Returns the columns of an alias list as a mapping to the field, in the order in which the import tries them. */
function mapped(columns: readonly string[], list: AliasList, field: ColumnField): ColumnMapping {
  return aliases[list].flatMap((alias) =>
    columns.filter((column) => bareColumnName(column) === alias).map((column) => ({ column, field })),
  );
}

/**
 * Maps cells without names. The third cell of a pair is a label if `isLabelled`, otherwise a negative like all later
 * ones.
 */
function mappedByPosition(role: DataRole, columns: readonly string[], isLabelled: boolean): ColumnMapping {
  const known = positionFields[role].flatMap((field, index) =>
    columns[index] ? [{ column: columns[index], field }] : [],
  );
  const rest = role === 'pairs' ? columns.slice(positionFields[role].length) : [];
  const field = rest.length === 1 && isLabelled ? 'score' : 'negatives';
  return [...known, ...rest.map((column) => ({ column, field }) as const)];
}

/**
 * Returns the mapping with the kept columns. A column that could also fill a field of the role is kept only if another
 * column takes precedence for that field: beside a `text`, a `document` says where the text comes from.
 */
function withKept(mapping: ColumnMapping, columns: readonly string[]): ColumnMapping {
  const firstOf = (field: ColumnField): string | undefined => mapping.find((one) => one.field === field)?.column;
  const isSpare = (column: string): boolean =>
    mapping.every((one) => one.column !== column || firstOf(one.field) !== column);
  const kept = keptFields.flatMap((field) =>
    mapped(columns, keptLists[field], field).filter(({ column }) => isSpare(column)),
  );
  return [...mapping.filter(({ column }) => !kept.some((one) => one.column === column)), ...kept];
}

/** Returns the mapping that follows from the column names. The import uses it unless the user chooses another. */
export function proposedMapping(
  role: DataRole,
  columns: readonly string[],
  named: boolean,
  isLabelled = false,
): ColumnMapping {
  if (!named) return mappedByPosition(role, columns, isLabelled);
  const lists = Object.entries(fieldAliases[role]) as [ColumnField, AliasList][];
  const mapping = lists.flatMap(([field, list]) => mapped(columns, list, field));
  if (role !== 'pairs') return withKept(mapping, columns);
  if (!mapping.some(({ field }) => field === 'positive'))
    mapping.push(...mapped(columns, 'otherPositiveId', 'positiveId'));
  const negatives = columns.filter((column) => negativeColumn.test(bareColumnName(column)));
  mapping.push(...negatives.map((column) => ({ column, field: 'negatives' }) as const));
  const negativeIds = columns.filter((column) => negativeIdColumn.test(bareColumnName(column)));
  mapping.push(...negativeIds.map((column) => ({ column, field: 'negativeIds' }) as const));
  const input = columns.find((column) => bareColumnName(column) === 'input');
  const first = mapping.find(({ field }) => field === 'anchor')?.column ?? '';
  if (input !== undefined && bareColumnName(first) === 'instruction') mapping.push({ column: input, field: 'input' });
  return withKept(mapping, columns);
}
