import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { isTextEncoding, textEncodings } from '../../../src/domain/import/encoding';
import type { DataRole } from '../../../src/domain/records';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset, type ImportDatasetSettings } from '../../../workers/services/import/importDataset';
import { recogniseFiles } from '../../../workers/services/import/recogniseFiles';
import { surveyFiles } from '../../../workers/services/import/surveyFiles';
import { encoded } from './encoded';
import { workbook } from './workbook';

let databases = 0;
async function imported<R extends DataRole>(role: R, file: File, settings: ImportDatasetSettings = {}) {
  const db = await openDatabase(`reading-${databases++}`);
  const report = await importDataset(db, [file], role, () => undefined, settings);
  return { ...report, rows: await readRows(db, role, report.dataset.contentSha256) };
}
async function recognised(file: File, readings: Record<string, string> = {}, role: DataRole = 'pairs') {
  const [found] = await recogniseFiles([file], role, { readings });
  if (!found) throw new Error('nothing recognised');
  return found;
}

const rows = '问题,答案\n豬咳嗽,通風\n';
/** Traditional Chinese in Big5, which GB18030 can read as other characters. */
const big5 = new File([encoded('big5', '問題,答案\n豬咳嗽,通風\n')], '問答.csv');

describe('the encoding of a file', () => {
  it('can be any of those that TextDecoder knows by the same name', () => {
    expect(textEncodings.map((name) => new TextDecoder(name).encoding)).toEqual(textEncodings);
    expect([isTextEncoding('big5'), isTextEncoding('utf-7'), isTextEncoding(undefined)]).toEqual([true, false, false]);
  });

  it('is marked as unsure if two encodings fit and neither makes clearly more sense', async () => {
    const short = new File([encoded('gb18030', '问题,答案\n猪瘟,隔离\n')], 'a.csv');
    const found = await recognised(short);
    expect(found).toMatchObject({ alsoFits: [found.detected === 'gb18030' ? 'big5' : 'gb18030'], unsure: true });
    const clear = '问题,答案\n我家的猪不吃食了是什么原因，要不要给它打针？,先看看是不是发烧，再请兽医来。\n';
    expect(await recognised(new File([encoded('gb18030', clear)], 'b.csv'))).toMatchObject({
      detected: 'gb18030',
      unsure: false,
    });
    expect(await recognised(new File([rows], 'c.csv'))).toMatchObject({
      detected: 'utf-8',
      alsoFits: [],
      unsure: false,
    });
  });

  it('changes the first rows when another one is chosen, and the import then uses it', async () => {
    const wrong = await recognised(big5, {}, 'pairs');
    const readings = { [wrong.readingKey]: wrong.detected === 'big5' ? 'gb18030' : 'big5' };
    const other = await recognised(big5, readings);
    expect(other.firstRows).not.toEqual(wrong.firstRows);
    const right = wrong.detected === 'big5' ? wrong : other;
    expect(right).toMatchObject({ columns: ['問題', '答案'], firstRows: [['豬咳嗽', '通風']] });
    expect(other).toMatchObject({ readingChosen: true, readingKey: wrong.readingKey });
    const mapping = [
      { column: '問題', field: 'anchor' as const },
      { column: '答案', field: 'positive' as const },
    ];
    const chosen = { readings: { [wrong.readingKey]: 'big5' }, mappings: { [right.shape]: mapping } };
    const report = await imported('pairs', big5, chosen);
    expect(report.rows).toMatchObject([{ anchor: '豬咳嗽', positive: '通風' }]);
  });

  it('applies to similar files later, but not to those in another encoding with the same columns', async () => {
    const header = 'query,answer\n';
    const first = new File([encoded('gb18030', `${header}猪瘟,隔离\n`)], 'a.csv');
    const { readingKey, detected } = await recognised(first);
    const readings = { [readingKey]: detected === 'big5' ? 'gb18030' : 'big5' };
    const next = new File([encoded('gb18030', `${header}羊痘,消毒\n`)], 'b.csv');
    expect(await recognised(next, readings)).toMatchObject({ readingChosen: true, encoding: readings[readingKey] });
    const utf8 = new File([`${header}羊痘,消毒\n`], 'c.csv');
    expect(await recognised(utf8, readings)).toMatchObject({ readingChosen: false, encoding: 'utf-8' });
    expect(await recognised(next, readings, 'questions')).toMatchObject({ readingChosen: false });
  });

  it('is requested if none is recognised, and rows with bytes that the chosen one lacks are reported', async () => {
    const bytes = encoded('shift_jis', 'query,answer\nﾌﾞﾀ\n,ﾊﾞﾂ\n餌,体温\n');
    const file = new File([bytes], 'ja.csv');
    await expect(imported('pairs', file)).rejects.toMatchObject({ details: { fault: 'encoding-unknown' } });
    const { detected, readingKey } = await recognised(file);
    expect(detected).toBeNull();
    const japanese = await imported('pairs', file, { readings: { [readingKey]: 'shift_jis' } });
    expect(japanese.rows).toMatchObject([{ anchor: '餌', positive: '体温' }]);
    const wrong = await imported('pairs', file, { readings: { [readingKey]: 'utf-8' } });
    expect(wrong.rejected).toContainEqual(expect.objectContaining({ line: 4, fault: 'bytes-replaced' }));
  });

  it('applies to the survey of dropped files, whatever role it was chosen for', async () => {
    const bytes = encoded('shift_jis', 'query,answer\nﾌﾞﾀ\n,ﾊﾞﾂ\n餌,体温\n');
    const file = new File([bytes], 'ja.csv');
    const survey = (readings: Record<string, string>) =>
      surveyFiles([{ path: 'ja.csv', file }], false, readings, () => undefined);
    // Katakana of half width, which are no evidence of Japanese.
    expect(await survey({})).toMatchObject({ fillings: [], unreadable: [{ error: { fault: 'encoding-unknown' } }] });
    const { readingKey } = await recognised(file, {}, 'pairs');
    const { fillings, unreadable } = await survey({ [readingKey]: 'shift_jis' });
    expect(fillings).toMatchObject([{ slot: 'pairs', files: [0] }]);
    expect(unreadable).toEqual([]);
  });

  it('can be stated for a single file, for example by an experiment file', async () => {
    const file = new File([encoded('gb18030', 'query|answer\n猪瘟|隔离\n')], 'a.txt');
    const files = { 'a.txt': { encoding: 'gb18030', delimiter: '|' } as const };
    expect((await imported('pairs', file, { files })).rows).toMatchObject([{ anchor: '猪瘟', positive: '隔离' }]);
  });
});

describe('the sheet of a workbook', () => {
  const book = (text: string) =>
    new File(
      [workbook({ name: '猪病', rows: [['内容'], ['甲段']] }, { name: '饲料', rows: [['内容'], [text]] })],
      `${text}.xlsx`,
    );

  it('is read from other workbooks with the same sheets once it was chosen, but only in the same slot', async () => {
    const first = await recognised(book('乙段'), {}, 'knowledgeBase');
    const readings = { [first.readingKey]: '饲料' };
    expect(await recognised(book('丙段'), readings, 'knowledgeBase')).toMatchObject({
      sheet: '饲料',
      readingChosen: true,
      firstRows: [['丙段']],
    });
    const other = new File([workbook({ name: '猪病', rows: [['内容'], ['甲段']] })], 'b.xlsx');
    expect(await recognised(other, readings, 'knowledgeBase')).toMatchObject({ sheet: '猪病', readingChosen: false });
    expect(await recognised(book('丙段'), readings, 'pairs')).toMatchObject({ sheet: '猪病', readingChosen: false });
    expect((await imported('knowledgeBase', book('丁段'), { readings })).rows).toMatchObject([{ text: '丁段' }]);
  });

  it('is refused if the stated one does not exist, as is any stated setting that does not fit the file', async () => {
    const refused = async (file: File, reading: object) =>
      imported('knowledgeBase', file, { files: { [file.name]: reading } }).then(
        () => null,
        (thrown: unknown) => (thrown as { details: unknown }).details,
      );
    expect(await refused(book('甲'), { sheet: '价格' })).toMatchObject({
      fault: 'sheet-missing',
      field: '价格',
      expected: '猪病, 饲料',
    });
    expect(await refused(book('甲'), { encoding: 'big5' })).toMatchObject({
      fault: 'reading-unused',
      field: 'encoding',
    });
    const text = new File(['甲段'], 'a.txt');
    expect(await refused(text, { sheet: '猪病' })).toMatchObject({ fault: 'reading-unused', field: 'sheet' });
    const mapping = [{ column: '正文', field: 'text' }];
    expect(await refused(new File(['内容\n甲'], 'a.csv'), { mapping })).toMatchObject({
      fault: 'column-missing',
      field: '正文',
      expected: '内容',
    });
  });
});
