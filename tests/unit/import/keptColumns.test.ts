import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { parseMappings } from '../../../src/domain/import/mappingStore';
import type { DataRole } from '../../../src/domain/records';
import { openDatabase, type Database } from '../../../src/storage/database';
import { getDataset, readRows } from '../../../src/storage/datasets';
import { checkQuestions } from '../../../workers/services/import/checkQuestions';
import { importDataset, type ImportDatasetSettings } from '../../../workers/services/import/importDataset';
import { recogniseFiles } from '../../../workers/services/import/recogniseFiles';

let databases = 0;
const freshDatabase = (): Promise<Database> => openDatabase(`kept-${databases++}`);
async function imported<R extends DataRole>(
  role: R,
  file: File,
  settings: ImportDatasetSettings = {},
  given?: Database,
) {
  const db = given ?? (await freshDatabase());
  const report = await importDataset(db, [file], role, () => undefined, settings);
  return { ...report, db, rows: await readRows(db, role, report.dataset.contentSha256) };
}
const jsonl = (...rows: object[]): File => new File([rows.map((row) => JSON.stringify(row)).join('\n')], 'a.jsonl');

describe('columns that a later stage uses', () => {
  it('are kept with each row, and the others are listed as unused', async () => {
    const file = jsonl(
      { query: '猪咳嗽', answer: '通风', 分类: '病', 来源: '手册', chunk_id: 3, 页码: 12 },
      { query: '断奶', answer: '保温', 分类: ['料', '管理'], 来源: '', chunk_id: null, 页码: 13 },
    );
    const { rows, dataset, recognised, rejected } = await imported('pairs', file);
    expect(rows.map(({ kept }) => kept)).toEqual([
      { topic: '病', document: '手册', chunk: '3' },
      { topic: '料; 管理' },
    ]);
    expect(dataset.kept?.fields).toEqual([
      { field: 'topic', rows: 2, values: 2 },
      { field: 'document', rows: 1, values: 1 },
      { field: 'chunk', rows: 1, values: 1 },
    ]);
    expect(recognised[0]?.mapping).toContainEqual({ column: '分类', field: 'topic' });
    expect(rejected).toEqual([{ file: 'a.jsonl', line: 1, fault: 'columns-unused', field: '页码' }]);
  });

  it.each(['knowledgeBase', 'pairs', 'questions', 'scoredPairs'] as const)('exist in every role: %s', async (role) => {
    const texts = { text: '甲', answer: '乙', relevant: ['x'], sentence1: '甲', sentence2: '乙', score: 1 };
    const { rows } = await imported(role, jsonl({ ...texts, topic: '病', source: '手册' }));
    expect(rows[0]?.kept).toEqual({ topic: '病', document: '手册' });
  });

  it('do not change the content hash, so that data sets stored before still match', async () => {
    const plain = await imported('knowledgeBase', jsonl({ id: 'a', text: '甲' }));
    const topics = await imported('knowledgeBase', jsonl({ id: 'a', text: '甲', topic: '病' }));
    const others = await imported('knowledgeBase', jsonl({ id: 'a', text: '甲', topic: '料' }));
    expect(topics.dataset.contentSha256).toBe(plain.dataset.contentSha256);
    expect(plain.dataset).not.toHaveProperty('kept');
    expect(plain.rows[0]).not.toHaveProperty('kept');
    expect(topics.dataset.kept?.sha256).not.toBe(others.dataset.kept?.sha256);
  });

  it('come from the last import if the same rows are imported again', async () => {
    const first = await imported('knowledgeBase', jsonl({ id: 'a', text: '甲' }));
    const again = await imported('knowledgeBase', jsonl({ id: 'a', text: '甲', topic: '病' }), {}, first.db);
    expect(again.rows).toEqual([{ id: 'a', text: '甲', kept: { topic: '病' } }]);
    const plain = await imported('knowledgeBase', jsonl({ id: 'a', text: '甲' }), {}, first.db);
    expect(plain.rows).toEqual([{ id: 'a', text: '甲' }]);
    expect(await getDataset(first.db, plain.dataset.contentSha256)).not.toHaveProperty('kept');
  });

  it('can be any column that the user assigns, even one named like a passage', async () => {
    const file = new File(['正文,章节,document\n甲,一,手册\n'], 'a.csv');
    const [found] = await recogniseFiles([file], 'knowledgeBase', {});
    const mapping = [
      { column: '正文', field: 'text' as const },
      { column: '章节', field: 'chunk' as const },
      { column: 'document', field: 'document' as const },
    ];
    const mappings = { [found?.shape ?? '']: mapping };
    const { rows, dataset } = await imported('knowledgeBase', file, { mappings });
    expect(rows).toMatchObject([{ text: '甲', kept: { chunk: '一', document: '手册' } }]);
    expect(dataset.sources).toEqual([
      { path: 'a.csv', columns: { text: '正文', chunk: '章节', document: 'document' } },
    ]);
    expect(parseMappings(JSON.stringify(mappings))).toEqual(mappings);
  });

  it('include a document as the source of the text beside it, but use a document on its own as the text', async () => {
    const beside = await imported('knowledgeBase', jsonl({ text: '甲', document: '手册' }));
    expect(beside.rows).toMatchObject([{ text: '甲', kept: { document: '手册' } }]);
    expect(beside.recognised[0]?.mapping).toEqual([
      { column: 'text', field: 'text' },
      { column: 'document', field: 'document' },
    ]);
    expect((await imported('knowledgeBase', jsonl({ document: '甲' }))).rows).toMatchObject([{ text: '甲' }]);
  });

  it('stay with questions that are merged or checked, and rows with other values are reported', async () => {
    const file = jsonl(
      { id: 'q', text: '问', relevant: 'a', topic: '病' },
      { id: 'q', text: '问', relevant: 'b', topic: '料', source: '手册' },
      { id: 'r', text: '又问', relevant: ['x', 'a'], topic: '病' },
    );
    const { rows, rejected, dataset, db } = await imported('questions', file);
    expect(rows.map(({ kept }) => kept)).toEqual([{ topic: '病', document: '手册' }, { topic: '病' }]);
    expect(rejected).toContainEqual({ file: 'a.jsonl', line: 2, fault: 'kept-differs' });
    const { dataset: base } = await imported(
      'knowledgeBase',
      jsonl({ id: 'a', text: '甲' }, { id: 'b', text: '乙' }),
      {},
      db,
    );
    const { kept } = await checkQuestions(db, dataset.contentSha256, base.contentSha256);
    expect(kept).toMatchObject({ kept: { fields: [{ field: 'topic', rows: 2, values: 1 }, { field: 'document' }] } });
    expect(kept?.sources).toEqual([{ path: 'a.jsonl' }]);
  });
});
