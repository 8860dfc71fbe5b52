import 'fake-indexeddb/auto';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset } from '../../../workers/services/import/importDataset';
import { checkQuestions } from '../../../workers/services/import/checkQuestions';
import { storedPassages } from '../../../workers/services/import/storedPassages';

let databases = 0;
const fresh = () => openDatabase(`references-${databases++}`);
const file = (name: string, content: string): File => new File([content], name);
const ignore = (): void => undefined;
const json = (...rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

const passages = [
  { id: 'a', text: '甲段' },
  { id: 'b', text: '乙段' },
];
/** Returns a database in which the passages are stored, and the import options that resolve references to them. */
async function withPassages() {
  const db = await fresh();
  const { dataset } = await importDataset(db, [file('kb.jsonl', json(...passages))], 'knowledgeBase', ignore);
  const knowledgeBase = dataset.contentSha256;
  return { db, knowledgeBase, options: { passages: await storedPassages(db, knowledgeBase) } };
}
const detailsOf = (thrown: unknown): unknown => (thrown instanceof AppError ? thrown.details : thrown);

describe('pairs that name their passages by id', () => {
  const byId = json(
    { query: '问一', positiveId: 'a' },
    { query: '问二', positiveId: ['b', 'a'] },
    { query: '问三', positiveId: 'zz' },
  );

  it('get their texts from the knowledge base, and an unknown id is reported by its line', async () => {
    const { db, options } = await withPassages();
    const report = await importDataset(db, [file('p.jsonl', byId)], 'pairs', ignore, options);
    const rows = await readRows(db, 'pairs', report.dataset.contentSha256);
    expect(rows.map((row) => row.positive)).toEqual(['甲段', '乙段', '甲段']);
    expect(report.rejected).toEqual([{ file: 'p.jsonl', line: 3, fault: 'unknown-passage', field: 'zz' }]);
  });

  it.each(['pid', 'passage_id', 'passage ids', 'docId', 'doc_ids', 'corpus-id', '答案编号', '答案ID', '段落编号'])(
    'may name them in a column called %s, even if most ids are unknown',
    async (name) => {
      const { db, options } = await withPassages();
      const rows = ['a', 'x', 'y', 'z'].map((id, i) => ({ query: `问${i}`, [name]: id }));
      const report = await importDataset(db, [file('p.jsonl', json(...rows))], 'pairs', ignore, options);
      expect((await readRows(db, 'pairs', report.dataset.contentSha256)).map((row) => row.positive)).toEqual(['甲段']);
      expect(report.rejected.map(({ line, fault, field }) => [line, fault, field])).toEqual([
        [2, 'unknown-passage', 'x'],
        [3, 'unknown-passage', 'y'],
        [4, 'unknown-passage', 'z'],
      ]);
    },
  );

  it('need the knowledge base first, unless the row contains the text as well', async () => {
    const db = await fresh();
    const thrown: unknown = await importDataset(db, [file('p.jsonl', byId)], 'pairs', ignore).catch(
      (error: unknown) => error,
    );
    expect(detailsOf(thrown)).toEqual({
      kind: 'import-failed',
      file: 'p.jsonl',
      fault: 'needs-knowledge-base',
      field: 'positiveId',
    });
    const both = file('p.jsonl', json({ query: '问', positiveId: 'a', positive: '段' }));
    const { dataset } = await importDataset(db, [both], 'pairs', ignore);
    expect((await readRows(db, 'pairs', dataset.contentSha256)).map((row) => row.positive)).toEqual(['段']);
  });

  it('may name several ids in one CSV cell, as a JSON or Python list', async () => {
    const { db, options } = await withPassages();
    const csv = Papa.unparse([
      { query: '问一', positiveId: '["a", "b"]' },
      { query: '问二', positiveId: "['b']" },
    ]);
    const { dataset } = await importDataset(db, [file('p.csv', csv)], 'pairs', ignore, options);
    const rows = await readRows(db, 'pairs', dataset.contentSha256);
    expect(rows.map((row) => row.positive)).toEqual(['甲段', '乙段', '乙段']);
  });
});

describe('questions that refer to a knowledge base', () => {
  const questions = [
    { q: '1', r: ['a'] },
    { q: '2', r: '乙段' },
    { q: '3', r: 'a; b' },
    { q: '4', r: ['b', 'zz'] },
    { q: '5', r: ['yy', 'xx'] },
  ];
  const lines = json(...questions.map(({ q, r }) => ({ id: q, query: `问${q}`, relevant: r })));
  // The empty line moves the fourth question to line 5.
  const source = file('q.jsonl', lines.replace('\n', '\n\n'));
  const relevant = [['a'], ['b'], ['a', 'b'], ['b']];

  it('find passages by id, text or a cell of ids; rejected rows and ignored ids are reported by line', async () => {
    const { db, options } = await withPassages();
    const report = await importDataset(db, [source], 'questions', ignore, options);
    const rows = await readRows(db, 'questions', report.dataset.contentSha256);
    expect(rows.map((row) => row.relevant)).toEqual(relevant);
    expect(report.rejected).toEqual([
      { file: 'q.jsonl', line: 5, fault: 'reference-ignored', field: 'zz' },
      { file: 'q.jsonl', line: 6, fault: 'unknown-passage', field: 'yy' },
    ]);
    expect([report.rejectedCount, report.ignoredCount]).toEqual([1, 1]);
  });

  it('are reported by number if they were stored before it, because their lines are no longer known', async () => {
    const { db, knowledgeBase, options } = await withPassages();
    const stored = (await importDataset(db, [source], 'questions', ignore)).dataset;
    const { kept, ...left } = await checkQuestions(db, stored.contentSha256, knowledgeBase);
    const rows = await readRows(db, 'questions', kept?.contentSha256 ?? '');
    expect(rows.map((row) => row.relevant)).toEqual(relevant);
    expect(left).toEqual({
      rejected: [
        { file: 'q.jsonl', question: 4, fault: 'reference-ignored', field: 'zz' },
        { file: 'q.jsonl', question: 5, fault: 'unknown-passage', field: 'yy' },
      ],
      rejectedCount: 1,
      ignoredCount: 1,
      noteCount: 0,
    });
    const { dataset } = await importDataset(db, [source], 'questions', ignore, options);
    expect(dataset.contentSha256).toBe(kept?.contentSha256);
    const again = await checkQuestions(db, dataset.contentSha256, knowledgeBase);
    expect(again).toMatchObject({ kept: { contentSha256: dataset.contentSha256 }, rejected: [] });
  });

  it('are rejected as a whole if none names a known passage, and none of them is stored', async () => {
    const { db, options } = await withPassages();
    const wrong = file('q.jsonl', json({ query: '问一', relevant: ['x1'] }, { query: '问二', relevant: ['x2'] }));
    const thrown: unknown = await importDataset(db, [wrong], 'questions', ignore, options).catch(
      (error: unknown) => error,
    );
    expect(detailsOf(thrown)).toEqual({
      kind: 'import-failed',
      file: 'q.jsonl',
      fault: 'no-known-passage',
      field: 'x1',
    });
    expect((await db.getAll('datasets')).map((dataset) => dataset.role)).toEqual(['knowledgeBase']);
  });

  it('are all dropped if a knowledge base with other passages is stored after them', async () => {
    const { db, knowledgeBase } = await withPassages();
    const { dataset } = await importDataset(
      db,
      [file('q.jsonl', json({ query: '问', relevant: ['x'] }))],
      'questions',
      ignore,
    );
    expect(await checkQuestions(db, dataset.contentSha256, knowledgeBase)).toMatchObject({
      kept: null,
      rejectedCount: 1,
    });
  });

  it('make the same data set from a CSV file whose cells hold the ids as JSON lists', async () => {
    const { db, options } = await withPassages();
    const csv = Papa.unparse([{ id: 'q', query: '问', relevant: '["a", "b"]' }]);
    const jsonl = json({ id: 'q', query: '问', relevant: ['a', 'b'] });
    const fromCsv = await importDataset(db, [file('q.csv', csv)], 'questions', ignore, options);
    const fromJsonl = await importDataset(db, [file('q.jsonl', jsonl)], 'questions', ignore, options);
    expect(fromCsv.dataset.contentSha256).toBe(fromJsonl.dataset.contentSha256);
    const text = file('q.csv', Papa.unparse([{ query: '问', relevant: '[1] 断奶 [2]' }]));
    const { dataset } = await importDataset(db, [text], 'questions', ignore);
    expect((await readRows(db, 'questions', dataset.contentSha256))[0]?.relevant).toEqual(['[1] 断奶 [2]']);
  });

  it('in a JSON list under a key are reported by the line on which they begin', async () => {
    const { db, options } = await withPassages();
    const text = JSON.stringify(
      {
        questions: [
          { query: '问一', relevant: ['a'] },
          { query: '问二', relevant: ['x'] },
        ],
      },
      null,
      1,
    );
    const report = await importDataset(db, [file('q.json', text)], 'questions', ignore, options);
    const begins = text.slice(0, text.indexOf('问二')).split('\n').length - 1;
    expect(report.rejected).toEqual([{ file: 'q.json', line: begins, fault: 'unknown-passage', field: 'x' }]);
  });
});
