import { AppError } from '../../../src/domain/errors';
import type { RawRecord } from '../../../src/domain/import/recordReader';
import type { FileFacts } from '../../../src/domain/import/recognise';
import { sheetRecords } from '../../../src/domain/import/sheet';
import { readXlsx, XlsxFault } from '../../formats/xlsx';
import { isZip } from '../../formats/zip';

/** A workbook, with the records of one of its sheets. */
export interface SpreadsheetFile {
  file: File;
  facts: FileFacts;
  /** The column names, separated by commas. Empty if there are none. */
  head: string;
  damaged: false;
  records: RawRecord[];
}

/**
 * Reads a sheet of an Excel workbook: the one named `wanted` if the file has it, else the first with content. Returns
 * null if the file is not a workbook.
 * @throws import-failed if a file named as a workbook cannot be read.
 */
export async function readSpreadsheet(file: File, wanted?: string): Promise<SpreadsheetFile | null> {
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  if (!isZip(head)) return null;
  const isNamedSo = /\.(xls[xmb]?|et)$/i.test(file.name);
  try {
    const { sheets, name, sheet, unreadable } = await readXlsx(new Uint8Array(await file.arrayBuffer()), wanted);
    const { columns, records, mergedCells } = sheetRecords(sheet);
    const facts: FileFacts = {
      file: file.name,
      format: 'xlsx',
      encoding: null,
      sheets,
      sheet: name,
      mergedCells,
      unreadableCells: unreadable,
    };
    return { file, facts, head: columns.join(), damaged: false, records };
  } catch (thrown) {
    if (!(thrown instanceof XlsxFault)) throw thrown;
    // This is another zip archive, which the caller refuses by its type.
    if (thrown.fault === 'xlsx-broken' && !isNamedSo) return null;
    throw new AppError({ kind: 'import-failed', file: file.name, fault: thrown.fault }, { cause: thrown });
  }
}
