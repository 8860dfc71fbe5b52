import type { WorkbookCell, WorkbookSheet } from '../../src/domain/report/workbook';

/**
 * Escapes an underscore that would begin one of Excel's escapes (ECMA-376, ST_Xstring): the text `_x000D_` would
 * otherwise become a line break.
 */
const literal = (text: string): string => text.replace(/_(?=x[\da-fA-F]{4}_)/g, '_x005F_');

/**
 * Returns a cell for write-excel-file. Every text is a string cell with the text format, `@`, so that a spreadsheet
 * never takes it for a formula, even after an edit.
 */
function cellOf(cell: WorkbookCell) {
  if (cell === null || cell === '') return null;
  if (typeof cell === 'string') return { value: literal(cell), type: String, format: '@' };
  if ('format' in cell) return { value: cell.value, type: Number, format: cell.format };
  const text = { value: literal(cell.value), type: String, format: '@' };
  return 'bold' in cell
    ? { ...text, fontWeight: 'bold' as const }
    : { ...text, wrap: true, alignVertical: 'top' as const };
}

/** Writes sheets to an Excel workbook. Loads the library on demand, because nothing else needs it. */
export async function writeXlsx(sheets: readonly WorkbookSheet[]): Promise<Blob> {
  const { default: writeXlsxFile } = await import('write-excel-file/universal');
  const workbook = writeXlsxFile(
    sheets.map(({ name, widths, rows }) => ({
      sheet: name,
      columns: widths.map((width) => ({ width })),
      data: rows.map((row) => row.map(cellOf)),
    })),
  );
  return workbook.toBlob();
}
