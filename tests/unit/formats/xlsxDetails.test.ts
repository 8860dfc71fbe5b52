import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readXlsx, type XlsxWorkbook } from '../../../workers/formats/xlsx';

const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const worksheet = `<Relationship Id="r1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/>`;
const oneSheet = '<sheet name="a" sheetId="1" r:id="r1"/>';

interface Parts {
  /** Elements of the workbook before and in its list of sheets. */
  sheets?: string;
  rels?: string;
  styles?: string;
  data?: string;
  after?: string;
  more?: Record<string, string>;
}

const filesOf = ({ sheets = oneSheet, rels = worksheet, styles = '', data = '', after = '', more }: Parts) => ({
  'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${sheets}</sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `<Relationships>${rels}</Relationships>`,
  'xl/styles.xml': `<styleSheet>${styles}</styleSheet>`,
  'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><sheetData>${data}</sheetData>${after}</worksheet>`,
  ...more,
});
const zipped = (files: Record<string, string>): Uint8Array<ArrayBuffer> =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, xml]) => [name, strToU8(xml)])));
const read = (parts: Parts): Promise<XlsxWorkbook> => readXlsx(zipped(filesOf(parts)));
const cellsOf = async (parts: Parts): Promise<string[][]> => (await read(parts)).sheet.cells;
const row = (...cells: string[]): string => `<row r="1">${cells.join('')}</row>`;
const text = '<c r="A1" t="inlineStr"><is><t>x</t></is></c>';

describe('a long integer in a worksheet', () => {
  it('is looked for in linear time: 200,000 spaces in a cell', async () => {
    expect(await cellsOf({ data: row(`<c r="A1">${' '.repeat(200_000)}<is/></c>`) })).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['of 16 digits', '<v>1234567890123456</v>', '1234567890123456'],
    ['of 19 digits', '<v>1234567890123456789</v>', '1234567890123456789'],
    ['below zero', '<v>-12345678901234567</v>', '-12345678901234567'],
    ['with zeros after its point', '<v>12345678901234567.00</v>', '12345678901234567'],
    ['with nothing after its point', '<v>12345678901234567.</v>', '12345678901234567'],
    ['among spaces', ' \n<v> \n12345678901234567 \n</v>', '12345678901234567'],
    ['with attributes', '<v xml:space="preserve">12345678901234567</v>', '12345678901234567'],
    ['that is the result of a formula', '<f>B1+1</f><v>12345678901234567</v>', '12345678901234567'],
    [
      'that is the result of an array formula',
      '<f t="array" ref="A1">B1+1</f> <v>12345678901234567</v>',
      '12345678901234567',
    ],
    ['that is the result of a shared formula', '<f t="shared" si="0"/><v>12345678901234567</v>', '12345678901234567'],
    ['that is the result of an empty formula', '<f></f><v>12345678901234567</v>', '12345678901234567'],
  ])('keeps all of its digits: one %s', async (_case, content, expected) => {
    expect(await cellsOf({ data: row(`<c r="A1">${content}</c>`) })).toEqual([[expected]]);
    const prefixed = content.replace(/<(\/?)([vf])/g, '<$1ss:$2');
    const data = `<ss:row r="1"><ss:c r="A1">${prefixed}</ss:c></ss:row>`;
    const sheet = `<ss:worksheet xmlns:ss="${main}"><ss:sheetData>${data}</ss:sheetData></ss:worksheet>`;
    expect(await cellsOf({ more: { 'xl/worksheets/sheet1.xml': sheet } }), 'with a prefix').toEqual([[expected]]);
  });

  it.each<[string, string, string]>([
    ['a number of 15 digits', '<v>123456789012345</v>', '123456789012345'],
    ['a number with decimals', '<v>12345678901234567.5</v>', '1.23456789012346E+16'],
    ['a number with an exponent', '<v>1.2345678901234567E+16</v>', '1.23456789012346E+16'],
    ['a number with leading zeros', '<v>00000000000000007</v>', '7'],
  ])('is not %s, which is shown with at most 15 digits', async (_case, content, expected) => {
    expect(await cellsOf({ data: row(`<c r="A1">${content}</c>`) })).toEqual([[expected]]);
  });

  it('does not change the cells beside it', async () => {
    const data = row(
      '<c r="A1"><v>12345678901234567</v></c>',
      '<c r="B1"><v>12</v></c>',
      '<c r="C1" t="b"><v>1</v></c>',
    );
    expect(await cellsOf({ data })).toEqual([['12345678901234567', '12', 'TRUE']]);
  });
});

describe('the parts of a workbook', () => {
  it('are read with a namespace prefix of several letters', async () => {
    const prefixed = (xml: string): string => xml.replace(/<(\/?)(\w)/g, '<$1ss:$2').replace('xmlns=', 'xmlns:ss=');
    const codes =
      '<numFmts><numFmt numFmtId="200" formatCode="000"/></numFmts><cellXfs><xf/><xf numFmtId="200"/></cellXfs>';
    const sheets = '<sheet name="空" sheetId="1" rel:id="r2"/><sheet name="满" sheetId="2" rel:id="r1"/>';
    const files = filesOf({
      sheets,
      rels: worksheet + worksheet.replace('r1', 'r2').replace('sheet1', 'sheet2'),
      styles: codes,
      data: row('<c r="A1" s="1"><v>7</v></c>', '<c r="B1"><f>A1</f></c>', '<c r="C1"><f>A1</f><v>7</v></c>'),
    });
    const found = await readXlsx(
      zipped({
        ...files,
        'xl/workbook.xml': prefixed(files['xl/workbook.xml']).replace('xmlns:r=', 'xmlns:rel='),
        'xl/styles.xml': prefixed(files['xl/styles.xml']),
        'xl/worksheets/sheet1.xml': prefixed(files['xl/worksheets/sheet1.xml']),
        'xl/worksheets/sheet2.xml': `<worksheet xmlns="${main}"><sheetData/></worksheet>`,
      }),
    );
    expect([found.sheets, found.name, found.unreadable.count]).toEqual([['空', '满'], '满', 1]);
    expect([found.sheet.cells[0]?.[0], found.sheet.cells[0]?.[2]]).toEqual(['007', '7']);
    const far = prefixed(files['xl/worksheets/sheet1.xml']).replace('r="1"', 'r="1048577"');
    await expect(readXlsx(zipped({ ...files, 'xl/worksheets/sheet1.xml': far }))).rejects.toMatchObject({
      fault: 'xlsx-too-large',
    });
  });

  it('may name the last character of Unicode', async () => {
    const sheets = oneSheet.replace('"a"', '"&#x10FFFF;"');
    expect((await read({ sheets, data: row(text) })).sheets).toEqual(['\u{10ffff}']);
  });

  it('have no worksheet for a sheet whose relationship is missing, has no type or has another type', async () => {
    const sheets = `${oneSheet}<sheet name="b" sheetId="2" r:id="r2"/><sheet name="c" sheetId="3"/>`;
    const others =
      '<Relationship Id="r2" Target="worksheets/sheet1.xml"/>' +
      `<Relationship Id="r2" Type="${office}/dialogsheet" Target="worksheets/sheet1.xml"/>`;
    expect((await read({ sheets, rels: others + worksheet, data: row(text) })).sheets).toEqual(['a']);
  });

  it('are refused as a broken workbook without relationships or without a list of sheets', async () => {
    for (const part of ['xl/_rels/workbook.xml.rels', 'xl/workbook.xml'] as const) {
      const { [part]: _, ...files } = filesOf({ data: row(text) });
      await expect(readXlsx(zipped(files))).rejects.toMatchObject({ fault: 'xlsx-broken', message: 'no worksheet' });
    }
  });

  it('may include a large picture, which is not unpacked', async () => {
    const bytes = zipped(filesOf({ data: row(text), more: { 'xl/media/a.xml.png': 'x', 'xl/media/b.png': 'y' } }));
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 46 < bytes.length; at++) {
      if (view.getUint32(at, true) !== 0x02014b50) continue;
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true)));
      if (name.endsWith('.png')) view.setUint32(at + 24, 2 ** 31, true);
    }
    expect((await readXlsx(bytes)).sheet.cells).toEqual([['x']]);
  });
});

describe('the cells of a worksheet', () => {
  it('that are missing between others are empty texts', async () => {
    const last = '<c r="C1" t="inlineStr"><is><t>z</t></is></c>';
    expect(await cellsOf({ data: row(text, last) })).toEqual([['x', '', 'z']]);
  });

  it('are unreadable if they hold a formula without a result, and only then', async () => {
    const unreadable = async (...cells: string[]): Promise<number> =>
      (await read({ data: row(text, ...cells) })).unreadable.count;
    expect(await unreadable('<c r="B1"><f>A1</f><v>1</v></c>', '<c r="C1"><f>A1</f><v>2</v></c>')).toBe(0);
    expect(await unreadable('<c r="B1"><f>A1</f></c>', '<c r="C1"><f t="shared" si="0"/></c>')).toBe(2);
    for (const empty of ['<v></v>', '<v/>', '<v> </v>']) {
      expect(await unreadable(`<c r="B1"><f>A1</f>${empty}</c>`), empty).toBe(1);
      expect(await unreadable(`<c r="B1" t="str"><f>A1</f>${empty}</c>`), `${empty} as a text`).toBe(0);
    }
  });

  it('are merged by valid references of merged cells only', async () => {
    const list = ['AAAA1:B2', 'A12345678:B2', 'A1:B2x', 'xA1:B2', 'A1:B2'];
    const after =
      '<autoFilter ref="A1:D9"/>' +
      `<mergeCells>${list.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`;
    const { sheet } = await read({ data: row(text), after });
    expect(sheet.merged).toEqual([{ top: 0, left: 0, bottom: 1, right: 1 }]);
  });
});
