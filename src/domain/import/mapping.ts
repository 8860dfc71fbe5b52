import type { DataRole, KeptField } from '../records';
import { isGiven, namedCells } from './cells';
import { neededFields, type ColumnField } from './fields';

/**
 * Which column fills which field. If several columns fill one field, the first that is not empty in a row is used;
 * negatives are taken from all of them. Columns that are not listed are not used.
 */
export type ColumnMapping = readonly { column: string; field: ColumnField }[];

/** Column names for the kept fields that stand for no other field: `document` or `chunk` could also be the passage. */
const keptNames: Record<KeptField, string> = { topic: 'topic', document: 'docname', chunk: 'chunkid' };
const isKept = (field: ColumnField): field is KeptField => Object.hasOwn(keptNames, field);

/** Returns the column name by which the import knows a field. */
function nameOf(field: ColumnField, joinsInput: boolean, index: number): string {
  // Only `instruction` is joined with `input`.
  if (field === 'anchor' && joinsInput) return 'instruction';
  if (isKept(field)) return keptNames[field];
  if (field === 'negativeIds') return `negativeIds${index + 1}`;
  return field === 'negatives' ? `negative${index + 1}` : field;
}

/**
 * Returns the cells of a record under the names of fields, each with its column's name in the file. Columns without
 * names keep that of the field. Returns null if the record has no cells.
 */
export function mappedCells(
  role: DataRole,
  value: unknown,
  mapping: ColumnMapping,
): [name: string, value: unknown, column: string][] | null {
  const cells = namedCells(role, value);
  if (!cells) return null;
  const named = typeof value === 'object' && !Array.isArray(value);
  const joinsInput = mapping.some(({ field }) => field === 'input');
  const mapped = new Map<string, { value: unknown; column: string }>();
  for (const [index, { column, field }] of mapping.entries()) {
    const name = nameOf(field, joinsInput, index);
    const known = mapped.get(name);
    if (known && (isGiven(known.value) || !isGiven(cells.get(column)))) continue;
    mapped.set(name, { value: cells.get(column) ?? '', column: named ? column : field });
  }
  return [...mapped].map(([name, cell]) => [name, cell.value, cell.column]);
}

/**
 * Returns the mapping in which the column fills `field`, or no field if it is null. Any other column that filled this
 * field no longer does, except for negatives: a row may have several.
 */
export function withField(mapping: ColumnMapping, column: string, field: ColumnField | null): ColumnMapping {
  const isList = field === 'negatives' || field === 'negativeIds';
  const others = mapping.filter((one) => one.column !== column && (one.field !== field || isList));
  return field === null ? others : [...others, { column, field }];
}

/**
 * Returns the needed fields that no column fills, each as a list of alternatives, such as `[['positive',
 * 'positiveId']]`.
 */
export function unfilledFields(role: DataRole, mapping: ColumnMapping): readonly (readonly ColumnField[])[] {
  return neededFields[role].filter((fields) => !mapping.some(({ field }) => fields.includes(field)));
}

/** Returns the columns with a value in a record, and whether the mapping uses them. */
export function mappedNames(role: DataRole, value: unknown, mapping: ColumnMapping): { name: string; used: boolean }[] {
  return [...(namedCells(role, value) ?? [])].flatMap(([name, cell]) =>
    isGiven(cell) ? [{ name, used: mapping.some(({ column }) => column === name) }] : [],
  );
}
