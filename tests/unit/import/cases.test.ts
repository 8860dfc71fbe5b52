import 'fake-indexeddb/auto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import type { DataRole } from '../../../src/domain/records';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset, storedPassages } from '../../../workers/services/import/importDataset';

let databases = 0;
const file = (name: string, ...content: BlobPart[]): File => new File(content, name);
const ignore = (): void => undefined;
const json = (...rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

async function imported<R extends DataRole>(role: R, sources: File | File[], knowledgeBase?: File) {
  const db = await openDatabase(`cases-${databases++}`);
  const stored = knowledgeBase && (await importDataset(db, [knowledgeBase], 'knowledgeBase', ignore)).dataset;
  const options = stored ? { passages: await storedPassages(db, stored.contentSha256) } : {};
  const report = await importDataset(db, [sources].flat(), role, ignore, options);
  return { ...report, rows: await readRows(db, role, report.dataset.contentSha256) };
}
async function refused(role: DataRole, ...sources: File[]): Promise<unknown> {
  const thrown: unknown = await imported(role, sources).catch((error: unknown) => error);
  return thrown instanceof AppError ? thrown.details : thrown;
}

describe('short column names', () => {
  it.each([
    [{ Q: '你是谁', A: '小明' }],
    [{ q: '你是谁', a: '小明' }],
    [{ q: '你是谁', pos: ['小明'], neg: [] }],
    [{ query: '你是谁', response: '小明' }],
    [{ 问: '你是谁', 答: '小明' }],
  ])('are read as a pair, as a question and its passage: %j', async (row) => {
    const source = file('a.json', JSON.stringify([row]));
    expect((await imported('pairs', source)).rows).toEqual([{ id: 'pairs-1', anchor: '你是谁', positive: '小明' }]);
    expect((await imported('questions', source)).rows[0]?.relevant).toEqual(['小明']);
  });
});

describe('empty words', () => {
  it('nan, NaN, None and null are empty cells, so their rows are reported', async () => {
    const source = file('p.csv', 'query,positive\n一,nan\n二,NaN\n三,None\n四,null\n五,答\n');
    const { rows, rejected } = await imported('pairs', source);
    expect(rows.map((row) => row.anchor)).toEqual(['五']);
    expect(rejected.map(({ line, fault, field }) => [line, fault, field])).toEqual(
      [2, 3, 4, 5].map((line) => [line, 'text-empty', 'positive']),
    );
  });
});

describe('control characters', () => {
  it('of a UTF-8 file become spaces, and the number of rows is reported', async () => {
    const text = Array.from({ length: 40 }, (_, i) => (i % 2 ? '段落二很长很长' : '段落一\0尾')).join('\n');
    const { rows, rejected, encoding, noteCount } = await imported('knowledgeBase', file('kb.txt', text));
    expect(encoding).toBe('utf-8');
    expect(rows).toHaveLength(40);
    expect(rows[0]?.text).toBe('段落一 尾');
    expect(rejected).toEqual([{ file: 'kb.txt', line: 1, fault: 'control-replaced', field: '20' }]);
    expect(noteCount).toBe(1);
  });
});

describe('an id that occurs twice', () => {
  it('is reported if the questions differ', async () => {
    const { rows, rejected } = await imported('questions', file('q.csv', 'id,query,pid\n44,问一,d1\n44,问二,d2\n'));
    expect(rows).toEqual([{ id: '44', text: '问一', relevant: ['d1'] }]);
    expect(rejected).toEqual([{ file: 'q.csv', line: 3, fault: 'duplicate-id', field: '44' }]);
  });
});

describe('rows of one question', () => {
  it('are merged, and the score decides which passages are relevant', async () => {
    const source = file('q.csv', 'query,pid,score\n喂多少,d1,1\n喂多少,d2,0\n喂多少,d3,1\n别的,d4,0\n');
    const { rows, rejected, rejectedCount } = await imported('questions', source);
    expect(rows).toEqual([{ id: 'questions-1', text: '喂多少', relevant: ['d1', 'd3'] }]);
    expect(rejected.map(({ line, fault, field }) => [line, fault, field])).toEqual([
      [3, 'questions-merged', 'questions-1'],
      [4, 'questions-merged', 'questions-1'],
      [3, 'judged-irrelevant', '2'],
      [5, 'relevant-missing', 'relevant'],
    ]);
    expect(rejectedCount).toBe(1);
  });
});

describe('encodings', () => {
  const line = '母猪妊娠期的饲喂量应根据体况进行调整。\n';
  const bytes = new TextEncoder().encode(line.repeat(5));

  it('a file cut inside its last character keeps all other rows', async () => {
    const { rows, rejected, encoding } = await imported('knowledgeBase', file('kb.txt', bytes.slice(0, -5)));
    expect(encoding).toBe('utf-8');
    expect(rows).toHaveLength(4);
    expect(rejected).toEqual([{ file: 'kb.txt', line: 5, fault: 'file-cut' }]);
  });

  it('a stray byte is replaced and reported by its line', async () => {
    const { rows, rejected, rejectedCount } = await imported(
      'knowledgeBase',
      file('kb.txt', line, '保温', Uint8Array.of(0xff), '很要紧\n', line),
    );
    expect(rows.map((row) => row.text)).toContain('保温\ufffd很要紧');
    expect(rejected).toEqual([{ file: 'kb.txt', line: 2, fault: 'bytes-replaced' }]);
    expect(rejectedCount).toBe(0);
  });

  it('Big5 is told from GB18030', async () => {
    // 母豬妊娠期的飼料應該調整。 in Big5.
    const hex = 'a5c0bddea7b4ae57b4c1aabab97daeC6c0b3b8d3bdd5bee3a143';
    const big5 = Uint8Array.from(Buffer.from(hex, 'hex'));
    const { rows, encoding } = await imported('knowledgeBase', file('kb.txt', big5));
    expect(encoding).toBe('big5');
    expect(rows[0]?.text).toBe(new TextDecoder('big5').decode(big5));
  });

  it('a gzip file is opened, and a damaged one is refused', async () => {
    const packed = new Uint8Array(gzipSync(json({ query: '问', pos: '答' })));
    expect((await imported('pairs', file('p.jsonl.gz', packed))).rows).toHaveLength(1);
    expect(await refused('pairs', file('p.jsonl.gz', packed.slice(0, -9)))).toMatchObject({ fault: 'gzip-broken' });
  });
});

describe('negatives', () => {
  it('are stored with their pairs and counted once per file, because training does not use them', async () => {
    const source = file('p.jsonl', json({ query: '一', pos: ['答'] }, { query: '二', pos: ['答'], neg: ['负', '误'] }));
    const { rows, rejected } = await imported('pairs', source);
    expect(rows).toEqual([
      { id: 'pairs-1', anchor: '一', positive: '答' },
      { id: 'pairs-2', anchor: '二', positive: '答', negatives: ['负', '误'] },
    ]);
    expect(rejected).toEqual([{ file: 'p.jsonl', line: 2, fault: 'negatives-unused', field: '2' }]);
  });

  it('are collected from columns with numbers and from lists in CSV cells', async () => {
    const csv = `query,positive,negative_1,negative_2\n问,答,负,"[""误"", ""错""]"\n`;
    expect((await imported('pairs', file('p.csv', csv))).rows[0]?.negatives).toEqual(['负', '误', '错']);
  });
});

describe('a label or score among pairs', () => {
  it('of 0 is never a positive, and the row is reported', async () => {
    const source = file('p.csv', 'query,passage,label\n喂多少,两公斤,1\n喂多少,温度,0\n喂多少,三公斤,0.4\n');
    const { rows, rejected } = await imported('pairs', source);
    expect(rows.map((row) => row.positive)).toEqual(['两公斤', '三公斤']);
    expect(rejected).toEqual([
      { file: 'p.csv', line: 3, fault: 'not-positive', field: 'label', expected: '0' },
      { file: 'p.csv', line: 4, fault: 'score-unused', field: '1' },
    ]);
  });

  it('as the third cell of a tab-separated line decides as well', async () => {
    const { rows, rejectedCount } = await imported('pairs', file('p.txt', '一\t答\t1\n二\t答\t0\n三\t答\t负\n'));
    expect(rows.map((row) => [row.anchor, row.negatives])).toEqual([
      ['一', undefined],
      ['三', ['负']],
    ]);
    expect(rejectedCount).toBe(1);
  });
});

describe('lists as rows', () => {
  const expected = [
    { id: 'pairs-1', anchor: '问一', positive: '答一' },
    { id: 'pairs-2', anchor: '问二', positive: '答二', negatives: ['负二'] },
  ];
  it.each([
    ['a list per line', 'a.jsonl', '["问一","答一"]\n["问二","答二","负二"]\n'],
    ['a list of lists', 'a.json', '[["问一","答一"],["问二","答二","负二"]]'],
    ['a list of lists named .jsonl', 'a.jsonl', '[["问一","答一"],["问二","答二","负二"]]'],
  ])('%s becomes pairs, and further texts are negatives', async (_name, name, content) => {
    expect((await imported('pairs', file(name, content))).rows).toEqual(expected);
  });

  it('a set gives its pairs, or its row', async () => {
    const source = file(
      's.jsonl',
      json({ set: ['一', '二', '三'] }, { set: { query: '问', pos: ['答'], neg: ['负'] } }),
    );
    const { rows } = await imported('pairs', source);
    expect(rows.map(({ anchor, positive }) => [anchor, positive])).toEqual([
      ['一', '二'],
      ['一', '三'],
      ['二', '三'],
      ['问', '答'],
    ]);
  });
});

describe('rows of ms-swift', () => {
  const user = (content: string) => ({ role: 'user', content });
  const row = {
    messages: [user('早的问题'), user('喂多少')],
    positive_messages: [[user('两公斤')]],
    negative_messages: [[user('温度')]],
  };

  it('take the last message of the user and the texts of the other conversations', async () => {
    const { rows, rejected } = await imported('pairs', file('a.jsonl', json(row)));
    expect(rows).toEqual([{ id: 'pairs-1', anchor: '喂多少', positive: '两公斤', negatives: ['温度'] }]);
    expect(rejected.map(({ fault, field }) => [fault, field])).toEqual([
      ['messages-unused', '1'],
      ['negatives-unused', '1'],
    ]);
  });

  it('with a label are scored pairs', async () => {
    const { negative_messages: _, ...labelled } = { ...row, label: 0.5 };
    expect((await imported('scoredPairs', file('a.jsonl', json(labelled)))).rows).toEqual([
      { id: 'scoredPairs-1', sentence1: '喂多少', sentence2: '两公斤', score: 0.5 },
    ]);
  });

  it('with a rejected response have negatives', async () => {
    const source = file('a.jsonl', json({ query: '喂多少', response: '两公斤', rejected_response: ['温度'] }));
    expect((await imported('pairs', source)).rows[0]?.negatives).toEqual(['温度']);
  });
});

describe('a reference that is neither an id nor a text', () => {
  it('is reported with its row instead of being dropped from the list', async () => {
    const source = file('q.jsonl', json({ query: '一', pos: ['d1', { id: 'd2' }] }, { query: '二', pos: ['d1'] }));
    const { rows, rejected } = await imported('questions', source);
    expect(rows.map((row) => row.text)).toEqual(['二']);
    expect(rejected).toEqual([{ file: 'q.jsonl', line: 1, fault: 'field-missing', field: 'relevant' }]);
  });
});

describe('columns that no row uses', () => {
  it('are reported once per file, by name', async () => {
    const { rejected, noteCount } = await imported(
      'pairs',
      file('p.csv', 'query,Page No,answer,来源\n问,,答,书\n问二,7,答,书\n'),
    );
    expect(rejected).toEqual([{ file: 'p.csv', line: 3, fault: 'columns-unused', field: 'Page No' }]);
    expect(noteCount).toBe(1);
  });
});

describe('one file with questions, passages and judgements', () => {
  const source = file(
    'qa.json',
    JSON.stringify({
      queries: { q1: '喂多少', q2: '几度' },
      corpus: { n1: '两公斤', n2: '二十八度' },
      relevant_docs: { q1: ['n1'], q2: ['n2', 'gone'] },
      mode: 'text',
    }),
  );

  it('fills the knowledge base, the questions and the pairs', async () => {
    expect((await imported('knowledgeBase', source)).rows).toEqual([
      { id: 'n1', text: '两公斤' },
      { id: 'n2', text: '二十八度' },
    ]);
    const questions = await imported('questions', source, source);
    expect(questions.rows).toEqual([
      { id: 'q1', text: '喂多少', relevant: ['n1'] },
      { id: 'q2', text: '几度', relevant: ['n2'] },
    ]);
    expect(questions.rejected).toEqual([{ file: 'qa.json', line: 1, fault: 'reference-ignored', field: 'gone' }]);
    const pairs = await imported('pairs', source, source);
    expect(pairs.rows.map(({ anchor, positive }) => [anchor, positive])).toEqual([
      ['喂多少', '两公斤'],
      ['几度', '二十八度'],
    ]);
    expect(pairs.rejected.map(({ fault, field }) => [fault, field])).toEqual([['unknown-passage', 'gone']]);
  });
});

describe('files of passages, questions and judgements', () => {
  const passages = file(
    'corpus.jsonl',
    json({ _id: 'd1', title: '饲喂', text: '两公斤' }, { _id: 2, text: '二十八度' }),
  );
  const questions = file(
    'queries.jsonl',
    json({ _id: 'q1', text: '喂多少', metadata: {} }, { _id: '7', text: '几度' }),
  );
  const judgements = file(
    'qrels.tsv',
    'query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\t2\t0\nq1\tgone\t1\n7\t2\t2\nq9\td1\t1\n',
  );
  const all = [passages, questions, judgements];

  it('together make questions; unknown ids are reported by the line of the judgement', async () => {
    const { rows, rejected } = await imported('questions', all, passages);
    expect(rows).toEqual([
      { id: 'q1', text: '喂多少', relevant: ['d1'] },
      { id: '7', text: '几度', relevant: ['2'] },
    ]);
    expect(rejected).toEqual([
      { file: 'qrels.tsv', line: 4, fault: 'reference-ignored', field: 'gone' },
      { file: 'qrels.tsv', line: 3, fault: 'judged-irrelevant', field: '1' },
      { file: 'corpus.jsonl', fault: 'file-unused' },
      { file: 'qrels.tsv', line: 6, fault: 'unknown-question', field: 'q9' },
    ]);
  });

  it('together make pairs and a knowledge base as well', async () => {
    const pairs = await imported('pairs', all, passages);
    expect(pairs.rows.map(({ anchor, positive }) => [anchor, positive])).toEqual([
      ['喂多少', '两公斤'],
      ['几度', '二十八度'],
    ]);
    expect((await imported('knowledgeBase', all)).rows).toEqual([
      { id: 'd1', text: '两公斤', title: '饲喂' },
      { id: '2', text: '二十八度' },
    ]);
  });
});
