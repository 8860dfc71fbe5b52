import { describe, expect, it } from 'vitest';
import { formatOf } from '../../../src/domain/import/format';
import { file, imported, json, refused } from './importFiles';

const corpus = file('corpus.jsonl', json({ _id: '1', text: '两公斤' }, { _id: '2', text: '二十八度' }));
const queries = file('queries.jsonl', json({ _id: '1', text: '喂多少' }, { _id: '2', text: '几度' }));

describe('judgements in the format of TREC', () => {
  it.each([
    ['qrels.txt', '1 0 2 1\n2 0 1 2\n'],
    ['qrels.test.tsv', '1\t0\t2\t1\n2\t0\t1\t2\n'],
    ['qrels', '1 Q0 2 1\r\n2 Q0 1 0.5'],
    ['qrels.tsv', '\ufeffq1\td1\t1\nq2\td2\t0\n'],
    ['test.csv', 'q1,d1,1\nq2,d2,-1\n'],
  ])('are recognised by their columns, whatever the name: %s', (name, text) => {
    expect(formatOf(name, text)).toBe('trecQrels');
  });

  it.each([
    ['a list of texts', 'kb.txt', '1 0 2 1\n保温\n'],
    ["BEIR's header", 'qrels.tsv', 'query-id\tcorpus-id\tscore\n1\t2\t1\n'],
    ['a table of numbers', 'n.csv', '1,0,2,1\n'],
    ['three columns of numbers', 'n.csv', '1,2,1\n3,4,0\n'],
    ['pairs with a label', 'p.txt', 'pig\tsow\t1\n猪1\t母猪2\t1\n'],
  ])('are not taken for %s', (_what, name, text) => {
    expect(formatOf(name, text)).not.toBe('trecQrels');
  });

  it('make questions without a header of BEIR, and a line of four columns among three is reported', async () => {
    const own = file('queries.jsonl', json({ _id: 'q1', text: '喂多少' }, { _id: 'q2', text: '几度' }));
    const passages = file('corpus.jsonl', json({ _id: 'd1', text: '两公斤' }, { _id: 'd2', text: '二十八度' }));
    const qrels = file('qrels.tsv', 'q1\td1\t1\nq2\t0\td1\t1\nq2\td2\t1\n');
    const { rows, rejected } = await imported('questions', [own, qrels], passages);
    expect(rows.map(({ relevant }) => relevant)).toEqual([['d1'], ['d2']]);
    expect(rejected).toEqual([{ file: 'qrels.tsv', line: 2, fault: 'trec-broken' }]);
  });

  it('that cannot be read are named as the reason, not the questions', async () => {
    const field = '问题1, 段落1, 1';
    const qrels = file('qrels.tsv', '问题1\t段落1\t1\n问题2\t段落2\t1\n');
    const details = await refused('questions', queries, qrels);
    expect(details).toMatchObject({
      file: 'qrels.tsv',
      fault: 'no-known-columns',
      expected: expect.stringMatching('corpus-id'),
    });
    expect([...String((details as { field: string }).field).split(', ')].sort()).toEqual(field.split(', ').sort());
    const passages = file('corpus.tsv', 'id\ttext\n1\t两公斤\n');
    expect(await refused('questions', queries, passages)).toMatchObject({
      file: 'queries.jsonl',
      fault: 'relevant-missing',
    });
  });

  it('without questions are reported as judgements', async () => {
    for (const text of ['q1\td1\t1\n', 'query-id\tcorpus-id\tscore\nq1\td1\t1\n'])
      expect(await refused('questions', file('qrels.tsv', text))).toEqual({
        kind: 'import-failed',
        file: 'qrels.tsv',
        fault: 'judgements-alone',
      });
  });

  it('make questions; a score of 0, an unknown passage and a line of three columns are reported', async () => {
    const qrels = file('qrels.txt', '1 0 2 1\n1 0 1 0\n2 0 9 1\n2 0 1\n2 0 1 1\n');
    const { rows, rejected } = await imported('questions', [queries, qrels], corpus);
    expect(rows).toEqual([
      { id: '1', text: '喂多少', relevant: ['2'] },
      { id: '2', text: '几度', relevant: ['1'] },
    ]);
    expect(rejected).toEqual([
      { file: 'qrels.txt', line: 3, fault: 'reference-ignored', field: '9' },
      { file: 'qrels.txt', line: 4, fault: 'trec-broken' },
      { file: 'qrels.txt', line: 2, fault: 'judged-irrelevant', field: '1' },
    ]);
  });
});

describe('files of judged questions and passages', () => {
  const qrels = file('qrels.tsv', 'query-id\tcorpus-id\tscore\n1\t2\t1\n');

  it('are not confused if both are numbered from 1', async () => {
    const all = [corpus, queries, qrels];
    expect((await imported('knowledgeBase', all)).rows.map(({ text }) => text)).toEqual(['两公斤', '二十八度']);
    expect((await imported('questions', all, corpus)).rows.map(({ text }) => text)).toEqual(['喂多少']);
    expect((await imported('pairs', all, corpus)).rows.map(({ anchor }) => anchor)).toEqual(['喂多少']);
  });

  it('leave out the questions without a judged passage, counted in one entry', async () => {
    const more = file('queries.jsonl', json(...['1', '2', '3'].map((_id) => ({ _id, text: `问${_id}` }))));
    const { rows, rejected, rejectedCount } = await imported('questions', [more, qrels], corpus);
    expect(rows).toHaveLength(1);
    expect(rejectedCount).toBe(2);
    expect(rejected).toEqual([{ file: 'queries.jsonl', line: 2, fault: 'not-judged', field: '2', rows: 2 }]);
  });

  it('leave out a pair whose question has only irrelevant passages, like one that is not judged', async () => {
    const judged = file('qrels.tsv', 'query-id\tcorpus-id\tscore\n1\t2\t1\n2\t1\t0\n');
    const { rows, rejected } = await imported('pairs', [queries, judged], corpus);
    expect(rows).toHaveLength(1);
    const ofQuestions = rejected.filter((one) => one.file === 'queries.jsonl');
    expect(ofQuestions).toEqual([{ file: 'queries.jsonl', line: 2, fault: 'not-judged', field: '1', rows: 1 }]);
  });
});

describe('negatives that a pair names by id', () => {
  const pairs = (row: object): File => file('p.jsonl', json({ query: '问', pos: ['答'], ...row }));

  it.each([
    ['a list', { negative_ids: ['2', 1] }],
    ['a cell with a list', { hard_negative_ids: '["2", "1"]' }],
    ['several ids in a cell', { 'neg-pid': '2; 1' }],
    ['numbered columns', { negative_id_1: '2', negative_id_2: '1' }],
  ])('become the texts of the passages: %s', async (_what, row) => {
    const { rows } = await imported('pairs', [pairs(row)], corpus);
    expect(rows).toEqual([{ id: 'pairs-1', anchor: '问', positive: '答', negatives: ['二十八度', '两公斤'] }]);
  });

  it('are reported if the knowledge base lacks them, and the pair keeps the others', async () => {
    const { rows, rejected, ignoredCount } = await imported('pairs', [pairs({ neg_ids: ['2', 'zz'] })], corpus);
    expect(rows[0]?.negatives).toEqual(['二十八度']);
    expect(rejected).toContainEqual({ file: 'p.jsonl', line: 1, fault: 'negative-ignored', field: 'zz' });
    expect(ignoredCount).toBe(1);
  });

  it('are counted as not found without a knowledge base', async () => {
    const { rows, rejected } = await imported('pairs', [pairs({ negative_ids: ['2', '1'] })]);
    expect(rows[0]?.negatives).toBeUndefined();
    expect(rejected).toEqual([{ file: 'p.jsonl', line: 1, fault: 'negatives-not-found', field: '2' }]);
  });
});

describe('a repeated key of an object', () => {
  it.each([
    ['in a line', 'p.jsonl', '{"query":"一","query":"二","pos":["答"]}\n{"query":"三","pos":["答"]}\n', 1],
    ['in a list', 'p.json', '[\n{"query":"一","pos":["答"],\n"query":"二"},\n{"query":"三","pos":["答"]}]', 3],
    ['in Python quotes', 'p.jsonl', "{'query':'一','query':'二','pos':['答']}\n{'query':'三','pos':['答']}\n", 1],
  ])('%s is reported with its place, and the last value is used', async (_where, name, text, line) => {
    const { rows, rejected, noteCount } = await imported('pairs', [file(name, text)]);
    expect(rows.map(({ anchor }) => anchor)).toEqual(['二', '三']);
    expect(rejected).toEqual([{ file: name, line, fault: 'key-repeated', field: 'query' }]);
    expect(noteCount).toBe(1);
  });

  it('inside a section of a file is reported, and a text with a colon in quotes is not', async () => {
    const text = '{"queries":{"q":"一","q":"二"},"corpus":{"n":"答"},"relevant_docs":{"q":["n"]}}';
    const { rows, rejected } = await imported('questions', [file('qa.json', text)]);
    expect(rows.map((row) => row.text)).toEqual(['二']);
    expect(rejected).toEqual([{ file: 'qa.json', line: 1, fault: 'key-repeated', field: 'q' }]);
    const quoted = file('p.jsonl', json({ query: '"a": "b", "a": 1', pos: ['答'] }));
    expect((await imported('pairs', [quoted])).rejected).toEqual([]);
  });
});
