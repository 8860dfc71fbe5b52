import { strToU8, zipSync } from 'fflate';

/** A cell of a test workbook: text, a number with a style, an error, a formula without a result, or nothing. */
type TestCell =
  | string
  | null
  | { number: number | string; style?: number }
  | { error: string }
  | { formula: string }
  | { bool: boolean };

export interface TestSheet {
  name: string;
  rows: TestCell[][];
  merged?: string[];
}

/** Number formats of the cell styles, from style 1. Style 0 is General. */
export const styles = {
  padded: 1,
  builtInDate: 2,
  ownDate: 3,
  percent: 4,
  price: 5,
} as const;
const codes = [
  'General',
  '0000',
  null,
  'yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@',
  '0.0%',
  '&quot;¥&quot;#,##0.00',
];

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

function cellXml(cell: TestCell, row: number, column: number): string {
  const place = `${String.fromCharCode(65 + column)}${row + 1}`;
  if (cell === null) return `<c r="${place}"/>`;
  if (typeof cell === 'string') return `<c r="${place}" t="inlineStr"><is><t>${escaped(cell)}</t></is></c>`;
  if ('number' in cell) return `<c r="${place}" s="${cell.style ?? 0}"><v>${cell.number}</v></c>`;
  if ('error' in cell) return `<c r="${place}" t="e"><v>${cell.error}</v></c>`;
  if ('bool' in cell) return `<c r="${place}" t="b"><v>${cell.bool ? 1 : 0}</v></c>`;
  return `<c r="${place}"><f>${cell.formula}</f></c>`;
}

function sheetXml({ rows, merged = [] }: TestSheet): string {
  // Leave out rows without cells, as Excel does.
  const data = rows
    .map((cells, row) =>
      cells.length === 0
        ? ''
        : `<row r="${row + 1}">${cells.map((cell, column) => cellXml(cell, row, column)).join('')}</row>`,
    )
    .join('');
  const ranges = merged.map((range) => `<mergeCell ref="${range}"/>`).join('');
  const merges = merged.length > 0 ? `<mergeCells count="${merged.length}">${ranges}</mergeCells>` : '';
  return `${head}<worksheet ${main}><sheetData>${data}</sheetData>${merges}</worksheet>`;
}

function stylesXml(): string {
  const own = codes.map((code, index) =>
    code === null ? '' : `<numFmt numFmtId="${200 + index}" formatCode="${code}"/>`,
  );
  const cells = codes.map((code, index) => `<xf numFmtId="${code === null ? 14 : index === 0 ? 0 : 200 + index}"/>`);
  return `${head}<styleSheet ${main}><numFmts>${own.join('')}</numFmts><cellXfs>${cells.join('')}</cellXfs></styleSheet>`;
}

/** Returns the bytes of an .xlsx file with these sheets. */
export function workbook(...sheets: TestSheet[]): Uint8Array<ArrayBuffer> {
  const parts: Record<string, string> = {
    'xl/workbook.xml': `${head}<workbook ${main} xmlns:r="${relations}"><sheets>${sheets
      .map(({ name }, index) => `<sheet name="${escaped(name)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${head}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${sheets
      .map(
        (_, index) =>
          `<Relationship Id="rId${index + 1}" Type="${relations}/worksheet" Target="worksheets/sheet${index + 1}.xml"/>`,
      )
      .join('')}<Relationship Id="rId99" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
    'xl/styles.xml': stylesXml(),
  };
  sheets.forEach((sheet, index) => (parts[`xl/worksheets/sheet${index + 1}.xml`] = sheetXml(sheet)));
  return zipSync(Object.fromEntries(Object.entries(parts).map(([name, xml]) => [name, strToU8(xml)])));
}
