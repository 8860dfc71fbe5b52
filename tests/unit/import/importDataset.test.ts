import { existsSync, readFileSync } from 'node:fs';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { literalValue } from '../../../src/domain/import/literal';
import { importDataset } from '../../../workers/services/import/importDataset';
import { file, fresh, imported, json, refused } from './importFiles';

describe('importing a file', () => {
  it.each([
    [{ anchor: '问', positive: '答' }],
    [{ text: '问', positive_text: '答' }],
    [{ text: '问', text_pos: '答' }],
    [{ query: '问', pos: '答' }],
    [{ query: '问', positive: '答' }],
    [{ question: '问', answer: '答' }],
    [{ instruction: '问', output: '答' }],
    [{ instruction: '问', input: '', output: '答' }],
    [{ instruction: '问', input: ' ', output: '答' }],
    [{ sentence1: '问', sentence2: '答' }],
    [{ Question: '问', Answer: '答' }],
    [{ 问题: '问', 答案: '答' }],
  ])('makes a pair from %j', async (row) => {
    expect((await imported('pairs', file('a.jsonl', json(row)))).rows).toEqual([
      { id: 'pairs-1', anchor: '问', positive: '答' },
    ]);
  });

  it.each([
    [{ id: 'x', text: '段' }],
    [{ _id: 'x', title: '', text: '段' }],
    [{ pid: 'x', passage: '段' }],
    [{ docid: 'x', contents: '段' }],
    [{ id: ' x\t', text: '段' }],
    [{ doc_id: 'x', content: '段' }],
  ])('makes a passage from %j', async (row) => {
    expect((await imported('knowledgeBase', file('a.jsonl', json(row)))).rows).toEqual([{ id: 'x', text: '段' }]);
  });

  it.each([
    [{ qid: 'q', query: '问', relevant: ['x'] }],
    [{ id: 'q', text: '问', relevant: 'x' }],
    [{ id: 'q', text: '问', relevant: ['x', 'x', ' '] }],
    [{ _id: 'q', question: '问', relevantDocs: ['x'] }],
    [{ qid: 'q', query: '问', pid: 'x' }],
    [{ qid: 'q', query: '问', pos: ['x'], neg: ['y'] }],
    [{ id: 'q', query: '问', positive_ids: ['x'] }],
    [{ id: 'q', query: '问', passageId: 'x' }],
    [{ id: 'q', query: '问', relevant: { x: 1, y: 0 } }],
    [{ id: 'q', query: '问', positive: 'x' }],
    [{ 编号: 'q', 问题: '问', 答案编号: 'x' }],
    [{ 问题编号: 'q', 问题: '问', 段落编号: 'x' }],
  ])('makes a question from %j', async (row) => {
    expect((await imported('questions', file('a.jsonl', json(row)))).rows).toEqual([
      { id: 'q', text: '问', relevant: ['x'] },
    ]);
  });

  it('makes a question of the passages whose score is above 0', async () => {
    const rows = ['x', 'y', 'z'].map((relevant, i) => ({ id: 'q', query: '问', relevant, score: 1 - i }));
    expect((await imported('questions', file('a.jsonl', json(...rows)))).rows).toEqual([
      { id: 'q', text: '问', relevant: ['x'] },
    ]);
  });

  it.each([
    [{ text: 'a', scored_text: 'b', score: 0.5 }],
    [{ sentence1: 'a', sentence2: 'b', label: '0.5' }],
    [{ a: 'a', b: 'b', score: 0.5 }],
  ])('makes a scored pair from %j', async (row) => {
    expect((await imported('scoredPairs', file('a.jsonl', json(row)))).rows).toEqual([
      { id: 'scoredPairs-1', sentence1: 'a', sentence2: 'b', score: 0.5 },
    ]);
  });

  it('never makes a training pair from two sentences with a score', async () => {
    expect(await refused('pairs', file('s.jsonl', json({ sentence1: 'a', sentence2: 'b', score: 0 })))).toEqual({
      kind: 'import-failed',
      file: 's.jsonl',
      fault: 'scored-pairs',
    });
  });

  it('makes one pair per positive of a row, each with its own id', async () => {
    const { rows } = await imported(
      'pairs',
      file('a.jsonl', json({ id: 'r', query: '问', pos: ['一', '二'] }, { id: 'r', query: '问', pos: ['三'] })),
    );
    expect(rows.map((row) => row.positive)).toEqual(['一', '二', '三']);
    expect(new Set(rows.map((row) => row.id)).size).toBe(3);
  });

  it('appends the input of an instruction row to its instruction', async () => {
    const { rows } = await imported(
      'pairs',
      file('a.json', JSON.stringify([{ instruction: '解释', input: '断奶', output: '答' }])),
    );
    expect(rows[0]?.anchor).toBe('解释\n断奶');
  });
});

describe('a Python string', () => {
  it.each([
    ['keeps the backslash of an escape that Python does not know', String.raw`'C:\d\猪'`, 'C:\\d\\猪'],
    ['has the characters that its escapes name', String.raw`'\x41\u732a\U0001F416\'\\\n\t'`, "A猪🐖'\\\n\t"],
    ['keeps all backslashes if it is raw', String.raw`r'a\nb\d'`, 'a\\nb\\d'],
  ])('%s', (_, literal, expected) => {
    expect(literalValue(`[${literal}]`)).toEqual({ value: [expected], repeated: [], comments: 0 });
  });

  it.each([String.raw`'\x4'`, String.raw`'\xg0'`, String.raw`'\U00110000'`, String.raw`'a`, "'a\nb'"])(
    'with a broken escape or an open end is not a value: %s',
    (literal) => expect(literalValue(`[${literal}]`)).toMatchObject({ fault: 'json-broken' }),
  );
});

describe('a column name', () => {
  it('is recognised in any case, with spaces, underscores or hyphens', async () => {
    const row = { 'Passage-ID': 'p', Text: '段' };
    const { rows } = await imported('knowledgeBase', file('kb.jsonl', json(row)));
    expect(rows).toEqual([{ id: 'p', text: '段' }]);
    const pair = { 'Pair ID': 'x', Query: '问', 'positive-text': '答', hard_negatives: ['错'] };
    const pairs = await imported('pairs', file('p.jsonl', json(pair)));
    expect(pairs.rows[0]).toMatchObject({ id: 'x', anchor: '问', positive: '答' });
    expect(pairs.recognised[0]?.mapping.map(({ field }) => field)).toContain('negatives');
  });
});

describe('the same rows', () => {
  const rows = [
    { id: 'a', text: '一,"二"\n三' },
    { id: 'b', text: "it's 猪🐖" },
  ];
  const python = `[{'id': 'a', 'text': '一,"二"\\n三'},  # note\n {'id': 'b', 'text': 'it\\'s ' '猪\\U0001F416',},]`;
  const utf16 = Uint8Array.from(
    [...json(...rows)].flatMap((c) => [...c].flatMap(() => [...Buffer.from(c, 'utf16le')])),
  );
  it.each([
    ['JSONL', file('a.jsonl', json(...rows))],
    ['JSONL with BOM and CRLF', file('a.jsonl', '\ufeff', json(...rows).replace('\n', '\r\n'))],
    ['JSON', file('a.json', JSON.stringify(rows, null, 2))],
    ['JSON with the rows under a key', file('a.json', JSON.stringify({ data: rows }))],
    ['JSON lines named .json', file('a.json', json(...rows))],
    ['CSV', file('a.csv', Papa.unparse(rows))],
    ['TSV', file('a.tsv', Papa.unparse(rows, { delimiter: '\t' }))],
    ['Python literals', file('a.txt', python)],
    ['UTF-16 with a BOM', file('a.jsonl', Uint8Array.of(0xff, 0xfe), utf16)],
    ['UTF-16 without a BOM', file('a.jsonl', utf16)],
  ])('make the same data set from %s', async (_name, source) => {
    const { dataset, rejected } = await imported('knowledgeBase', source);
    const { dataset: expected } = await imported('knowledgeBase', file('x.jsonl', json(...rows)));
    expect(rejected).toEqual([]);
    expect(dataset.contentSha256).toBe(expected.contentSha256);
  });

  it('are named after the file from which they were imported last', async () => {
    const db = await fresh();
    const read = (name: string) => importDataset(db, [file(name, json(...rows))], 'knowledgeBase', () => undefined);
    const first = await read('old.jsonl');
    const { dataset } = await read('new.jsonl');
    expect(dataset).toEqual({ ...first.dataset, name: 'new.jsonl', sources: [{ path: 'new.jsonl' }] });
    expect(await db.getAll('datasets')).toEqual([dataset]);
  });

  it('make another data set if their ids differ', async () => {
    const { dataset } = await imported('knowledgeBase', file('a.jsonl', json({ id: 'a', text: '一' })));
    const { dataset: other } = await imported('knowledgeBase', file('a.jsonl', json({ id: 'b', text: '一' })));
    expect(other.contentSha256).not.toBe(dataset.contentSha256);
  });
});

describe('a TXT file', () => {
  it('becomes one passage per non-empty line, numbered in order', async () => {
    const { rows } = await imported('knowledgeBase', file('a.txt', '一\n\n二\tx\r\n'));
    expect(rows).toEqual([
      { id: 'knowledgeBase-1', text: '一' },
      { id: 'knowledgeBase-2', text: '二\tx' },
    ]);
  });

  it('becomes pairs or questions if its lines contain tabs', async () => {
    expect((await imported('pairs', file('a.txt', '问\t答'))).rows).toEqual([
      { id: 'pairs-1', anchor: '问', positive: '答' },
    ]);
    expect((await imported('questions', file('a.txt', '问\tp1;p2'))).rows).toEqual([
      { id: 'questions-1', text: '问', relevant: ['p1;p2'] },
    ]);
  });
});

const samples = new URL('../../../../shared/data/field-report-samples.txt', import.meta.url);

describe.skipIf(!existsSync(samples))("the field report's samples (skipped without ../shared)", () => {
  it('are imported as pairs from pairs and triplets, and as scored pairs in that role', async () => {
    const source = file('samples.txt', readFileSync(samples));
    const pairs = await imported('pairs', source);
    expect(pairs.format).toBe('literal');
    expect(pairs.rows).toHaveLength(4);
    expect(pairs.rows[1]).toEqual({
      id: 'pairs-2',
      anchor: '对于群养在特定地板类型的母猪，温度可以如何调整？',
      positive: '群养在水泥地板的母猪，温度可以降低4°F(2.2°C)，而在铺有干草的圈舍中的母猪，温度可以降低8°F(4.4°C)。',
    });
    expect(pairs.rejectedCount).toBe(2);
    const scored = await imported('scoredPairs', source);
    expect(scored.rows.map((row) => row.score)).toEqual([0.9, 0.8]);
  });
});

describe('a large file', () => {
  it('of 100,000 passages is imported, with the same hash from JSONL and CSV', async () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => ({
      id: `p${i}`,
      text: `第${i}段：${'母猪在产后第七天的采食量应逐日增加。'.repeat(6)}`,
    }));
    const { dataset } = await imported('knowledgeBase', file('big.jsonl', json(...rows)));
    expect(dataset.rows).toBe(100_000);
    const { dataset: csv } = await imported('knowledgeBase', file('big.csv', Papa.unparse(rows)));
    expect(csv.contentSha256).toBe(dataset.contentSha256);
  }, 60_000);
});
