import { sha256Hex } from '../hash';
import { keptFields, type DataRole } from '../records';
import { aliases, bareName, fieldLists, keptLists, negativeColumn, positions, type AliasList } from './aliases';
import { unbundled } from './bundle';
import { isNumber } from './cells';
import { cleaned } from './cleaning';
import type { TextEncodingName } from './encoding';
import type { ColumnField } from './fields';
import { namedCells, type ColumnMapping, type MappingsByShape } from './mapping';
import type { ImportFormat, RawRecord } from './reading';
import { shaped } from './shapes';

/** Records of a file that are looked at to recognise its columns. */
export const surveyedRecords = 50;
const shownRows = 5;
const shownColumns = 60;
const shownCharacters = 120;

/** What was recognised in a file, shown for checking and correcting. */
export interface Recognition {
  file: string;
  format: ImportFormat;
  /** Null for a workbook, whose encoding is fixed. */
  encoding: TextEncodingName | null;
  /** The encoding recognised from the bytes; null if none fits them, and for a workbook. */
  detected: TextEncodingName | null;
  /** Other encodings in which all bytes are valid. */
  alsoFits: TextEncodingName[];
  /** Whether the text of one of them is about as plausible as that of `detected`. */
  unsure: boolean;
  /** Identifies files to which an encoding or a sheet chosen for this one applies too. */
  readingKey: string;
  /** Whether encoding or sheet were chosen for this file or for files that look like it, not recognised. */
  readingChosen: boolean;
  /** Worksheets of a workbook; empty for other files. */
  sheets: string[];
  sheet: string | null;
  /** Column names in the file's order; the first `shownColumns` of them. */
  columns: string[];
  /** Whether the file names its columns; else they are numbered from 1. */
  named: boolean;
  moreColumns: number;
  /** The first rows, one cell per column, cut to a length that can be shown. */
  firstRows: string[][];
  mapping: ColumnMapping;
  /** The mapping that follows from the column names. */
  proposal: ColumnMapping;
  /** Whether `mapping` was chosen for files of this shape; else it is the proposal. */
  chosen: boolean;
  /** Identifies files with the same columns for the same role. */
  shape: string;
  /** Rows read, those left out included. Null if only the beginning was read. */
  records: number | null;
  /** Cells filled from a merged range, and cells read as empty because they hold an error or an unsaved result. */
  mergedCells: number;
  unreadableCells: number;
}

/** What is known of a file before its records are read. */
export type FileFacts = Pick<
  Recognition,
  | 'file'
  | 'format'
  | 'encoding'
  | 'detected'
  | 'alsoFits'
  | 'unsure'
  | 'readingKey'
  | 'readingChosen'
  | 'sheets'
  | 'sheet'
  | 'mergedCells'
  | 'unreadableCells'
>;

/** Returns the columns of an alias list as a mapping to the field, in the order in which the import tries them. */
function mapped(columns: readonly string[], list: AliasList, field: ColumnField): ColumnMapping {
  return aliases[list].flatMap((alias) =>
    columns.filter((column) => bareName(column) === alias).map((column) => ({ column, field })),
  );
}

/** Maps cells without names. A third cell of a pair is a label if it is a number, else further cells are negatives. */
function mappedByPosition(role: DataRole, columns: readonly string[], isLabelled: boolean): ColumnMapping {
  const known = positions[role].flatMap((field, index) => (columns[index] ? [{ column: columns[index], field }] : []));
  const rest = role === 'pairs' ? columns.slice(positions[role].length) : [];
  const field = rest.length === 1 && isLabelled ? 'score' : 'negatives';
  return [...known, ...rest.map((column) => ({ column, field }) as const)];
}

/**
 * Returns the mapping with the kept columns. A column that could also fill a field of the role is kept only if another
 * column comes before it there: the `document` beside a `text` says where the text comes from.
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

/** Returns the mapping that follows from the column names: what the import does if nothing is chosen. */
export function proposedMapping(
  role: DataRole,
  columns: readonly string[],
  named: boolean,
  isLabelled = false,
): ColumnMapping {
  if (!named) return mappedByPosition(role, columns, isLabelled);
  const lists = Object.entries(fieldLists[role]) as [ColumnField, AliasList][];
  const mapping = lists.flatMap(([field, list]) => mapped(columns, list, field));
  if (role !== 'pairs') return withKept(mapping, columns);
  if (!mapping.some(({ field }) => field === 'positive'))
    mapping.push(...mapped(columns, 'otherPositiveId', 'positiveId'));
  const negatives = columns.filter((column) => negativeColumn.test(bareName(column)));
  mapping.push(...negatives.map((column) => ({ column, field: 'negatives' }) as const));
  const input = columns.find((column) => bareName(column) === 'input');
  const first = mapping.find(({ field }) => field === 'anchor')?.column ?? '';
  if (input !== undefined && bareName(first) === 'instruction') mapping.push({ column: input, field: 'input' });
  return withKept(mapping, columns);
}

/** Returns the values of the first records as the import reads them: without sections, sets and conversations. */
function valuesOf(role: DataRole, records: readonly RawRecord[]): unknown[] {
  const read = records.flatMap((record) => ('value' in record ? unbundled(role, record.value) : []));
  return read.slice(0, surveyedRecords).flatMap((value) => {
    const clean = cleaned(value);
    return 'fault' in clean ? [] : (shaped(clean.value) ?? []);
  });
}

function shown(value: unknown): string {
  const text =
    typeof value === 'string' ? value : value === undefined || value === null ? '' : (JSON.stringify(value) ?? '');
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
}

/** Recognises the columns of a file from its first records. `stated` is the mapping stated for this very file. */
export async function recognise(
  role: DataRole,
  facts: FileFacts,
  records: readonly RawRecord[],
  chosen: MappingsByShape = {},
  stated?: ColumnMapping,
): Promise<Recognition> {
  const values = valuesOf(role, records);
  const rows = values.flatMap((value) => namedCells(role, value) ?? []);
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const named = values.some((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
  const shape = await sha256Hex(JSON.stringify([role, named, [...columns].sort()]));
  const own = stated ?? (Object.hasOwn(chosen, shape) ? chosen[shape] : undefined);
  const proposal = proposedMapping(
    role,
    columns,
    named,
    rows.every((row) => isNumber(row.get('3') ?? 0)),
  );
  const listed = columns.slice(0, shownColumns);
  return {
    ...facts,
    columns: listed,
    named,
    moreColumns: columns.length - listed.length,
    firstRows: rows.slice(0, shownRows).map((row) => listed.map((column) => shown(row.get(column)))),
    mapping: own ?? proposal,
    proposal,
    chosen: own !== undefined,
    shape,
    records: null,
  };
}
