import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { file, imported, refused } from './importFiles';
import { workbook, type TestSheet } from './workbook';

const sheetPath = 'xl/worksheets/sheet1.xml';
/** Returns a workbook with these sheets, after `change` has replaced the XML of some parts. */
function changed(change: (xml: string, path: string) => string, ...sheets: TestSheet[]): File {
  const parts = Object.entries(unzipSync(workbook(...sheets)));
  return file(
    '资料.xlsx',
    zipSync(Object.fromEntries(parts.map(([path, part]) => [path, strToU8(change(strFromU8(part), path))]))),
  );
}
const pairs = (name: string, ...rows: TestSheet['rows']): TestSheet => ({ name, rows: [['问题', '答案'], ...rows] });
const read = async (source: File) => {
  const { rows, rejected, recognised } = await imported('pairs', source);
  return {
    pairs: rows.map(({ anchor, positive }) => [anchor, positive]),
    report: rejected.map(({ line, fault, field = '', expected = '' }) => [line, fault, field, expected]),
    sheet: recognised[0]?.sheet,
  };
};

describe('a workbook', () => {
  it('with other sheets that have content names them in the report', async () => {
    const source = file(
      'a.xlsx',
      workbook(pairs('一', ['问', '答']), pairs('二', ['问二', '答二']), { name: '空', rows: [] }, pairs('三')),
    );
    expect(await read(source)).toEqual({
      pairs: [['问', '答']],
      report: [[undefined, 'sheets-unused', '二, 三', '']],
      sheet: '一',
    });
  });

  it('with errors and unsaved results in its cells counts them, with the first row and the first error', async () => {
    const source = file(
      'a.xlsx',
      workbook(
        pairs('一', ['问', '答'], ['问二', { formula: 'A1' }], ['问三', { error: '#N/A' }], ['四', { error: '#REF!' }]),
      ),
    );
    const { report } = await read(source);
    expect(report).toContainEqual([3, 'cells-unreadable', '3', '#N/A']);
    const formulas = file('a.xlsx', workbook(pairs('一', ['问', '答'], ['问二', { formula: 'A1' }])));
    expect((await read(formulas)).report).toContainEqual([3, 'cells-unreadable', '1', '']);
  });

  it('is read from its first visible sheet with a table, not from a cover or a hidden sheet', async () => {
    const hide = (xml: string): string => xml.replace('<sheet name="旧"', '<sheet state="hidden" name="旧"');
    const cover = { name: '封面', rows: [['养猪手册']] };
    const old = pairs('旧', ['旧问', '旧答']);
    expect((await read(changed(hide, old, cover, pairs('新', ['问', '答'])))).sheet).toBe('新');
    expect((await read(changed(hide, { name: '空', rows: [] }, old))).sheet).toBe('旧');
  });

  it('has its column names below titles that are not merged, which are reported', async () => {
    const rows = [['猪病问答库'], ['制表：某人', '2024-05-01'], ['编号', '问题', '答案'], ['1', '问', '答']];
    const { pairs: found, report } = await read(file('a.xlsx', workbook({ name: 'a', rows })));
    expect(found).toEqual([['问', '答']]);
    expect(report).toEqual([
      [1, 'title-row', '', ''],
      [2, 'title-row', '', ''],
    ]);
    // A first row with a known name is the header, whatever the rows below contain.
    const own = [
      ['问题', '说明'],
      ['问题', '答案'],
      ['问', '答'],
    ];
    const details = await refused('pairs', file('a.xlsx', workbook({ name: 'a', rows: own })));
    expect(details).toMatchObject({ line: 2, fault: 'field-missing' });
  });

  it('keeps all characters of a text with CDATA sections and comments', async () => {
    const change = (xml: string): string =>
      xml
        .replace('<t>问</t>', '<t>前<![CDATA[中<b>&]]>后</t>')
        .replace('<t>答</t>', '<!-- <t>坏</t> --><t>甲<!-- > -->乙</t>');
    expect((await read(changed(change, pairs('一', ['问', '答'])))).pairs).toEqual([['前中<b>&后', '甲乙']]);
  });

  it('may have attributes in single quotes', async () => {
    const change = (xml: string, path: string): string =>
      path === sheetPath ? xml.replace(/="([^"]*)"/g, "='$1'") : xml;
    const source = changed(change, pairs('一', ['问', { number: 0.5, style: 4 }]));
    expect((await read(source)).pairs).toEqual([['问', '50.0%']]);
    const far = changed(
      (xml) => change(xml, sheetPath).replace('</sheetData>', "<row><c r='XFD1048576'><v>1</v></c></row></sheetData>"),
      pairs('一', ['问', '答']),
    );
    expect(await refused('pairs', far)).toMatchObject({ fault: 'xlsx-too-large' });
  });
});

describe('a hostile workbook', () => {
  const megabyte = 1_000_000;
  const inSheet = (xml: string): File =>
    changed((part, path) => (path === sheetPath ? part.replace('</sheetData>', xml) : part), pairs('一', ['问', '答']));

  it.each([
    ['tags that never end', '<a'.repeat(megabyte)],
    [
      'a text of a megabyte',
      `<row r="9"><c r="A9" t="inlineStr"><is><t>${'字'.repeat(megabyte)}</t></is></c></row></sheetData>`,
    ],
    ['a tag of a megabyte', `<row r="9"><c r="A9" ${'a="" '.repeat(megabyte / 5)}/></row></sheetData>`],
  ])('with %s is refused', async (_, xml) => {
    expect(await refused('pairs', inSheet(xml))).toMatchObject({ fault: 'xlsx-broken' });
  });

  it.each([
    ['a long tag after its cells', `</sheetData><conditionalFormatting sqref="${'A1 '.repeat(megabyte / 3)}"/>`],
    ['comments', `</sheetData>${'<!--x-->'.repeat(megabyte / 8)}`],
  ])('with %s is read', async (_, xml) => {
    expect((await read(inSheet(xml))).pairs).toEqual([['问', '答']]);
  });

  it('with an unclosed list of styles, again and again, is refused', async () => {
    const styles = changed(
      (xml, path) => (path === 'xl/styles.xml' ? xml.replace(/<cellXfs>[^]*/, '<cellXfs>'.repeat(megabyte / 10)) : xml),
      pairs('一', ['问', '答']),
    );
    expect(await refused('pairs', styles)).toMatchObject({ fault: 'xlsx-broken' });
  });
});
