import { AppError } from '../../../src/domain/errors';
import type { RawRecord } from '../../../src/domain/import/reading';
import type { FileFacts } from '../../../src/domain/import/recognise';
import { sheetRecords } from '../../../src/domain/import/sheet';
import { isOle, isZip, readWorkbook, WorkbookFault } from '../../formats/xlsx';

/**
 * Reads a sheet of an Excel workbook: the one named `wanted` if the file has it, else the first with content. Returns
 * null if the file is not a workbook.
 * @throws import-failed if a file named as a workbook cannot be read.
 */
export async function readSpreadsheet(
  file: File,
  wanted?: string,
): Promise<{ facts: FileFacts; head: string; records: RawRecord[] } | null> {
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  const isNamedSo = /\.(xls[xmb]?|et)$/i.test(file.name);
  if (!isZip(head)) {
    if (isOle(head) && isNamedSo)
      throw new AppError({ kind: 'import-failed', file: file.name, fault: 'xls-unsupported' });
    return null;
  }
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
    return { facts, head: columns.join(), records };
  } catch (thrown) {
    if (!(thrown instanceof WorkbookFault)) throw thrown;
    // Another zip archive is reported like any other file that is not text.
    if (thrown.fault === 'xlsx-broken' && !isNamedSo) return null;
    throw new AppError({ kind: 'import-failed', file: file.name, fault: thrown.fault }, { cause: thrown });
  }
}
