import { AppError } from '../../../src/domain/errors';
import { sheetKey, type FileReading, type RememberedReadings } from '../../../src/domain/import/fileReading';
import type { RawRecord } from '../../../src/domain/import/recordReader';
import type { FileFacts } from '../../../src/domain/import/recognise';
import type { DataRole } from '../../../src/domain/records';
import { sheetRecords } from '../../../src/domain/import/sheet';
import { readXlsx, XlsxFault, type XlsxWorkbook } from '../../formats/xlsx';
import { typeOfFile } from './fileText';
import { isZip } from '../../formats/zip';

/** A workbook, with the records of one of its sheets. */
export interface SpreadsheetFile {
  file: File;
  facts: FileFacts;
  /** The column names, separated by commas. Empty if there are no names. */
  head: string;
  damaged: false;
  records: RawRecord[];
  stated: FileReading;
}

function sheetMissing(file: string, field: string, sheets: readonly string[]): AppError {
  return new AppError({ kind: 'import-failed', file, fault: 'sheet-missing', field, expected: sheets.join(', ') });
}

/** Returns notes on content that was not read: other sheets, and cells without a value. */
function notesOn({ others, unreadable }: XlsxWorkbook): RawRecord[] {
  const { count, row, error } = unreadable;
  const cells: RawRecord = { line: row + 1, fault: 'cells-unreadable', field: String(count) };
  return [
    ...(others.length > 0 ? [{ line: 0, fault: 'sheets-unused' as const, field: others.join(', ') }] : []),
    ...(count > 0 ? [error === '' ? cells : { ...cells, expected: error }] : []),
  ];
}

/**
 * Reads a sheet of an Excel workbook: the one stated for this file, else the one chosen earlier for workbooks with the
 * same sheets, else the one that `readXlsx` prefers. Returns null if the file is not a workbook.
 * @throws import-failed if a complete file that is named as a workbook cannot be read, or if the stated sheet is
 * missing.
 */
export async function readSpreadsheet(
  file: File,
  roles: readonly DataRole[],
  stated: FileReading = {},
  readings: RememberedReadings = {},
): Promise<SpreadsheetFile | null> {
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  if (!isZip(head)) return null;
  const isNamedSo = /\.(xls[xmb]?|et)$/i.test(file.name);
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const earlier = (names: readonly string[]): string | undefined =>
      roles.map((role) => readings[sheetKey(role, names)]).find((name) => name !== undefined && names.includes(name));
    const workbook = await readXlsx(bytes, (names) => stated.sheet ?? earlier(names));
    const { sheets, name, sheet, unreadable } = workbook;
    if (stated.sheet !== undefined && stated.sheet !== name) throw sheetMissing(file.name, stated.sheet, sheets);
    const { columns, records, mergedCells } = sheetRecords(sheet);
    const facts: FileFacts = {
      file: file.name,
      format: 'xlsx',
      encoding: null,
      detected: null,
      alsoFits: [],
      unsure: false,
      readingKey: roles[0] === undefined ? '' : sheetKey(roles[0], sheets),
      readingChosen: sheets.length > 1 && (stated.sheet ?? earlier(sheets)) === name,
      sheets,
      sheet: name,
      mergedCells,
      unreadableCells: unreadable.count,
    };
    return { file, facts, head: columns.join(), damaged: false, records: [...records, ...notesOn(workbook)], stated };
  } catch (thrown) {
    if (!(thrown instanceof XlsxFault)) throw thrown;
    // Another zip archive, or a truncated workbook; the caller refuses it by its type.
    if (thrown.fault === 'xlsx-broken' && (!isNamedSo || (await typeOfFile(file)) !== 'excel')) return null;
    throw new AppError({ kind: 'import-failed', file: file.name, fault: thrown.fault }, { cause: thrown });
  }
}
