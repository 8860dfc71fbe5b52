import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { formatCode, shownDate, shownNumber } from '../../src/domain/import/cellFormat';
import type { MergedRange, Sheet } from '../../src/domain/import/sheet';
import { addressOf, hasFilledRows, maxColumns, scanSheet, type SheetScan } from './sheetScan';
import { elements, elementText, hasPieceOver, plainXml } from './xml';

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
/**
 * Limits on one tag and one text of a sheet's cells, because read-excel-file's parser reads a piece again whenever a
 * few more of its characters arrive. Genuine tags have a few hundred characters. A cell has at most 32,767, each of
 * which may take up to six in XML.
 */
const maxPiece = { tag: 32_768, text: 500_000 };
/** Limits that the format itself sets. */
const maxRows = 1_048_576;

/** Unpacks the XML parts of a workbook. `isChanged` if comments or CDATA sections were replaced in one. */
function partsOf(bytes: Uint8Array): { parts: Map<string, string>; isChanged: boolean } {
  let total = 0;
  try {
    const parts = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        // read-excel-file unpacks every XML part, so all of them count.
        if (/\.(xml|rels)$/.test(name)) total += originalSize;
        if (total > maxXmlBytes) throw new XlsxFault('xlsx-too-large', `${total} bytes of XML`);
        return /^xl\/(workbook\.xml|styles\.xml|_rels\/workbook\.xml\.rels|worksheets\/[^/]+\.xml|sharedStrings\.xml)$/.test(
          name,
        );
      },
    });
    const plain = new Map<string, string>();
    let isChanged = false;
    for (const [name, part] of Object.entries(parts)) {
      const xml = strFromU8(part);
      plain.set(name, plainXml(xml));
      isChanged ||= plain.get(name) !== xml;
    }
    return { parts: plain, isChanged };
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
  hidden: boolean;
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
    const hidden = sheet.get('state')?.toLowerCase().endsWith('hidden') ?? false;
    if (path !== undefined && parts.has(path)) places.push({ name, position, path, hidden });
  }
  return places;
}

/** Returns the number format code of each cell style. */
function styleCodes(xml: string): string[] {
  const own = new Map<number, string>();
  for (const format of elements(xml, 'numFmt'))
    own.set(Number(format.get('numFmtId')), format.get('formatCode') ?? 'General');
  return [...elements(elementText(xml, 'cellXfs'), 'xf')].map((style) =>
    formatCode(Number(style.get('numFmtId') ?? 0), own),
  );
}

function mergedRanges(xml: string): MergedRange[] {
  const ranges: MergedRange[] = [];
  for (const cell of elements(xml, 'mergeCell')) {
    const [from, to] = (cell.get('ref') ?? '').split(':').map(addressOf);
    if (from && to) ranges.push({ top: from.row, left: from.column, bottom: to.row, right: to.column });
  }
  return ranges;
}

/** Formats a value from read-excel-file as a spreadsheet would show it, but with all digits of an integer. */
function shownText(value: unknown, code: string, digits?: string): string {
  if (value instanceof Date) return shownDate(value, code);
  if (typeof value === 'number') return shownNumber(value, code, digits);
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  return typeof value === 'string' ? value : '';
}

/** Returns the part of a sheet that contains its cells. Ranges of formats after it may have long tags. */
function cellsOf(xml: string): string {
  const data = elementText(xml, 'sheetData');
  const from = xml.indexOf(data);
  const end = xml.indexOf('>', from + data.length) + 1;
  const root = /<((?:\w+:)?worksheet)\b/.exec(xml)?.[1] ?? 'worksheet';
  return data === '' ? xml : `${xml.slice(0, end)}</${root}>`;
}

/** Returns the workbook, uncompressed, with the given parts replaced. */
function withParts(bytes: Uint8Array, parts: ReadonlyMap<string, string>): Uint8Array<ArrayBuffer> {
  const all = unzipSync(bytes, { filter: ({ name }) => /\.(xml|rels)$/.test(name) && !parts.has(name) });
  for (const [name, xml] of parts) all[name] = strToU8(xml);
  return zipSync(all, { level: 0 });
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
  /** Names of the other worksheets that have content. */
  others: string[];
  /**
   * Number of cells read as empty, which hold an error such as #N/A or a formula without a saved result; the row of the
   * first, from 0; and the first error, empty if there are only formulas.
   */
  unreadable: SheetScan['unreadable'];
}

/**
 * Reads one sheet of an .xlsx file: the one that `choose` names if there is one, else the first visible one with at
 * least two rows with content, else the first with any content.
 * @throws XlsxFault if the file is not a workbook or is too large for memory.
 */
export async function readXlsx(
  bytes: Uint8Array<ArrayBuffer>,
  choose: (sheets: readonly string[]) => string | undefined = () => undefined,
): Promise<XlsxWorkbook> {
  const { parts, isChanged } = partsOf(bytes);
  const places = sheetPlaces(parts);
  const hasRows = (count: number, { path }: SheetPlace): boolean => hasFilledRows(count, parts.get(path) ?? '');
  const hasContent = (one: SheetPlace): boolean => hasRows(1, one);
  const shown = places.filter(({ hidden }) => !hidden);
  const wanted = choose(places.map(({ name }) => name));
  // A cover has one row; a table has column names and at least one row. Hidden sheets come last.
  const place =
    places.find(({ name }) => name === wanted) ??
    shown.find((one) => hasRows(2, one)) ??
    shown.find(hasContent) ??
    places.find(hasContent) ??
    places[0];
  if (!place) throw new XlsxFault('xlsx-broken', 'no worksheet');
  const xml = parts.get(place.path) ?? '';
  const codes = styleCodes(parts.get('xl/styles.xml') ?? '');
  const scan = scanSheet(xml);
  const { rows, columns, lastRow } = scan;
  if (Math.max(rows, lastRow) > maxRows || columns > maxColumns || rows * columns > maxCells)
    throw new XlsxFault('xlsx-too-large', `${Math.max(rows, lastRow)} rows × ${columns} columns`);
  const isLong = hasPieceOver(maxPiece, xml);
  if (isLong) parts.set(place.path, cellsOf(xml));
  if (isLong && hasPieceOver(maxPiece, parts.get(place.path) ?? ''))
    throw new XlsxFault('xlsx-broken', 'long tag or text');
  const values = await cellValues(isChanged || isLong ? withParts(bytes, parts) : bytes, place.position);
  const textAt = (value: unknown, key: number): string =>
    shownText(value, codes[scan.styles.get(key) ?? -1] ?? 'General', scan.longIntegers.get(key));
  const cells = values.map((line, row) => line.map((value, column) => textAt(value, row * maxColumns + column)));
  const sheet = { cells, merged: mergedRanges(xml) };
  const others = places.filter((other) => other !== place && hasContent(other)).map(({ name }) => name);
  return { sheets: places.map(({ name }) => name), name: place.name, sheet, others, unreadable: scan.unreadable };
}
