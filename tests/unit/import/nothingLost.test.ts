import { describe, expect, it } from 'vitest';
import type { DataRole } from '../../../src/domain/records';
import { bundleFaults } from '../../../src/domain/import/bundle';
import { scoreIn } from '../../../src/domain/import/scores';
import { formatReader } from '../../../src/domain/import/format';
import { shownNumber } from '../../../src/domain/import/cellFormat';
import { CsvReader } from '../../../src/domain/import/csv';
import { file, imported, json, refused } from './importFiles';
import { workbook } from './workbook';

/** Imports a file and returns its rows without ids, and its report as line, fault and quoted words. */
async function read<R extends DataRole>(role: R, source: File | File[], knowledgeBase?: File) {
  const { rows, rejected, recognised } = await imported(role, source, knowledgeBase);
  const report = rejected.map(({ line, fault, field = '', expected = '' }) => [line, fault, field, expected]);
  return { rows: rows.map(({ id: _id, ...row }) => row), ids: rows.map(({ id }) => id), report, recognised };
}
const passages = file('kb.csv', 'id,text\n7,七\n007,邦德\n1000,千\n5,五\n1.1,甲\n1.10,乙\n');

describe('an id that a spreadsheet has rounded', () => {
  it('is reported with its column and is not the id of a passage, whose text is kept', async () => {
    const { rows, ids, report } = await read(
      'knowledgeBase',
      file('a.csv', 'id,text\n1.23457E+17,甲\n1.23457E+17,乙\n'),
    );
    expect(rows).toEqual([{ text: '甲' }, { text: '乙' }]);
    expect(ids).toEqual(['knowledgeBase-1', 'knowledgeBase-2']);
    expect(report).toEqual([2, 3].map((line) => [line, 'id-rounded', '1.23457E+17', 'id']));
  });

  it('finds no passage, whatever the id of one is', async () => {
    const base = file('kb.jsonl', json({ id: '1.23457E+17', text: '甲' }, { id: 'b', text: '乙' }));
    const questions = await read('questions', file('q.csv', 'query,pid\n一,1.23457E+17\n二,b\n'), base);
    expect(questions.report).toEqual([[2, 'id-rounded', '1.23457E+17', 'pid']]);
    expect(questions.rows).toEqual([{ text: '二', relevant: ['b'] }]);
    const pairs = file('p.csv', 'query,positive_ids,negative_ids\n一,1.2e+17,b\n二,b,1.3E+17\n');
    const { rows, report } = await read('pairs', pairs, base);
    expect(rows).toEqual([{ anchor: '二', positive: '乙' }]);
    expect(report).toEqual([
      [2, 'id-rounded', '1.2e+17', 'positive_ids'],
      [3, 'id-rounded', '1.3E+17', 'negative_ids'],
    ]);
  });

  it('is reported in a file of judgements', async () => {
    const questions = file('queries.jsonl', json({ _id: 'q1', text: '一' }));
    const qrels = file('qrels.tsv', 'query-id\tcorpus-id\tscore\nq1\t007\t1\n1.5E+18\t007\t1\nq1\t1.5E+18\t1\n');
    const { report } = await read('questions', [questions, qrels], passages);
    expect(report).toEqual([
      [3, 'id-rounded', '1.5E+18', 'query-id'],
      [4, 'id-rounded', '1.5E+18', 'corpus-id'],
    ]);
  });

  it('is recognised in a workbook, where it is a number with an exponent', async () => {
    const sheet = workbook({
      name: '表',
      rows: [
        ['id', '内容'],
        [{ number: 6.5e21 }, '甲'],
      ],
    });
    const { report } = await read('knowledgeBase', new File([sheet], 'a.xlsx'));
    expect(report.map(([, fault]) => fault)).toEqual(['id-rounded']);
    expect(shownNumber(6.532470403686727e17, '0')).toBe('6.53247040368673E+17');
    expect(shownNumber(6.532470403686727e17, '0', '653247040368672768')).toBe('653247040368672768');
  });

  it('does not include hexadecimal ids', async () => {
    const base = file('kb.jsonl', json({ id: '1e17', text: '甲' }));
    expect((await read('questions', file('q.csv', 'query,pid\n一,1e17\n'), base)).report).toEqual([]);
  });
});

describe('a number that is an id', () => {
  it.each(['[007]', '["007"]', '[ 007 ]'])('keeps its zeros in the cell %s', async (cell) => {
    const source = file('q.csv', `query,pid\n一,"${cell.replaceAll('"', '""')}"\n`);
    expect((await read('questions', source, passages)).rows).toEqual([{ text: '一', relevant: ['007'] }]);
  });

  it.each(['[1e3]', '[+5]', '[1e3, 7]'])('is not converted in the cell %s', async (cell) => {
    const source = file('q.csv', `query,pid\n一,"${cell}"\n二,7\n`);
    const { rows, report } = await read('questions', source, passages);
    expect(JSON.stringify(rows)).not.toMatch(/1000|"5"/);
    expect(report).toHaveLength(1);
  });

  it.each(['a.jsonl', 'a.json'])('is kept as written in %s', async (name) => {
    const text = (id: string): string => `{"id": ${id}, "text": "文${id}"}`;
    const lines = ['1.10', '1.1', '007', '653247040368672768', '12', '3.0'].map(text);
    const { ids } = await read(
      'knowledgeBase',
      file(name, name.endsWith('l') ? lines.join('\n') : `[${lines.join()}]`),
    );
    expect(ids).toEqual(['1.10', '1.1', '007', '653247040368672768', '12', '3']);
  });
});

describe('a set or a conversation', () => {
  it('without two texts is reported', async () => {
    const source = file('a.jsonl', json({ set: ['一', '二'] }, { set: ['孤'] }, { set: [] }));
    const { rows, report } = await read('pairs', source);
    expect(rows).toHaveLength(1);
    expect(report).toEqual([
      [2, 'set-too-short', '', ''],
      [3, 'set-too-short', '', ''],
    ]);
  });

  it('has the earlier messages of its answers counted', async () => {
    const say = (...contents: unknown[]) => contents.map((content) => ({ role: 'user', content }));
    const source = json({
      messages: say('问'),
      positive_messages: [say('第一句', '答'), say([{ type: 'image' }])],
      negative_messages: [say('第一句', '负')],
    });
    const { rows, report } = await read('pairs', file('a.jsonl', source));
    expect(rows).toEqual([{ anchor: '问', positive: '答', negatives: ['负'] }]);
    expect(report).toContainEqual([1, 'messages-unused', '3', '']);
  });

  it('may have its text in parts', async () => {
    const content = [{ type: 'text', text: '问' }];
    const source = json({
      messages: [{ role: 'user', content }],
      positive_messages: [[{ role: 'user', content: '答' }]],
    });
    expect((await read('pairs', file('a.jsonl', source))).rows).toEqual([{ anchor: '问', positive: '答' }]);
  });
});

describe('a label', () => {
  const names = [
    'labels',
    'is_relevant',
    'relevant',
    'rating',
    'target',
    'grade',
    'relevance_score',
    '标注',
    '匹配',
    'y',
  ];
  it.each([...names, 'is_duplicate', 'gold', 'score'])(
    'in a column named %s keeps rows with 0 from training',
    async (name) => {
      const { rows, report } = await read('pairs', file('a.csv', `query,passage,${name}\n一,对,1\n一,错,0\n`));
      expect(rows).toEqual([{ anchor: '一', positive: '对' }]);
      expect(report).toEqual([[3, 'not-positive', name, '0']]);
    },
  );

  it('in a column with a name that is not known is reported as a possible label', async () => {
    const { rows, report } = await read('pairs', file('a.csv', 'query,passage,ok?\n一,对,yes\n一,错,no\n二,错,no\n'));
    expect(rows).toHaveLength(3);
    expect(report).toEqual([
      [3, 'column-maybe-label', 'ok?', '2'],
      [2, 'columns-unused', 'ok?', ''],
    ]);
    const numbered = await read('pairs', file('a.csv', 'n,query,passage\n0,一,二\n1,三,四\n2,五,六\n'));
    expect(numbered.report).toEqual([[2, 'columns-unused', 'n', '']]);
  });

  it('is not a column of texts that has the name of one', async () => {
    const { rows, report } = await read('pairs', file('a.csv', 'query,passage,target\n一,对,甲\n'));
    expect(rows).toEqual([{ anchor: '一', positive: '对' }]);
    expect(report).toEqual([[2, 'columns-unused', 'target', '']]);
  });

  it('may be the third item of a list as true or false', async () => {
    const { rows, report } = await read('pairs', file('a.jsonl', '["问","答",true]\n["问","错",false]\n'));
    expect(rows).toEqual([{ anchor: '问', positive: '答' }]);
    expect(report).toEqual([[2, 'not-positive', 'score', '0']]);
  });
});

describe('a value beside another one for the same field', () => {
  it.each<[DataRole, string]>([
    ['knowledgeBase', json({ text: '', content: '甲' }, { text: '乙', content: '丙' })],
    ['pairs', json({ query: '一', response: '甲' }, { query: '二', answer: '乙', response: '丙' })],
    ['knowledgeBase', json({ text: '甲', 分类: '病' }, { text: '乙', topic: '料', 分类: '丙' })],
  ])('is reported for %s', async (role, text) => {
    const { report } = await read(role, file('a.jsonl', text));
    expect(report).toHaveLength(1);
    expect(report[0]?.slice(0, 2)).toEqual([2, 'values-unused']);
    expect(report[0]?.[3]).toBe('1');
  });

  it('is unused in the recognised columns and in the report, also if a column is found by its values', async () => {
    const { recognised } = await read('pairs', file('a.csv', 'query,answer,response\n一,甲,乙\n'));
    expect(recognised[0]?.mapping.map(({ column }) => column)).toEqual(['query', 'answer']);
    const base = file('kb.jsonl', json({ id: 'A-1', text: '甲' }, { id: 'A-2', text: '乙' }));
    const questions = file('q.jsonl', json({ query: '一', question: '二', 出自: 'A-1' }, { query: '三', 出自: 'A-2' }));
    const found = await read('questions', questions, base);
    expect(found.report).toEqual([[1, 'columns-unused', 'question', '']]);
    expect(found.recognised[0]?.mapping.map(({ column }) => column)).toEqual(['query', '出自']);
  });
});

describe('a file of several sections', () => {
  const bundle = {
    queries: { q1: '一', q2: '二' },
    corpus: { n1: '甲', n2: { title: '无' }, n3: '丙' },
    relevant_docs: { q1: ['n1', 'n2', { id: 'n3' }], q2: { n1: 0, n3: 1, n2: 'high' } },
  };
  const twice = { q1: ['n1', 'n2'], q2: ['n2', 'n3'] };

  it('has relevant passages without text and judgements that cannot be read reported', async () => {
    const { rows, report } = await read('pairs', file('a.json', JSON.stringify(bundle)));
    expect(rows).toEqual([
      { anchor: '一', positive: '甲' },
      { anchor: '二', positive: '丙' },
    ]);
    expect(report).toEqual([
      [1, 'passage-empty', 'n2', ''],
      [1, 'not-a-text', 'relevant_docs', ''],
      [1, 'not-a-number', 'relevant_docs', 'high'],
      [1, 'judged-irrelevant', '1', ''],
    ]);
  });

  it('has a passage without text reported once for all questions', async () => {
    const { report } = await read('pairs', file('a.json', JSON.stringify({ ...bundle, relevant_docs: twice })));
    expect(report).toEqual([[1, 'passage-empty', 'n2', '']]);
  });

  it('has 500,000 judgements that cannot be read reported', () => {
    const relevant = { q1: Array.from({ length: 500_000 }, () => null) };
    expect(bundleFaults('pairs', { ...bundle, relevant_docs: relevant })).toHaveLength(500_000);
  });

  it('has passages without text reported by id', async () => {
    const { rows, report } = await read('knowledgeBase', file('a.json', JSON.stringify(bundle)));
    expect(rows).toEqual([{ text: '甲' }, { text: '丙' }]);
    expect(report).toEqual([[1, 'passage-empty', 'n2', '']]);
  });
});

describe('a file that ends inside a character', () => {
  const cut = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text).slice(0, -1);

  it('loses the row with that character only, and its headings without text are still counted', async () => {
    const { rows, report } = await read('knowledgeBase', file('a.md', cut('# 空\n\n# 二\n\n第一段\n\n最后一段')));
    expect(rows).toEqual([{ text: '第一段', title: '二' }]);
    expect(report).toEqual([
      [7, 'file-cut', '', ''],
      [1, 'headings-unused', '1', ''],
    ]);
  });

  it('in a heading keeps the paragraph before it', async () => {
    const { rows, report } = await read('knowledgeBase', file('a.md', cut('# 一\n\n第一段\n# 二')));
    expect(rows).toEqual([{ text: '第一段', title: '一' }]);
    expect(report.map(([, fault]) => fault)).toEqual(['headings-unused', 'file-cut']);
  });
});

// In quadratic time, each of these would take minutes.
describe('time is linear', () => {
  const spaces = ' '.repeat(2_000_000);

  it.each<[string, () => unknown]>([
    ['a label with 2,000,000 spaces', () => scoreIn(`a${spaces}b`)],
    ['a heading with 2,000,000 spaces', () => formatReader('markdown', 'a.md').push(`# a${spaces}b\n`)],
    ['a line of 16 MB of asterisks', () => formatReader('markdown', 'a.md').push(`${'*'.repeat(16_000_000)}a\n`)],
    ['a number of 2,000,000 digits', () => shownNumber(1e9, '#,##0', '1'.repeat(2_000_000))],
    [
      'a first CSV line of 16 MB',
      () => {
        const reader = new CsvReader();
        for (let i = 0; i < 16_384; i++) reader.push('x'.repeat(1024));
        return reader.end();
      },
    ],
  ])('for %s', (_, work) => {
    expect(work).not.toThrow();
  });

  it('and a percentage is still a score', () => {
    expect(['50 %', '7％', '%', ' %', 'a%'].map(scoreIn)).toEqual([0.5, 0.07, null, null, null]);
  });
});

describe('a set of one text', () => {
  it('alone in a file is the reason why the file is refused', async () => {
    expect(await refused('pairs', file('a.jsonl', json({ set: ['孤'] })))).toMatchObject({ fault: 'set-too-short' });
  });
});
