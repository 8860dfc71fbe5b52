import { AppError } from '../../../src/domain/errors';
import type { RawRecord } from '../../../src/domain/import/recordReader';
import type { FileFacts } from '../../../src/domain/import/recognise';
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
}

/**
 * Reads a sheet of an Excel workbook: the one named `wanted` if the file has it, else the first with content. Returns
 * null if the file is not a workbook.
 * @throws import-failed if a file named as a workbook cannot be read.
 */
export async function readSpreadsheet(file: File, wanted?: string): Promise<SheetFile | null> {
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  if (!isZip(head)) return null;
  const isNamedSo = /\.(xls[xmb]?|et)$/i.test(file.name);
  try {
    const { sheets, name, sheet, unreadable } = await readWorkbook(new Uint8Array(await file.arrayBuffer()), wanted);
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
    if (!(thrown instanceof WorkbookFault)) throw thrown;
    // The caller refuses other zip archives by their type.
    if (thrown.fault === 'xlsx-broken' && !isNamedSo) return null;
    throw new AppError({ kind: 'import-failed', file: file.name, fault: thrown.fault }, { cause: thrown });
  }
}
