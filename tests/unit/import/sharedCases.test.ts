import 'fake-indexeddb/auto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DataRole } from '../../../src/domain/records';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset } from '../../../workers/services/import/importDataset';
import { storedPassages } from '../../../workers/services/import/storedPassages';

const folder = new URL('../../../../shared/cases/files/', import.meta.url);
const source = (name: string): File => new File([readFileSync(new URL(name, folder))], name);
let databases = 0;

/** Imports files of the folder and returns the rows without their ids, and the faults with their lines. */
async function read<R extends DataRole>(role: R, names: string[], knowledgeBase?: string) {
  const db = await openDatabase(`shared-cases-${databases++}`);
  const ignore = (): void => undefined;
  const stored = knowledgeBase && (await importDataset(db, [source(knowledgeBase)], 'knowledgeBase', ignore)).dataset;
  const options = stored ? { passages: await storedPassages(db, stored.contentSha256) } : {};
  const report = await importDataset(db, names.map(source), role, ignore, options);
  const rows = await readRows(db, role, report.dataset.contentSha256);
  return { rows, encoding: report.encoding, faults: report.rejected.map(({ line, fault }) => [line, fault]) };
}

describe.skipIf(!existsSync(folder))('real-world data files (skipped without ../shared/cases)', () => {
  it.each([
    ['01a-swift-messages.jsonl', 1, [[1, 'negatives-unused']]],
    ['01b-swift-query-response.jsonl', 1, [[1, 'negatives-unused']]],
    ['10-label-0-1.csv', 1, [[3, 'not-positive']]],
    ['11a-arrays.jsonl', 2, [[2, 'negatives-unused']]],
    ['11b-nested.json', 2, []],
    ['11c-set.jsonl', 4, [[2, 'negatives-unused']]],
    ['15b-space-quote.csv', 1, []],
    ['16-Q-A.json', 1, []],
    ['16-q-pos.jsonl', 1, []],
    ['30a-single-quotes.jsonl', 1, []],
    ['30c-trailing-commas.jsonl', 1, []],
  ])('%s makes %i pairs, with its report', async (name, count, faults) => {
    const result = await read('pairs', [name]);
    expect(result.rows).toHaveLength(count);
    expect(result.faults).toEqual(faults);
  });

  it.each([
    ['15a-unquoted-comma.csv', 'more-cells', 2],
    ['17a-nan.csv', 'text-empty', 2],
  ])('%s, which has only bad rows, is refused with the first of them', async (name, fault, line) => {
    const error: unknown = await read('pairs', [name]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ details: { kind: 'import-failed', file: name, fault, line } });
  });

  it('03 fills knowledge base, questions and pairs', async () => {
    const name = '03-llamaindex-qa.json';
    expect((await read('knowledgeBase', [name])).rows).toHaveLength(2);
    expect((await read('questions', [name])).rows[0]?.relevant).toEqual(['n1']);
    expect((await read('pairs', [name])).rows[0]?.positive).toMatch(/^通常/);
  });

  it('04 joins passages, questions and judgements', async () => {
    const all = ['04-corpus.jsonl', '04-queries.jsonl', '04-qrels.tsv'];
    const result = await read('questions', all, '04-corpus.jsonl');
    expect(result.rows.map((row) => row.relevant)).toEqual([['d1']]);
    expect(result.faults).toContainEqual([4, 'reference-ignored']);
  });

  it('14a keeps all rows but the cut one, which is reported', async () => {
    const cut = await read('knowledgeBase', ['14a-cut-mid-character.txt']);
    const lines = readFileSync(new URL('14a-cut-mid-character.txt', folder), 'utf8').trimEnd().split('\n').length;
    expect([cut.encoding, cut.rows.length]).toEqual(['utf-8', lines - 1]);
    expect(cut.faults).toEqual([[lines, 'file-cut']]);
  });

  it('14b is recognised as Big5', async () => {
    const big5 = await read('knowledgeBase', ['14b-big5.txt']);
    expect(big5.encoding).toBe('big5');
    expect(big5.rows[0]?.text).toMatch(/^母豬/);
  });

  it('of FlagEmbedding keep their negatives, which are counted as not used yet', async () => {
    const db = await openDatabase(`shared-cases-${databases++}`);
    const file = new File(['{"query":"问","pos":["答"],"neg":["负"]}'], 'a.jsonl');
    const { rejected, dataset } = await importDataset(db, [file], 'pairs', () => undefined);
    expect(await readRows(db, 'pairs', dataset.contentSha256)).toMatchObject([{ negatives: ['负'] }]);
    expect(rejected).toMatchObject([{ line: 1, fault: 'negatives-unused', field: '1' }]);
  });

  it('25 becomes a pair with every character beyond the BMP', async () => {
    const [pair] = (await read('pairs', ['25-rare-han.jsonl'])).rows;
    expect([pair?.anchor, pair?.positive]).toEqual(['𬭊3号与𫠝𬺈', '李𬭎𬱖']);
  });

  it('18 keeps the digits of long ids, and finds passage 1 by 1.0', async () => {
    const { rows } = await read('questions', ['18-questions.jsonl'], '18-snowflake.jsonl');
    expect(rows[0]?.relevant).toEqual(['653247040368672769']);
    expect((await read('questions', ['18-float-ids.csv'])).rows[0]?.relevant).toEqual(['1.0']);
  });

  it('19 has NUL replaced by spaces, and reports it', async () => {
    const nul = await read('knowledgeBase', ['19-nul.txt']);
    expect(nul.faults).toEqual([[1, 'control-replaced']]);
    expect(nul.rows.some((row) => row.text.includes('\0'))).toBe(false);
  });

  it('27 merges the rows of one question, and the score decides which passages are relevant', async () => {
    expect((await read('questions', ['27-same-question.csv'])).rows.map((row) => row.relevant)).toEqual([['d1', 'd3']]);
  });

  it('28 reports the second of two equal ids', async () => {
    expect((await read('questions', ['28-dup-qid.csv'])).faults).toEqual([[3, 'duplicate-id']]);
  });
});
