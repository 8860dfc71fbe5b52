import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readXlsx, type XlsxWorkbook } from '../../../workers/formats/xlsx';

const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';

interface Parts {
  workbook?: string;
  rels?: string;
  styles?: string;
  sheet?: string;
  more?: Record<string, string>;
}

const sheetOf = (data: string, after = ''): string =>
  `<worksheet xmlns="${main}"><sheetData>${data}</sheetData>${after}</worksheet>`;
const row = (...cells: string[]): string => `<row r="1">${cells.join('')}</row>`;
const inline = (place: string, text: string): string => `<c r="${place}" t="inlineStr"><is><t>${text}</t></is></c>`;
const sheets = (list: string): string =>
  `<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${list}</sheets></workbook>`;
const rels = (list: string): string => `<Relationships>${list}</Relationships>`;
const rel = (id: string, target: string, type = 'worksheet'): string =>
  `<Relationship Id="${id}" Type="${office}/${type}" Target="${target}"/>`;

function workbook(parts: Parts = {}): Uint8Array<ArrayBuffer> {
  const files = {
    'xl/workbook.xml': parts.workbook ?? sheets('<sheet name="a" sheetId="1" r:id="r1"/>'),
    'xl/_rels/workbook.xml.rels': parts.rels ?? rels(rel('r1', 'worksheets/sheet1.xml')),
    'xl/styles.xml': parts.styles ?? '<styleSheet/>',
    'xl/worksheets/sheet1.xml': parts.sheet ?? sheetOf(row(inline('A1', 'x'))),
    ...parts.more,
  };
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, xml]) => [name, strToU8(xml)])));
}

const read = (parts: Parts, choose?: Parameters<typeof readXlsx>[1]): Promise<XlsxWorkbook> =>
  readXlsx(workbook(parts), choose);
const cells = async (sheet: string, styles?: string): Promise<string[][]> =>
  (await read({ sheet, ...(styles === undefined ? {} : { styles }) })).sheet.cells;

describe('the worksheets of a workbook', () => {
  it.each<[string, string]>([
    ['worksheets/sheet1.xml', 'relative to the workbook'],
    ['/xl/worksheets/sheet1.xml', 'from the root of the archive'],
  ])('are found at %s: %s', async (target) => {
    expect(await read({ rels: rels(rel('r1', target)) })).toMatchObject({ name: 'a', sheets: ['a'] });
  });

  it('have their names unescaped: entities by name, by decimal and by hexadecimal number', async () => {
    const name = '&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos; &#29482;&#x732A;&#X1F437; &nbsp; &#x110000; &amp;lt;';
    const workbook = sheets(`<sheet name="${name}" sheetId="1" r:id="r1"/>`);
    expect((await read({ workbook })).sheets).toEqual(['<a> & "b" \'c\' 猪猪🐷 &nbsp; &#x110000; &lt;']);
  });

  it('are listed whatever the namespace prefix, the quotes and the spaces of their elements', async () => {
    const workbook =
      `<x:workbook xmlns:x="${main}" xmlns:r="${office}"><x:sheets>` +
      `<x:sheet  name='猪 "1"'\n sheetId="1" r:id='r1'/></x:sheets></x:workbook>`;
    const found = await read({ workbook });
    expect(found).toMatchObject({ sheets: ['猪 "1"'] });
  });

  it('do not include charts, sheets without a name or sheets without a part', async () => {
    const workbook = sheets(
      '<sheet name="图" sheetId="1" r:id="c1"/><sheet name="" sheetId="2" r:id="r1"/>' +
        '<sheet name="无" sheetId="3" r:id="r9"/><sheet name="缺" sheetId="4" r:id="r2"/><sheet name="表" sheetId="5" r:id="r1"/>',
    );
    const list =
      rel('c1', 'chartsheets/sheet1.xml', 'chartsheet') +
      rel('r2', 'worksheets/none.xml') +
      rel('r1', 'worksheets/sheet1.xml');
    const more = { 'xl/chartsheets/sheet1.xml': '<chartsheet/>' };
    const found = await read({ workbook, rels: rels(list), more });
    expect([found.sheets, found.name, found.sheet.cells]).toEqual([['表'], '表', [['x']]]);
  });

  it('are read by the name that is chosen from all names, else from the first with content', async () => {
    const workbook = sheets(
      '<sheet name="空" sheetId="1" r:id="r2"/><sheet name="甲" sheetId="2" r:id="r1"/><sheet name="乙" sheetId="3" r:id="r3"/>',
    );
    const list =
      rel('r1', 'worksheets/sheet1.xml') + rel('r2', 'worksheets/sheet2.xml') + rel('r3', 'worksheets/sheet3.xml');
    const more = {
      'xl/worksheets/sheet2.xml': sheetOf('<row r="1"><c r="A1"/></row>'),
      'xl/worksheets/sheet3.xml': sheetOf('<row r="1"><c r="A1"><v>3</v></c></row>'),
    };
    const parts = { workbook, rels: rels(list), more };
    const asked: string[][] = [];
    const second = await read(parts, (names) => {
      asked.push([...names]);
      return '乙';
    });
    expect(asked).toEqual([['空', '甲', '乙']]);
    expect([second.name, second.sheet.cells]).toEqual(['乙', [['3']]]);
    expect((await read(parts)).name).toBe('甲');
    expect((await read(parts, () => '丙')).name).toBe('甲');
    expect((await read({ ...parts, sheet: sheetOf('') }, () => '空')).sheet.cells).toEqual([]);
  });

  it('are refused as a broken workbook if there is none, or the file is not an archive', async () => {
    await expect(read({ workbook: sheets('') })).rejects.toMatchObject({
      fault: 'xlsx-broken',
      message: 'no worksheet',
    });
    await expect(readXlsx(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ fault: 'xlsx-broken' });
    const notXml = workbook({ sheet: '<worksheet><sheetData><row' });
    await expect(readXlsx(notXml)).rejects.toMatchObject({ fault: 'xlsx-broken' });
  });

  it('are refused before they are unpacked if their XML would be larger than 1 GB', async () => {
    const bytes = workbook({ more: { 'xl/sharedStrings.xml': '<sst/>' } });
    const view = new DataView(bytes.buffer);
    const claims = (suffix: string, size: number): Uint8Array<ArrayBuffer> => {
      const copy = bytes.slice();
      for (let at = 0; at + 46 < copy.length; at++) {
        if (view.getUint32(at, true) !== 0x02014b50) continue;
        const name = new TextDecoder().decode(copy.subarray(at + 46, at + 46 + view.getUint16(at + 28, true)));
        if (name.endsWith(suffix)) new DataView(copy.buffer).setUint32(at + 24, size, true);
      }
      return copy;
    };
    await expect(readXlsx(claims('sharedStrings.xml', 2 ** 30 + 1))).rejects.toMatchObject({ fault: 'xlsx-too-large' });
  });
});

describe('the cells of a worksheet', () => {
  const codes =
    '<styleSheet><numFmts><numFmt numFmtId="200" formatCode="000"/><numFmt numFmtId="201"/></numFmts>' +
    '<cellStyleXfs><xf numFmtId="10"/></cellStyleXfs>' +
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="200"/><xf/><xf numFmtId="201"/><xf numFmtId="9"/><xf numFmtId="14"/>' +
    '<xf/><xf/><xf/><xf/><xf numFmtId="2"/></cellXfs></styleSheet>';

  it('show their number in the format of their style', async () => {
    const number = (place: string, style: string): string => `<c r="${place}"${style}><v>7</v></c>`;
    const line = row(
      number('A1', ''),
      number('B1', ' s="1"'),
      number('C1', ' s="2"'),
      number('D1', ' s="3"'),
      number('E1', ' s="4" t="n"'),
    );
    expect(await cells(sheetOf(line), codes)).toEqual([['7', '007', '7', '7', '700%']]);
    const prefixed = codes.replace(/<(\/?)(\w)/g, '<$1x:$2');
    expect(await cells(sheetOf(row(number('A1', ' s="1"'))), prefixed)).toEqual([['007']]);
  });

  it('show a date in the format of their style, whether it is stored as a number or as text', async () => {
    const line = row('<c r="A1" s="5"><v>45356</v></c>', '<c r="B1" s="5" t="d"><v>2024-03-05T00:00:00Z</v></c>');
    expect(await cells(sheetOf(line), codes)).toEqual([['2024/3/5', '2024/3/5']]);
  });

  it('may have one of many styles', async () => {
    expect(await cells(sheetOf(row('<c r="A1" s="10"><v>1</v></c>')), codes)).toEqual([['1.00']]);
  });

  it('are read whatever the namespace prefix of their elements and the order of their attributes', async () => {
    const line =
      '<x:row spans="1:3" r="1"><x:c s="1" r="A1"><x:v>7</x:v></x:c><x:c r="B1"><x:f>A1</x:f></x:c>' +
      '<x:c r="C1"><x:f>A1</x:f><x:v>2</x:v></x:c></x:row>';
    const sheet = `<x:worksheet xmlns:x="${main}"><x:sheetData>${line}</x:sheetData></x:worksheet>`;
    const found = await read({ sheet, styles: codes });
    expect([found.sheet.cells[0]?.[0], found.sheet.cells[0]?.[2], found.unreadable.count]).toEqual(['007', '2', 1]);
    const far = sheet.replace('<x:row spans="1:3" r="1">', '<x:row spans="1:3" r="1048577">');
    await expect(read({ sheet: far, styles: codes })).rejects.toMatchObject({ fault: 'xlsx-too-large' });
    const workbook = sheets('<sheet name="空" sheetId="1" r:id="r2"/><sheet name="满" sheetId="2" r:id="r1"/>');
    const list = rel('r1', 'worksheets/sheet1.xml') + rel('r2', 'worksheets/sheet2.xml');
    const more = { 'xl/worksheets/sheet2.xml': sheetOf('') };
    expect((await read({ workbook, rels: rels(list), sheet, more, styles: codes })).name).toBe('满');
  });

  it('each keep their own style, even beyond column Z', async () => {
    const line = row('<c r="A1" s="1"><v>1</v></c>', '<c r="AB1" s="4"><v>2</v></c>', '<c r="AC1" s="1"><v>3</v></c>');
    const below = '<row r="2"><c r="A2" s="4"><v>4</v></c></row>';
    const [first = [], second = []] = await cells(sheetOf(line + below), codes);
    expect([first[0], first[27], first[28], second[0]]).toEqual(['001', '200%', '003', '400%']);
  });

  it('show text and truth values unchanged, whatever their style', async () => {
    const line = row(
      inline('A1', ' 7 ').replace('A1"', 'A1" s="1"'),
      '<c r="B1" t="b" s="1"><v>0</v></c>',
      '<c r="C1" t="b"><v>1</v></c>',
    );
    expect(await cells(sheetOf(line), codes)).toEqual([[' 7 ', 'FALSE', 'TRUE']]);
  });

  it('are counted as unreadable if they hold an error or a formula without a result', async () => {
    const unreadable = async (...content: string[]): Promise<number> =>
      (await read({ sheet: sheetOf(row(inline('A1', 'x'), ...content)) })).unreadable.count;
    expect(await unreadable('<c r="B1" t="e"><v>#N/A</v></c>')).toBe(1);
    expect(
      await unreadable('<c r="B1"><f>A1</f></c>', '<c r="C1"><f>A1</f><v>3</v></c>', '<c r="D1"><v>3</v></c>'),
    ).toBe(1);
    expect(await unreadable('<c r="B1"><f>A1</f><v>3</v></c>', '<c r="C1"><f>A1</f></c>', '<c r="D1"/>')).toBe(1);
    expect(await unreadable('<c r="B1"><formula/><v>3</v></c>')).toBe(0);
  });

  it('that are merged are reported by their corners', async () => {
    const list =
      '<mergeCell ref="B2:AA3"/><mergeCell ref="$A$1:$B$1"/><mergeCell ref="A5"/><mergeCell ref="a1:b2"/><mergeCell/>';
    const { sheet } = await read({ sheet: sheetOf(row(inline('A1', 'x')), `<mergeCells>${list}</mergeCells>`) });
    expect(sheet.merged).toEqual([
      { top: 1, left: 1, bottom: 2, right: 26 },
      { top: 0, left: 0, bottom: 0, right: 1 },
    ]);
  });

  it.each<[string, string]>([
    ['a row', '<row r="1048577"></row>'],
    ['a cell', '<row r="1"><c r="A1048577"><v>1</v></c></row>'],
    ['a column', '<row r="1"><c r="XFE1"><v>1</v></c></row>'],
    ['30 million cells', '<row r="30001"><c r="ALM1"><v>1</v></c></row>'],
  ])('are refused if %s is beyond the limits of a sheet or of memory', async (_case, data) => {
    await expect(read({ sheet: sheetOf(data) })).rejects.toMatchObject({ fault: 'xlsx-too-large' });
  });

  it('may be as many as fit in memory, and empty ones do not count', async () => {
    const data = '<row r="1"><c r="A1" t="n"><v>1</v></c><c r="XFE1"/></row><row r="1000"></row>';
    expect((await cells(sheetOf(data)))[0]?.[0]).toBe('1');
  });

  it('do not count the empty rows below them: a sheet of 30 columns whose last row only has a height', async () => {
    const data = '<row r="1"><c r="AD1"><v>1</v></c></row><row r="1048576" ht="20"></row>';
    const found = await cells(sheetOf(data));
    expect([found.length, found[0]?.length, found[0]?.[29]]).toEqual([1, 30, '1']);
  });
});
