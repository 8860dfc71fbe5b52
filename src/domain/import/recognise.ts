import { sha256Hex } from '../hash';
import type { DataRole } from '../records';
import { cutAt } from '../wellFormed';
import { unbundled } from './bundle';
import { isLabel, namedCells } from './cells';
import { cleaned } from './cleaning';
import type { TextEncodingName } from './encoding';
import type { ColumnMapping } from './mapping';
import type { MappingsByShape } from './mappingStore';
import type { RawRecord } from './recordReader';
import type { ImportFormat } from './format';
import { proposedMapping } from './proposedMapping';
import { shaped } from './shapes';
import { isObject } from '../isObject';

/** Number of records examined to recognise a file's columns. */
export const surveyedRecords = 50;
const shownRows = 5;
const shownColumns = 60;
const shownCharacters = 120;

/** The result of recognising a file, for the user to check and correct. */
export interface Recognition {
  file: string;
  format: ImportFormat;
  /** The encoding that the file was read in; null for a workbook, whose encoding is fixed. */
  encoding: TextEncodingName | null;
  /** The encoding recognised from the bytes; null if none fits them, and for a workbook. */
  detected: TextEncodingName | null;
  /** Other encodings in which all bytes are valid. */
  alsoFits: TextEncodingName[];
  /** Whether some encoding in `alsoFits` gives a text about as plausible as `detected` does. */
  unsure: boolean;
  /** Key shared by all files to which an encoding or sheet chosen for this one also applies. */
  readingKey: string;
  /** Whether the encoding or sheet was chosen for this file or for similar ones, not recognised. */
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
  /** Whether `mapping` was chosen for files of this shape; otherwise it is the proposal. */
  chosen: boolean;
  /** Identifies files with the same columns for the same role. */
  shape: string;
  /** Number of records read, including rejected ones. Null if only the beginning of the file was read. */
  records: number | null;
  /**
   * Number of cells filled from a merged range, and of cells read as empty because they hold an error or an unsaved
   * result.
   */
  mergedCells: number;
  unreadableCells: number;
}

/** Facts about a file that are known before its records are read. */
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

/** Returns the values of the first records as the import reads them: unpacked from sections, sets and conversations. */
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
  return text.length > shownCharacters ? `${cutAt(text, shownCharacters)}…` : text;
}

/** Recognises the columns of a file from its first records. `stated` is the mapping chosen for this particular file. */
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
  const named = values.some(isObject);
  const shape = await sha256Hex(JSON.stringify([role, named, [...columns].sort()]));
  const own = stated ?? (Object.hasOwn(chosen, shape) ? chosen[shape] : undefined);
  const proposal = proposedMapping(
    role,
    columns,
    named,
    rows.every((row) => isLabel(row.get('3') ?? 0)),
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
