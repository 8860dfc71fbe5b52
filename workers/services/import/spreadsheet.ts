import { AppError } from '../../../src/domain/errors';
import { sheetKey, type FileReading, type RememberedReadings } from '../../../src/domain/import/fileReading';
import type { RawRecord } from '../../../src/domain/import/recordReader';
import type { FileFacts } from '../../../src/domain/import/recognise';
import type { DataRole } from '../../../src/domain/records';
import { sheetRecords } from '../../../src/domain/import/sheet';
import { isZip, readWorkbook, WorkbookFault } from '../../formats/xlsx';

/** A workbook of which one sheet was read. */
export interface SheetFile {
  file: File;
  facts: FileFacts;
  /** The first row; empty if there is none. */
  head: string;
  damaged: false;
  records: RawRecord[];
  stated: FileReading;
}

function sheetMissing(file: string, field: string, sheets: readonly string[]): AppError {
  return new AppError({ kind: 'import-failed', file, fault: 'sheet-missing', field, expected: sheets.join(', ') });
}

/**
 * Reads a sheet of an Excel workbook: the one stated for this file, else the one chosen earlier for workbooks with the
 * same sheets, else the first with content. Returns null if the file is not a workbook.
 * @throws import-failed if a file named as a workbook cannot be read, or lacks the stated sheet.
 */
export async function readSpreadsheet(
  file: File,
  role: DataRole,
  stated: FileReading = {},
  readings: RememberedReadings = {},
): Promise<SheetFile | null> {
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  if (!isZip(head)) return null;
  const isNamedSo = /\.(xls[xmb]?|et)$/i.test(file.name);
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const earlier = (names: readonly string[]): string | undefined => readings[sheetKey(role, names)];
    const book = await readWorkbook(bytes, (names) => stated.sheet ?? earlier(names));
    const { sheets, name, sheet, unreadable } = book;
    if (stated.sheet !== undefined && stated.sheet !== name) throw sheetMissing(file.name, stated.sheet, sheets);
    const { columns, records, mergedCells } = sheetRecords(sheet);
    const facts: FileFacts = {
      file: file.name,
      format: 'xlsx',
      encoding: null,
      detected: null,
      alsoFits: [],
      unsure: false,
      readingKey: sheetKey(role, sheets),
      readingChosen: sheets.length > 1 && (stated.sheet ?? earlier(sheets)) === name,
      sheets,
      sheet: name,
      mergedCells,
      unreadableCells: unreadable,
    };
    return { file, facts, head: columns.join(), damaged: false, records, stated };
  } catch (thrown) {
    if (!(thrown instanceof WorkbookFault)) throw thrown;
    // The caller refuses other zip archives by their type.
    if (thrown.fault === 'xlsx-broken' && !isNamedSo) return null;
    throw new AppError({ kind: 'import-failed', file: file.name, fault: thrown.fault }, { cause: thrown });
  }
}
