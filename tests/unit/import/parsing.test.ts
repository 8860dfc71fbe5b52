import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { literalRecords } from '../../../src/domain/import/literalRecords';
import { RowCollector } from '../../../src/domain/import/rowCollector';
import { CsvReader } from '../../../src/domain/import/csv';
import { jsonlReader } from '../../../src/domain/import/lineReaders';
import type { DataRole } from '../../../src/domain/records';
import { largestBatch } from '../../../src/domain/train/batchList';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importBatchList } from '../../../workers/services/import/importBatchList';
import { importDataset } from '../../../workers/services/import/importDataset';
import { storedPassages } from '../../../workers/services/import/storedPassages';

let databases = 0;
const fresh = () => openDatabase(`parsing-${databases++}`);
const file = (name: string, ...content: BlobPart[]): File => new File(content, name);
const ignore = (): void => undefined;
const json = (...rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

async function imported<R extends DataRole>(role: R, source: File, knowledgeBase?: File) {
  const db = await fresh();
  const stored = knowledgeBase && (await importDataset(db, [knowledgeBase], 'knowledgeBase', ignore)).dataset;
  const options = stored ? { passages: await storedPassages(db, stored.contentSha256) } : {};
  const report = await importDataset(db, [source], role, ignore, options);
  return { ...report, rows: await readRows(db, role, report.dataset.contentSha256) };
}

describe('a CSV row', () => {
  it('with more cells than the header is reported in English and Chinese, not cut', async () => {
    const { rows, rejected } = await imported(
      'pairs',
      file('p.csv', 'id,query,answer\n1,How much feed, and when?,Twice a day\n2,问,答\n3,问,"两次,三次",,\n'),
    );
    expect(rows.map((row) => row.positive)).toEqual(['答', '两次,三次']);
    expect(rejected).toEqual([{ file: 'p.csv', line: 2, fault: 'more-cells', field: '4', expected: '3' }]);
  });

  it('in a file with one column is one text, including its commas and quotes', async () => {
    const source = 'text\n喂两次, 早晚各一次; 断奶\n"引用" 后面, 还有\n"带引号, 逗号"\r\n"两\n行"\n';
    const { rows, rejected } = await imported('knowledgeBase', file('kb.csv', source));
    expect(rows.map((row) => row.text)).toEqual([
      '喂两次, 早晚各一次; 断奶',
      '"引用" 后面, 还有',
      '带引号, 逗号',
      '两\n行',
    ]);
    expect(rejected).toEqual([]);
  });

  it('of more than a million characters is reported once, and the rows after it are read', () => {
    const reader = new CsvReader();
    const records = reader.push('query,answer\n问,');
    for (let i = 0; i < 30; i++) records.push(...reader.push('x'.repeat(65_536)));
    records.push(...reader.push('\n问二,答\n'), ...reader.end());
    expect(records).toEqual([
      { line: 2, fault: 'csv-broken' },
      { line: 3, value: { query: '问二', answer: '答' } },
    ]);
  });

  it('may have spaces around its quoted cells', async () => {
    const { rows, rejected } = await imported('pairs', file('p.csv', 'query, positive\n"甲, 乙" , "丙, 丁" \n'));
    expect(rows).toEqual([{ id: 'pairs-1', anchor: '甲, 乙', positive: '丙, 丁' }]);
    expect(rejected).toEqual([]);
  });
});

describe('a reference to a passage', () => {
  const numbered = file(
    'kb.jsonl',
    json(...Array.from({ length: 300 }, (_, i) => ({ id: String(i + 1), text: `每天饲喂 ${i + 1} 次。` }))),
  );

  it('that is not found is unknown as a whole, even if a piece of it is an id', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ query: `问${i}`, answer: `每天饲喂 ${i + 1} 次` }));
    const source = file('q.jsonl', json(...rows, { query: '对', answer: '每天饲喂 7 次。' }));
    const { rows: kept, rejected, rejectedCount } = await imported('questions', source, numbered);
    expect(kept.map((row) => row.relevant)).toEqual([['7']]);
    expect(rejectedCount).toBe(100);
    expect(rejected[1]).toEqual({ file: 'q.jsonl', line: 2, fault: 'unknown-passage', field: '每天饲喂 2 次' });
  });

  it('may be a list of ids in one cell, but not if one of them is unknown', async () => {
    const source = file('q.jsonl', json({ query: '一', pid: '1; 2' }, { query: '二', pid: '1; 999' }));
    const { rows, rejected } = await imported('questions', source, numbered);
    expect(rows.map((row) => row.relevant)).toEqual([['1', '2']]);
    expect(rejected).toEqual([{ file: 'q.jsonl', line: 2, fault: 'unknown-passage', field: '1; 999' }]);
  });

  it('as pandas writes it, 1.0, finds passage 1', async () => {
    const { rows } = await imported('questions', file('q.csv', 'query,pid\n问,1.0\n'), numbered);
    expect(rows[0]?.relevant).toEqual(['1']);
  });
});

describe('an integer beyond 2^53', () => {
  const ids = ['653247040368672768', '653247040368672769'];
  it.each([
    ['JSONL', 'kb.jsonl', ids.map((id) => `{"id":${id},"text":"段${id}"}`).join('\n')],
    ['JSON', 'kb.json', `[${ids.map((id) => `{"id":${id},"text":"段${id}"}`).join(',\n')}]`],
  ])('keeps its digits as an id in %s', async (_name, name, content) => {
    const knowledgeBase = file(name, content);
    expect((await imported('knowledgeBase', knowledgeBase)).rows.map((row) => row.id)).toEqual(ids);
    const question = file('q.jsonl', `{"query":"问","relevant":[${ids[1]}]}`);
    expect((await imported('questions', question, knowledgeBase)).rows[0]?.relevant).toEqual([ids[1]]);
  });
});

describe('the content of a JSONL line', () => {
  it('is read even with Python quotes and trailing commas', async () => {
    const source = file('p.jsonl', `{'query': '问一', 'pos': ['答']}\n{"query":"问二","pos":["答"]},\n`);
    expect((await imported('pairs', source)).rows.map((row) => row.anchor)).toEqual(['问一', '问二']);
  });

  it('nested too deeply in Python quotes is reported, too', async () => {
    const deep = `{'query': '问', 'pos': ${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const source = file('p.jsonl', `{"query":"一","pos":"答"}\n${deep}\n{"query":"二","pos":"答"}`);
    const { rows, rejected } = await imported('pairs', source);
    expect(rejected).toEqual([{ file: 'p.jsonl', line: 2, fault: 'too-deep' }]);
    expect(rows.map(({ anchor }) => anchor)).toEqual(['一', '二']);
  });

  it('nested too deeply is reported, and the rows around it are kept', async () => {
    const deep = `{"query":"问","pos":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    for (const role of ['pairs', 'knowledgeBase', 'questions'] as const) {
      const row = (text: string) =>
        role === 'knowledgeBase' ? `{"text":"${text}"}` : `{"query":"${text}","pos":"答"}`;
      const source = file('p.jsonl', `${row('一')}\n${deep}\n${row('二')}`);
      const { dataset, rejected } = await imported(role, source);
      expect(rejected).toEqual([{ file: 'p.jsonl', line: 2, fault: 'too-deep' }]);
      expect(dataset.rows).toBe(2);
    }
  });
});

describe('large data', () => {
  it('of 200,000 rows under a key is imported', async () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => `{"query":"问${i}","pos":"答"}`);
    const { dataset } = await imported('pairs', file('p.json', `{"data":[${rows.join(',')}]}`));
    expect(dataset.rows).toBe(200_000);
  }, 120_000);

  // A function call takes about 120,000 arguments on the page and more than 500,000 in the threads of these tests.
  it('of 600,000 rows under a key becomes as many records', () => {
    expect(literalRecords(`{"data":[${'{},'.repeat(600_000)}]}`, 'json')).toHaveLength(600_000);
  }, 60_000);

  it('in a batch list of 600,000 steps does not hide the largest batch', () => {
    const steps = new Array<number[]>(600_000).fill([0, 1]);
    expect(largestBatch(steps.concat([[0, 1, 2]]))).toBe(3);
  });

  it('in a batch list of 150,000 steps is imported', async () => {
    const source = file('b.json', `[${Array.from({ length: 150_000 }, () => '[0,1]').join(',')}]`);
    expect(await importBatchList(await fresh(), source)).toMatchObject({ steps: 150_000, batchSize: 2 });
  }, 60_000);

  it.each([2000, 4000])('of %i pairs with one id gets unique ids, each after at most three look-ups', (rows) => {
    const collector = new RowCollector('pairs');
    const ids: string[] = [];
    const has = vi.spyOn(Set.prototype, 'has');
    for (let i = 0; i < rows / 2; i++) {
      const result = collector.rowsOf({ id: 'r', query: '问', pos: ['一', '二'] });
      if ('rows' in result) for (const row of result.rows) ids.push(row.id);
    }
    const lookUps = has.mock.calls.filter(([value]) => /^r(?:\.\d+)?$/.test(String(value))).length;
    has.mockRestore();
    expect(new Set(ids).size).toBe(rows);
    expect(lookUps).toBeLessThanOrEqual(3 * rows);
  });

  it('of one line of 16 MB is read in pieces', () => {
    const reader = jsonlReader();
    const piece = 'x'.repeat(1024);
    reader.push('{"text":"');
    for (let i = 0; i < 16_384; i++) reader.push(piece);
    const records = reader.push('"}\r');
    records.push(...reader.push('\n{"text":"y"}'), ...reader.end());
    expect(records.map((record) => record.line)).toEqual([1, 2]);
  });
});
