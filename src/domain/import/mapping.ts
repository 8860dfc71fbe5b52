import type { DataRole, KeptField } from '../records';
import { isGiven, namedCells } from './cells';
import { neededFields, type ColumnField } from './fields';

/**
 * Which column fills which field. If several columns fill one field, the first that is not empty in a row is used;
 * negatives are taken from all of them. Columns that are not listed are not used.
 */
export type ColumnMapping = readonly { column: string; field: ColumnField }[];

/** A column name for each kept field that means nothing else: `document` or `chunk` could also name the passage. */
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

/** A record read with a mapping. */
export interface MappedRecord {
  /** All cells, by their columns' names in the file. */
  cells: ReadonlyMap<string, unknown>;
  /**
   * The cell of each field, under the name by which the import knows the field. `column` is its key in `cells`, and
   * `label` is the column's name in reports: for cells without names, the name of the field.
   */
  fields: { name: string; value: unknown; column: string; label: string }[];
}

/** Returns null if the record has no cells. */
export function mappedRecord(role: DataRole, value: unknown, mapping: ColumnMapping): MappedRecord | null {
  const cells = namedCells(role, value);
  if (!cells) return null;
  const named = typeof value === 'object' && !Array.isArray(value);
  const fields = [...winners(cells, mapping)].map(([name, { column, field }]) => ({
    name,
    value: cells.get(column) ?? '',
    column,
    label: named ? column : field,
  }));
  return { cells, fields };
}

/** Returns the column that fills each field in a record: the first with a value. */
function winners(
  cells: ReadonlyMap<string, unknown>,
  mapping: ColumnMapping,
): Map<string, { column: string; field: ColumnField }> {
  const joinsInput = mapping.some(({ field }) => field === 'input');
  const found = new Map<string, { column: string; field: ColumnField }>();
  for (const [index, one] of mapping.entries()) {
    const name = nameOf(one.field, joinsInput, index);
    const known = found.get(name);
    if (!known || (!isGiven(cells.get(known.column)) && isGiven(cells.get(one.column)))) found.set(name, one);
  }
  return found;
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
