import { describe, expect, it } from 'vitest';
import type { DataRole } from '../../../src/domain/records';
import { importFaultSentence } from '../../../src/ui/i18n/errors/importFaults';
import { file, imported, json, refused } from './importFiles';
import { workbook } from './workbook';

/** Imports a file and returns its rows, and its report as line, fault and quoted words. */
async function read<R extends DataRole>(role: R, source: File) {
  const { rows, rejected } = await imported(role, source);
  const report = rejected.map(({ line, fault, field = '', expected = '' }) => [line, fault, field, expected]);
  return { rows: rows.map(({ id: _id, ...row }) => row), report };
}
const sheet = (...rows: Parameters<typeof workbook>[0]['rows']): File =>
  new File([workbook({ name: '表', rows })], 'a.xlsx');

describe('a cell that cannot be used', () => {
  it('is reported by the name of its column in the file, whatever field it fills', async () => {
    const { report } = await read('pairs', file('a.csv', '问题,答案\n,答\n问,\n一,二\n'));
    expect(report).toEqual([
      [2, 'text-empty', '问题', ''],
      [3, 'text-empty', '答案', ''],
    ]);
    const labelled = await read('pairs', sheet(['提问', '回答', '是否 相关'], ['一', '二', '否'], ['三', '四', '是']));
    expect(labelled.report).toEqual([[2, 'not-positive', '是否 相关', '0']]);
    const questions = file('q.jsonl', json({ 问题: '一', 答案编号: [] }, { 问题: '二', 答案编号: ['x'] }));
    expect((await read('questions', questions)).report).toEqual([[1, 'relevant-missing', '答案编号', '']]);
  });

  it('is reported by that name after the user has mapped the columns', async () => {
    const source = file('a.csv', 'Frage,Antwort\n一,\n二,三\n');
    const mapping = [
      { column: 'Frage', field: 'anchor' as const },
      { column: 'Antwort', field: 'positive' as const },
    ];
    const { rejected } = await imported('pairs', source, undefined, { files: { 'a.csv': { mapping } } });
    expect(rejected).toEqual([{ file: 'a.csv', line: 2, fault: 'text-empty', field: 'Antwort' }]);
    const sentence = importFaultSentence({ fault: 'relevant-missing', field: 'Antwort' });
    expect([sentence.zh, sentence.en].every((words) => words.includes('Antwort'))).toBe(true);
  });

  it('is not called missing if it holds a list, an object or words instead of a number', async () => {
    const pairs = json(
      { query: ['一', '二'], pos: '答' },
      { query: '三', pos: [['答']] },
      { query: '四', pos: '答', neg: [{}] },
      { query: '五', pos: '答' },
    );
    expect((await read('pairs', file('a.jsonl', pairs))).report).toEqual([
      [1, 'not-a-text', 'query', ''],
      [2, 'not-a-text', 'pos', ''],
      [3, 'not-a-text', 'neg', ''],
    ]);
    expect((await read('knowledgeBase', file('a.csv', 'text,text\n甲,乙\n丙,\n'))).report).toEqual([
      [2, 'not-a-text', 'text', ''],
    ]);
    const scored = await read('scoredPairs', file('a.csv', 'a,b,score\n甲,乙,高\n甲,丙,50%\n'));
    expect(scored.report).toEqual([[2, 'not-a-number', 'score', '高']]);
    expect(scored.rows).toEqual([{ sentence1: '甲', sentence2: '丙', score: 0.5 }]);
    expect((await read('knowledgeBase', file('a.jsonl', '{}\n{"text":"甲"}\n'))).report).toEqual([
      [1, 'row-empty', '', ''],
    ]);
  });

  it('is counted by its column if the row is kept without it: an id, a title, a score or a topic', async () => {
    const passages = json(
      { id: { a: 1 }, text: '甲', title: ['x'], topic: '病' },
      { id: true, text: '乙', title: 5, topic: { b: 1 } },
      { id: 'c', text: '丙' },
    );
    const { rows, report } = await read('knowledgeBase', file('a.jsonl', passages));
    expect(rows).toEqual([{ text: '甲', kept: { topic: '病' } }, { text: '乙', title: '5' }, { text: '丙' }]);
    expect(report).toEqual([
      [1, 'values-unread', 'title', '1'],
      [1, 'values-unread', 'id', '2'],
      [2, 'values-unread', 'topic', '1'],
    ]);
    const pairs = await read('pairs', file('a.csv', 'query,positive,label\n一,二,1\n三,四,可能\n五,六,也许\n'));
    expect(pairs.rows).toHaveLength(3);
    expect(pairs.report).toEqual([[3, 'values-unread', 'label', '2']]);
  });

  it('is skipped in a list that has other texts, which are kept', async () => {
    const { rows, report } = await read('pairs', file('a.jsonl', json({ query: '一', pos: ['答', '', null] })));
    expect([rows, report]).toEqual([[{ anchor: '一', positive: '答' }], []]);
  });
});

describe('a column', () => {
  it('without a name is named by its letter if it is not used', async () => {
    expect((await read('pairs', file('a.csv', ',query,positive,\n0,一,二,三\n'))).report).toEqual([
      [2, 'columns-unused', '[A], [D]', ''],
    ]);
  });

  it('whose name differs from an earlier one only in case is reported, whichever is in lower case', async () => {
    const names = [
      ['Text', 'text'],
      ['text', 'Text'],
    ];
    for (const [first = '', second = ''] of names)
      for (const source of [file('a.csv', `${first},${second}\n甲,乙\n`), sheet([first, second], ['甲', '乙'])]) {
        const { rows, report } = await read('knowledgeBase', source);
        expect([rows, report]).toEqual([[{ text: '甲' }], [[2, 'columns-unused', second, '']]]);
      }
    const pairs = await read('pairs', file('a.csv', 'query,Answer,answer\n问,正确答案,错误答案\n'));
    expect(pairs.rows).toEqual([{ anchor: '问', positive: '正确答案' }]);
    const { rows } = await imported('knowledgeBase', file('a.csv', 'ID,id,text\nA-1,7,甲\n'));
    expect(rows).toEqual([{ id: 'A-1', text: '甲' }]);
  });

  it('of negatives is kept beside one whose name differs only in case', async () => {
    for (const names of ['Neg,neg', 'neg,Neg']) {
      const { rows, report } = await read('pairs', file('a.csv', `query,answer,${names}\n问,答,甲,乙\n`));
      expect(rows).toEqual([{ anchor: '问', positive: '答', negatives: ['甲', '乙'] }]);
      expect(report.map(([, fault]) => fault)).not.toContain('columns-unused');
    }
  });

  it('named 标签 with the value FALSE is never a positive', async () => {
    const { rows, report } = await read(
      'pairs',
      sheet(['问题', '答案', '标签'], ['一', '二', { bool: false }], ['三', '四', { bool: true }]),
    );
    expect(rows).toEqual([{ anchor: '三', positive: '四' }]);
    expect(report).toEqual([[2, 'not-positive', '标签', '0']]);
  });

  it('is named by the list that pandas writes beside the rows', async () => {
    const source = JSON.stringify({ columns: ['id', 'positive', 'query'], index: [0], data: [[7, '答', '问']] });
    const { rows, report } = await read('pairs', file('a.json', source));
    expect(rows).toEqual([{ anchor: '问', positive: '答' }]);
    expect(report).toEqual([[1, 'columns-unused', 'index', '']]);
  });
});

describe('a row', () => {
  it('that repeats the column names is reported and not imported', async () => {
    const csv = await read('pairs', file('a.csv', 'query,positive\n一,二\nquery,positive\n三,四\n'));
    expect([csv.rows.length, csv.report]).toEqual([2, [[3, 'header-repeated', '', '']]]);
    const xlsx = await read('pairs', sheet(['问题', '答案'], ['一', '二'], ['问题', '答案']));
    expect([xlsx.rows.length, xlsx.report]).toEqual([1, [[3, 'header-repeated', '', '']]]);
  });

  it('of a file named .csv that holds JSON is read as JSON', async () => {
    const { rows } = await read('pairs', file('a.csv', json({ query: '一', pos: '二' }, { query: '三', pos: '四' })));
    expect(rows).toHaveLength(2);
    expect((await read('pairs', file('b.tsv', '[{"query": "一", "pos": "二"}]'))).rows).toHaveLength(1);
  });
});

describe('a file of judgements', () => {
  const passages = file('corpus.jsonl', json({ _id: 'd1', text: '甲' }, { _id: 'd2', text: '乙' }));
  const questions = file('queries.jsonl', json({ _id: 'q1', text: '一' }, { _id: 'q2', text: '二' }));
  const judged = async (text: string) => {
    const { rows, rejected } = await imported('questions', [questions, file('qrels.tsv', text)], passages);
    const report = rejected.map(({ line, fault, field = '', expected = '' }) => [line, fault, field, expected]);
    return { rows: rows.map(({ relevant }) => relevant), report };
  };

  it('is read with a report of rows whose score cannot be read, and of columns that are not used', async () => {
    const { rows, report } = await judged(
      'query-id\tcorpus-id\tscore\tnote\nq1\td1\t1\tx\nq2\td2\thigh\t\nq2\td2\t\t\nq2\td1\ttrue\t\n',
    );
    expect(rows).toEqual([['d1'], ['d1']]);
    expect(report).toEqual([
      [3, 'not-a-number', 'score', 'high'],
      [4, 'text-empty', 'score', ''],
      [2, 'columns-unused', 'note', ''],
    ]);
  });

  it('is recognised even if its first line is broken', async () => {
    const { rows, report } = await judged('query-id\tcorpus-id\tscore\n\td1\t1\nq1\td1\t1\nq2\td2\t1\n');
    expect(rows).toEqual([['d1'], ['d2']]);
    expect(report).toContainEqual([2, 'no-known-columns', '', 'query-id + corpus-id + score']);
  });

  it('that calls no passage relevant is named as the reason, not the questions', async () => {
    const all = (text: string) => [questions, file('qrels.tsv', text)];
    const none = await refused('questions', ...all('query-id\tcorpus-id\tscore\nq1\td1\t0\nq2\td2\t-1\n'));
    expect(none).toEqual({ kind: 'import-failed', file: 'qrels.tsv', fault: 'none-judged' });
    await expect(judged('query-id\tcorpus-id\tscore\nq1\tgone\t1\n')).rejects.toMatchObject({
      details: { kind: 'import-failed', file: 'qrels.tsv', fault: 'no-known-passage', field: 'gone' },
    });
  });
});
