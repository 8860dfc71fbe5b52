import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { unfilledFields, withField, type ColumnMapping } from '../../../src/domain/import/mapping';
import { recognise } from '../../../src/domain/import/recognise';
import { RowCollector } from '../../../src/domain/import/rowCollector';
import { proposedMapping } from '../../../src/domain/import/proposedMapping';
import type { DataRole } from '../../../src/domain/records';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset, type ImportDatasetSettings } from '../../../workers/services/import/importDataset';
import { recogniseFiles } from '../../../workers/services/import/recogniseFiles';

let databases = 0;
async function imported<R extends DataRole>(role: R, file: File, settings: ImportDatasetSettings = {}) {
  const db = await openDatabase(`mapping-${databases++}`);
  const report = await importDataset(db, [file], role, () => undefined, settings);
  return { ...report, rows: await readRows(db, role, report.dataset.contentSha256) };
}
const jsonl = (...rows: object[]): File => new File([rows.map((row) => JSON.stringify(row)).join('\n')], 'a.jsonl');

/** Imports a file with chosen columns. */
async function importedWith<R extends DataRole>(role: R, file: File, mapping: ColumnMapping) {
  const [found] = await recogniseFiles([file], role, {});
  if (!found) throw new Error('nothing recognised');
  return imported(role, file, { mappings: { [found.shape]: mapping } });
}

const odd = new File(['工单号,用户说,处理意见,分类\n7,猪不吃,先量体温,病\n8,猪咳嗽,通风,病'], 'odd.csv');

describe('recognising columns', () => {
  it('lists each column with its field or as unused, with the first rows and the counts', async () => {
    const file = jsonl(
      { id: 'x', query: '问', pos: ['答', '又答'], neg: ['错'], 分类: '病' },
      { id: 'y', query: '二', pos: ['答'], neg: [], 分类: '料' },
    );
    const { recognised } = await imported('pairs', file);
    expect(recognised).toMatchObject([
      {
        file: 'a.jsonl',
        format: 'jsonl',
        encoding: 'utf-8',
        columns: ['id', 'query', 'pos', 'neg', '分类'],
        firstRows: [
          ['x', '问', '["答","又答"]', '["错"]', '病'],
          ['y', '二', '["答"]', '[]', '料'],
        ],
        mapping: [
          { column: 'query', field: 'anchor' },
          { column: 'pos', field: 'positive' },
          { column: 'id', field: 'id' },
          { column: 'neg', field: 'negatives' },
          { column: '分类', field: 'topic' },
        ],
        chosen: false,
        records: 2,
      },
    ]);
  });

  it('shows conversations and sections as the rows that the import makes of them', async () => {
    const messages = [
      { role: 'user', content: '问' },
      { role: 'assistant', content: '答' },
    ];
    expect((await imported('pairs', jsonl({ messages }))).recognised[0]).toMatchObject({
      columns: ['anchor', 'positive'],
      firstRows: [['问', '答']],
    });
    const bundle = new File([JSON.stringify({ corpus: { x: '甲' }, queries: { q: '问' } })], 'a.json');
    expect((await imported('knowledgeBase', bundle)).recognised[0]).toMatchObject({
      columns: ['id', 'text'],
      firstRows: [['x', '甲']],
    });
  });

  it('reads further cells of a pair without column names as a label or as negatives, like the import', async () => {
    const fields = async (text: string) =>
      (await imported('pairs', new File([text], 'a.txt'))).recognised[0]?.mapping.map(({ field }) => field);
    expect(await fields('问\t答\t1')).toEqual(['anchor', 'positive', 'score']);
    expect(await fields('问\t答\t错\t又错')).toEqual(['anchor', 'positive', 'negatives', 'negatives']);
  });

  it('takes passage ids as positives only if no column holds their text', () => {
    const fields = (...columns: string[]) => proposedMapping('pairs', columns, true).map(({ field }) => field);
    expect(fields('query', 'pid')).toEqual(['anchor', 'positiveId']);
    expect(fields('query', 'pid', 'answer')).toEqual(['anchor', 'positive']);
  });

  it('numbers the cells of a text file and takes a whole line in a knowledge base', async () => {
    const text = new File(['问\t答\n二\t又'], 'a.txt');
    expect((await imported('pairs', text)).recognised[0]).toMatchObject({
      columns: ['1', '2'],
      mapping: [
        { column: '1', field: 'anchor' },
        { column: '2', field: 'positive' },
      ],
    });
    expect((await imported('knowledgeBase', text)).recognised[0]).toMatchObject({ columns: ['1'] });
  });

  it('recognises the columns of a file that cannot be imported', async () => {
    await expect(imported('pairs', odd)).rejects.toMatchObject({ details: { fault: 'no-known-columns' } });
    const [found] = await recogniseFiles([odd], 'pairs', {});
    expect(found).toMatchObject({
      columns: ['工单号', '用户说', '处理意见', '分类'],
      mapping: [{ column: '分类', field: 'topic' }],
      records: null,
    });
  });

  it('gives files with the same columns one shape, whatever their rows, and another role another shape', async () => {
    const reading = { detected: 'utf-8', alsoFits: [], unsure: false, readingKey: '', readingChosen: false } as const;
    const facts = { file: '', format: 'csv', encoding: 'utf-8', ...reading, sheet: null } as const;
    const none = { mergedCells: 0, unreadableCells: 0 };
    const shape = async (role: DataRole, ...rows: object[]): Promise<string> =>
      (
        await recognise(
          role,
          { ...facts, ...none, alsoFits: [], sheets: [] },
          rows.map((value) => ({ line: 1, value })),
        )
      ).shape;
    const first = await shape('pairs', { a: 1, b: 2 });
    expect(await shape('pairs', { b: 'x', a: 'y' }, { a: 3 })).toBe(first);
    expect(await shape('questions', { a: 1, b: 2 })).not.toBe(first);
    expect(await shape('pairs', { a: 1 })).not.toBe(first);
  });
});

describe('choosing columns', () => {
  it('reads any column as the chosen field and ignores the others', async () => {
    const { rows, recognised } = await importedWith('pairs', odd, [
      { column: '用户说', field: 'anchor' },
      { column: '处理意见', field: 'positive' },
      { column: '工单号', field: 'id' },
    ]);
    expect(rows).toEqual([
      { id: '7', anchor: '猪不吃', positive: '先量体温' },
      { id: '8', anchor: '猪咳嗽', positive: '通风' },
    ]);
    expect(recognised[0]?.chosen).toBe(true);
  });

  it('lists the columns that were not chosen once per file in the report', async () => {
    const mapping = [
      { column: '用户说', field: 'anchor' as const },
      { column: '处理意见', field: 'positive' as const },
    ];
    expect(await importedWith('pairs', odd, mapping)).toMatchObject({
      rejected: [{ file: 'odd.csv', line: 2, fault: 'columns-unused', field: '工单号, 分类' }],
      noteCount: 1,
    });
  });

  it('never makes a pair of a row whose chosen label is 0', async () => {
    const file = jsonl({ 说: '问', 答复: '答', 对: 1 }, { 说: '二', 答复: '错', 对: 0 });
    const report = await importedWith('pairs', file, [
      { column: '说', field: 'anchor' },
      { column: '答复', field: 'positive' },
      { column: '对', field: 'score' },
    ]);
    expect(report.rows).toMatchObject([{ anchor: '问', positive: '答' }]);
    expect(report.rejected).toMatchObject([{ line: 2, fault: 'not-positive' }]);
  });

  it('ignores a known name that was not chosen', async () => {
    const file = jsonl({ id: 'x', title: '标题', text: '英文', 中文: '正文' });
    const { rows } = await importedWith('knowledgeBase', file, [{ column: '中文', field: 'text' }]);
    expect(rows).toEqual([{ id: 'knowledgeBase-1', text: '正文' }]);
  });

  it('applies only to files of the same shape', async () => {
    const [found] = await recogniseFiles([odd], 'pairs', {});
    const mappings = { [found?.shape ?? '']: [{ column: '用户说', field: 'anchor' as const }] };
    const { recognised } = await imported('pairs', jsonl({ 问题: '问', 答案: '答' }), { mappings });
    expect(recognised[0]?.chosen).toBe(false);
  });

  it.each<[DataRole, object]>([
    ['pairs', { instruction: '解释', input: '断奶', output: '答' }],
    ['pairs', { query: '问', pos: ['一', '二'] }],
    ['pairs', { query: '问', pos: 'nan', answer: '答', neg_2: '错', neg: ['一', '二'], label: 1 }],
    ['pairs', { anchor: '', query: '问', positive: '', answer: '答' }],
    ['questions', { qid: 'q', query: '问', relevant: { x: 1, y: 0 } }],
    ['questions', { qid: 'q', query: '问', pid: 'x', score: 2 }],
    ['knowledgeBase', { _id: 'x', title: '题', contents: '段' }],
    ['scoredPairs', { text1: 'a', text2: 'b', label: '0.5' }],
  ])('leaves the rows of a %s file as they are if the proposal is chosen: %j', async (role, row) => {
    const file = jsonl(row);
    const mapping = proposedMapping(role, Object.keys(row), true);
    const { dataset } = await importedWith(role, file, mapping);
    expect(dataset.contentSha256).toBe((await imported(role, file)).dataset.contentSha256);
  });

  it('gives a field to only one column, and lists the required fields that have none', () => {
    const first: ColumnMapping = [{ column: 'a', field: 'anchor' }];
    expect(unfilledFields('pairs', first)).toEqual([['positive', 'positiveId']]);
    const second = withField(first, 'b', 'anchor');
    expect(second).toEqual([{ column: 'b', field: 'anchor' }]);
    expect(unfilledFields('pairs', withField(second, 'c', 'positiveId'))).toEqual([]);
    expect(withField(second, 'b', null)).toEqual([]);
    const negatives = withField(withField(second, 'c', 'negatives'), 'd', 'negatives');
    expect(negatives.map(({ column }) => column)).toEqual(['b', 'c', 'd']);
  });
});

it('a mapping is applied once to each row', () => {
  let lookups = 0;
  const mapping: ColumnMapping = [
    { column: '工单', field: 'id' },
    { column: '用户说', field: 'anchor' },
    { column: '处理', field: 'positive' },
  ];
  const counted = new Proxy(mapping, {
    get: (target, name, receiver) => {
      if (name === 'entries') lookups += 1;
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  const collector = new RowCollector('pairs');
  collector.useMapping(counted);
  const rows = [1, 2, 3].map((id) => collector.rowsOf({ 工单: id, 用户说: `问${id}`, 处理: '答', 备注: 'x' }, id));
  expect(rows[2]).toMatchObject({ rows: [{ id: '3', anchor: '问3', positive: '答' }] });
  expect(lookups).toBe(3);
  expect(collector.fileNotes()).toEqual([{ line: 1, fault: 'columns-unused', field: '备注' }]);
});
