import { strFromU8, unzipSync } from 'fflate';
import { formatCode, shownDate, shownNumber } from '../../src/domain/import/cellFormat';
import type { MergedRange, Sheet } from '../../src/domain/import/sheet';

/** Thrown for a workbook that cannot be read. `reason` is meant for developers and is not shown. */
export class XlsxFault extends Error {
  constructor(
    readonly fault: 'xlsx-broken' | 'xlsx-too-large',
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** Limit on the XML of a workbook after unpacking. A file of a few kB can unpack to gigabytes. */
const maxXmlBytes = 1024 * 1024 * 1024;
/** Limit on rows × columns, counted up to the last cell with content. */
const maxCells = 30_000_000;
/** Limits that the format itself sets. */
const maxRows = 1_048_576;
const maxColumns = 16_384;

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name = '') => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      if (hex === undefined && decimal === undefined) return entities[name as string] ?? whole;
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** Yields the attributes of each element called `name`, with or without a namespace prefix. */
function* elements(xml: string, name: string): Generator<Map<string, string>> {
  for (const [, attributes = ''] of xml.matchAll(new RegExp(`<(?:\\w+:)?${name}\\b([^<>]*)>`, 'g')))
    yield new Map(
      [...attributes.matchAll(/(?:^|\s)([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(
        ([, key = '', double, single]) => [key.replace(/^\w+:/, ''), unescaped(double ?? single ?? '')],
      ),
    );
}

/** Unpacks the XML parts of a workbook. */
function partsOf(bytes: Uint8Array): Map<string, string> {
  let total = 0;
  try {
    const parts = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        // read-excel-file unpacks every XML part, so all of them count.
        if (/\.(xml|rels)$/.test(name)) total += originalSize;
        if (total > maxXmlBytes) throw new XlsxFault('xlsx-too-large', `${total} bytes of XML`);
        return /^xl\/(workbook\.xml|styles\.xml|_rels\/workbook\.xml\.rels|worksheets\/[^/]+\.xml)$/.test(name);
      },
    });
    return new Map(Object.entries(parts).map(([name, part]) => [name, strFromU8(part)]));
  } catch (thrown) {
    if (thrown instanceof XlsxFault) throw thrown;
    throw new XlsxFault('xlsx-broken', String(thrown), { cause: thrown });
  }
}

interface SheetPlace {
  name: string;
  /** Position among all sheets of the workbook, from 1. */
  position: number;
  path: string;
}

/** Lists the worksheets in the workbook's order. Chart sheets are not listed. */
function sheetPlaces(parts: Map<string, string>): SheetPlace[] {
  const targets = new Map<string, string>();
  for (const rel of elements(parts.get('xl/_rels/workbook.xml.rels') ?? '', 'Relationship'))
    if (rel.get('Type')?.endsWith('/worksheet'))
      targets.set(rel.get('Id') ?? '', (rel.get('Target') ?? '').replace(/^\/?(xl\/)?/, 'xl/'));
  const places: SheetPlace[] = [];
  let position = 0;
  for (const sheet of elements(parts.get('xl/workbook.xml') ?? '', 'sheet')) {
    const name = sheet.get('name') ?? '';
    if (name === '') continue;
    position += 1;
    const path = targets.get(sheet.get('id') ?? '');
    if (path !== undefined && parts.has(path)) places.push({ name, position, path });
  }
  return places;
}

/** Returns the number format code of each cell style. */
function styleCodes(xml: string): string[] {
  const own = new Map<number, string>();
  for (const format of elements(xml, 'numFmt'))
    own.set(Number(format.get('numFmtId')), format.get('formatCode') ?? 'General');
  const styles = /<(?:\w+:)?cellXfs\b[^]*?<\/(?:\w+:)?cellXfs>/.exec(xml)?.[0] ?? '';
  return [...elements(styles, 'xf')].map((style) => formatCode(Number(style.get('numFmtId') ?? 0), own));
}

function addressOf(reference: string | undefined): { row: number; column: number } | null {
  const [, letters, digits] = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/.exec(reference ?? '') ?? [];
  if (letters === undefined) return null;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return { row: Number(digits) - 1, column: column - 1 };
}

function mergedRanges(xml: string): MergedRange[] {
  const ranges: MergedRange[] = [];
  for (const cell of elements(xml, 'mergeCell')) {
    const [from, to] = (cell.get('ref') ?? '').split(':').map(addressOf);
    if (from && to) ranges.push({ top: from.row, left: from.column, bottom: to.row, right: to.column });
  }
  return ranges;
}

/** Facts about a sheet's cells that read-excel-file does not report. */
interface SheetScan {
  /** Style of each number or date, by row × maxColumns + column. */
  styles: Map<number, number>;
  /** Digits of each integer with more than 15 of them, by the same key. As a number it would lose the last ones. */
  longIntegers: Map<number, string>;
  /** Number of cells with an error such as #N/A or with a formula whose result was not saved. */
  unreadable: number;
}

/**
 * Whether the cell content at `at` is a formula without a saved result. Programs that write workbooks often leave the
 * calculation to the spreadsheet.
 */
function lacksResult(xml: string, at: number): boolean {
  if (!/^<(?:\w+:)?f\b/.test(xml.slice(at, at + 40))) return false;
  const end = xml.indexOf('c>', xml.indexOf('</', at));
  return !/<(?:\w+:)?v\b/.test(xml.slice(at, xml.indexOf('<', end + 2)));
}

/** Returns the digits of the cell content at `at` if it is a number written as an integer of more than 15 digits. */
function longInteger(xml: string, at: number): string | undefined {
  const content =
    /(?:\s*<(?:\w+:)?f\b[^>]*?(?:\/>|>[^<]*<\/(?:\w+:)?f>))?\s*<(?:\w+:)?v\b[^>]*>\s*(-?[1-9]\d{15,})(?:\.0*)?\s*</y;
  content.lastIndex = at;
  return content.exec(xml)?.[1];
}

/** Scans the cells with content. Throws if the range up to the last of these cells is too large for memory. */
function scanSheet(xml: string): SheetScan {
  const scan: SheetScan = { styles: new Map(), longIntegers: new Map(), unreadable: 0 };
  let rows = 0;
  let columns = 0;
  for (const [, number] of xml.matchAll(/<(?:\w+:)?row\b[^<>]*?\br="(\d+)"/g)) rows = Math.max(rows, Number(number));
  for (const match of xml.matchAll(/<(?:\w+:)?c\b([^<>]*?)(\/?)>/g)) {
    const [whole, attributes = '', selfClosed] = match;
    const address = addressOf(/\br="([^"]*)"/.exec(attributes)?.[1]);
    if (selfClosed === '/' || !address) continue;
    rows = Math.max(rows, address.row + 1);
    columns = Math.max(columns, address.column + 1);
    const type = /\bt="(\w+)"/.exec(attributes)?.[1] ?? 'n';
    const style = /\bs="(\d+)"/.exec(attributes)?.[1];
    const key = address.row * maxColumns + address.column;
    const at = match.index + whole.length;
    if (style !== undefined && (type === 'n' || type === 'd')) scan.styles.set(key, Number(style));
    const digits = type === 'n' ? longInteger(xml, at) : undefined;
    if (digits !== undefined) scan.longIntegers.set(key, digits);
    if (type === 'e' || lacksResult(xml, at)) scan.unreadable += 1;
  }
  if (rows > maxRows || columns > maxColumns || rows * columns > maxCells)
    throw new XlsxFault('xlsx-too-large', `${rows} rows × ${columns} columns`);
  return scan;
}

/** Returns the text that a spreadsheet would show for a value from read-excel-file, with all digits of an integer. */
function shownText(value: unknown, code: string, digits?: string): string {
  if (value instanceof Date) return shownDate(value, code);
  if (typeof value === 'number') return shownNumber(value, code, digits);
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  return typeof value === 'string' ? value : '';
}

/** Reads cell values with read-excel-file, which is loaded only when a workbook is imported. */
async function cellValues(bytes: Uint8Array<ArrayBuffer>, position: number): Promise<unknown[][]> {
  try {
    const { readSheet } = await import('read-excel-file/universal');
    return await readSheet(new Blob([bytes]), position, { trim: false });
  } catch (thrown) {
    throw new XlsxFault('xlsx-broken', String(thrown), { cause: thrown });
  }
}

export interface XlsxWorkbook {
  /** Names of all worksheets, in order. */
  sheets: string[];
  /** Name of the sheet that was read. */
  name: string;
  sheet: Sheet;
  /** Number of cells read as empty: errors such as #N/A, and formulas without a saved result. */
  unreadable: number;
}

/**
 * Reads one sheet of an .xlsx file: the one that `choose` names, if the workbook has it, else the first with content.
 * @throws XlsxFault if the file is not a workbook or is too large for memory.
 */
export async function readXlsx(
  bytes: Uint8Array<ArrayBuffer>,
  choose: (sheets: readonly string[]) => string | undefined = () => undefined,
): Promise<XlsxWorkbook> {
  const parts = partsOf(bytes);
  const places = sheetPlaces(parts);
  const hasContent = ({ path }: SheetPlace): boolean => /<(?:\w+:)?(v|is)\b/.test(parts.get(path) ?? '');
  const wanted = choose(places.map(({ name }) => name));
  const place = places.find(({ name }) => name === wanted) ?? places.find(hasContent) ?? places[0];
  if (!place) throw new XlsxFault('xlsx-broken', 'no worksheet');
  const xml = parts.get(place.path) ?? '';
  const codes = styleCodes(parts.get('xl/styles.xml') ?? '');
  const scan = scanSheet(xml);
  const values = await cellValues(bytes, place.position);
  const textAt = (value: unknown, key: number): string =>
    shownText(value, codes[scan.styles.get(key) ?? -1] ?? 'General', scan.longIntegers.get(key));
  const cells = values.map((line, row) => line.map((value, column) => textAt(value, row * maxColumns + column)));
  const sheet = { cells, merged: mergedRanges(xml) };
  return { sheets: places.map(({ name }) => name), name: place.name, sheet, unreadable: scan.unreadable };
}
