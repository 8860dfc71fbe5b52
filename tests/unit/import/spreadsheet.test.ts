import 'fake-indexeddb/auto';
import { gzipSync, strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import type { DataRole } from '../../../src/domain/records';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset, type ImportDatasetSettings } from '../../../workers/services/import/importDataset';
import { styles, workbook, type TestSheet } from './workbook';

let databases = 0;
const xlsx = (...sheets: TestSheet[]): File => new File([workbook(...sheets)], '资料.xlsx');

async function imported<R extends DataRole>(role: R, file: File, settings: ImportDatasetSettings = {}) {
  const db = await openDatabase(`spreadsheet-${databases++}`);
  const report = await importDataset(db, [file], role, () => undefined, settings);
  return { ...report, rows: await readRows(db, role, report.dataset.contentSha256) };
}
async function refused(role: DataRole, file: File): Promise<unknown> {
  const error: unknown = await imported(role, file).catch((thrown: unknown) => thrown);
  return error instanceof AppError ? error.details : error;
}

describe('importing a workbook', () => {
  it('takes the first row as column names and skips empty rows', async () => {
    const rows = [['编号', '内容'], ['p1', '断奶仔猪'], [], [null, null], ['p2', '母猪']];
    const report = await imported('knowledgeBase', xlsx({ name: '知识库', rows }));
    expect(report.rows).toEqual([
      { id: 'p1', text: '断奶仔猪' },
      { id: 'p2', text: '母猪' },
    ]);
    expect(report).toMatchObject({ format: 'xlsx', rejectedCount: 0, recognised: [{ sheet: '知识库', records: 2 }] });
  });

  it('reads numbers, dates and percentages as the sheet shows them, and keeps 0012 as text', async () => {
    const cells = [
      { number: 12, style: styles.padded },
      { number: 45356, style: styles.builtInDate },
      { number: 45356.75, style: styles.ownDate },
      { number: 0.125, style: styles.percent },
      { number: 1234.5, style: styles.price },
      { number: 0.30000000000000004 },
      { bool: true },
      '0012',
    ];
    const rows = [['编号', '内容'], ...cells.map((cell, index) => [`c${index}`, cell])];
    const report = await imported('knowledgeBase', xlsx({ name: 'a', rows }));
    const shown = ['0012', '2024/3/5', '2024年3月5日', '12.5%', '¥1,234.50', '0.3', 'TRUE', '0012'];
    expect(report.rows.map(({ text }) => text)).toEqual(shown);
  });

  it('keeps all digits of a long id, so that no other id is taken for it', async () => {
    const ids = ['653247040368672768', '653247040368672769'];
    const rows = [['id', '内容'], ...ids.map((number) => [{ number, style: 0 }, '段'])];
    const report = await imported('knowledgeBase', xlsx({ name: 'a', rows }));
    expect(report.rows.map(({ id }) => id)).toEqual(ids);
    expect(report.rejectedCount).toBe(0);
  });

  it('gives every cell of a merged range its text and counts the cells filled', async () => {
    const rows = [
      ['问题', '答案'],
      ['一', '同一个答案'],
      ['二', null],
      ['三', null],
      ['四', '另一个'],
    ];
    const report = await imported('pairs', xlsx({ name: 'a', rows, merged: ['B2:B4'] }));
    expect(report.rows.map(({ positive }) => positive)).toEqual(['同一个答案', '同一个答案', '同一个答案', '另一个']);
    expect(report.recognised[0]?.mergedCells).toBe(2);
  });

  it('reports a merged title above the table and reads the column names below it', async () => {
    const rows = [
      ['猪病问答 2024', null],
      ['问题', '答案'],
      ['一', '甲'],
    ];
    const report = await imported('pairs', xlsx({ name: 'a', rows, merged: ['A1:B1'] }));
    expect(report.rows).toMatchObject([{ anchor: '一', positive: '甲' }]);
    expect(report).toMatchObject({ rejectedCount: 0, noteCount: 1 });
    expect(report.rejected).toEqual([{ file: '资料.xlsx', line: 1, fault: 'title-row' }]);
    const odd = rows.map((row) => row.map((cell) => (cell === '问题' ? '甲方' : cell)));
    const refusal = await refused('pairs', xlsx({ name: 'a', rows: odd, merged: ['A1:B1'] }));
    expect(refusal).toMatchObject({ fault: 'no-known-columns', field: '甲方, 答案' });
  });

  it('lists the sheets, reads the first with content, and reads another one if it is chosen', async () => {
    const sheets = [
      { name: '说明 & 封面', rows: [] },
      { name: '猪病', rows: [['内容'], ['甲段']] },
      { name: '饲料', rows: [['内容'], ['乙段']] },
    ];
    const first = await imported('knowledgeBase', xlsx(...sheets));
    expect(first.recognised).toMatchObject([{ sheet: '猪病', sheets: ['说明 & 封面', '猪病', '饲料'] }]);
    expect(first.rows).toMatchObject([{ text: '甲段' }]);
    const chosen = await imported('knowledgeBase', xlsx(...sheets), { files: { '资料.xlsx': { sheet: '饲料' } } });
    expect(chosen.rows).toMatchObject([{ text: '乙段' }]);
  });

  it('counts errors and formulas without a saved result, and reports their rows by the row of the sheet', async () => {
    const rows = [['内容'], ['甲段'], [], [{ error: '#N/A' }], [{ formula: 'A2' }]].map((row, index) =>
      index === 0 ? ['id', ...row] : [`p${index}`, ...row],
    );
    const report = await imported('knowledgeBase', xlsx({ name: 'a', rows }));
    expect(report.recognised[0]?.unreadableCells).toBe(2);
    expect(report.rejected.map(({ line, fault }) => [line, fault])).toEqual([
      [3, 'text-empty'],
      [4, 'text-empty'],
      [5, 'text-empty'],
      [4, 'cells-unreadable'],
    ]);
  });

  it('separates two columns with the same name, and names a column without a name by its letter', async () => {
    const rows = [
      ['内容', '备注', '备注', null],
      ['甲段', 'x', 'y', 'z'],
    ];
    const report = await imported('knowledgeBase', xlsx({ name: 'a', rows }));
    expect(report.recognised[0]?.columns).toEqual(['内容', '备注', '备注 (2)', '[D]']);
  });

  it('reads a workbook compressed as .gz', async () => {
    const packed = gzipSync(workbook({ name: 'a', rows: [['内容'], ['甲段']] }));
    const report = await imported('knowledgeBase', new File([new Uint8Array(packed)], '资料.xlsx.gz'));
    expect(report).toMatchObject({ format: 'xlsx', encoding: null, rows: [{ text: '甲段' }] });
  });

  it('refuses a damaged workbook, one with only column names, and a zip archive that is not a workbook', async () => {
    const whole = workbook({ name: 'a', rows: [['内容'], ['甲']] });
    const damaged = whole.slice();
    damaged.fill(0, 40, 200);
    expect(await refused('pairs', new File([damaged], 'a.xlsx'))).toMatchObject({ fault: 'xlsx-broken' });
    expect(await refused('pairs', xlsx({ name: 'a', rows: [['问题', '答案']] }))).toMatchObject({ fault: 'no-rows' });
    expect(await refused('pairs', xlsx({ name: 'a', rows: [] }))).toMatchObject({ fault: 'empty-file' });
    for (const name of ['a.zip', 'a.xlsx']) {
      const zip = new File([zipSync({ 'a.txt': strToU8('甲') })], name);
      expect(await refused('pairs', zip)).toMatchObject({ fault: 'wrong-type', fileType: 'archive' });
    }
  });

  it('refuses a sheet whose cells are too far apart for memory', async () => {
    const bytes = workbook({ name: 'a', rows: [['内容'], ['甲']] });
    const far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>';
    const { unzipSync, strFromU8 } = await import('fflate');
    const parts = unzipSync(bytes);
    const path = 'xl/worksheets/sheet1.xml';
    const xml = strFromU8(parts[path] ?? new Uint8Array()).replace('</sheetData>', far);
    const file = new File([zipSync({ ...parts, [path]: strToU8(xml) })], 'far.xlsx');
    expect(await refused('knowledgeBase', file)).toMatchObject({ fault: 'xlsx-too-large' });
  });
});
