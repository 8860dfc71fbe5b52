import { describe, expect, it } from 'vitest';
import { spreadOf, type FormFigures, type MeasuredModel, type SpeedResult } from '../../../src/domain/evaluate/speed';
import { rowsAsCsv, rowsAsText, smallestForm, speedTable } from '../../../src/domain/evaluate/speedCsv';

const form = (dimensions: number, numbers: 'float32' | 'int8', recallAt10: number): FormFigures => ({
  ...{ form: { dimensions, numbers }, recallAt10, hitRateAt1: 0.5, mrrAt10: 0.25 },
  ...{ won: 1, lost: 2, recallChange: null },
});

const model: MeasuredModel = {
  ...{ id: 'a', candidate: { kind: 'run', runId: 'r', weights: 'kept' }, name: 'stored name', dimension: 128 },
  sizes: { float32: 400, float16: 200, tokenizer: 30 },
  encoding: [{ tokens: 16, texts: 8, textsPerSecond: spreadOf([30, 10, 20]) }],
  tooLong: [],
  forms: [form(128, 'float32', 0.75), { ...form(64, 'int8', 0.5), recallChange: { low: -0.5, high: 0.125 } }],
};
const result: SpeedResult = {
  device: { backend: 'wasm', reason: 'wasm-chosen', adapter: null, threads: 2, simd: true },
  ...{ browser: 'b', build: 'c', createdAt: 1, models: [model], failures: [] },
  skipped: [{ dimension: 256, passages: 2000, neededBytes: 7, limitBytes: 6 }],
  searches: [{ dimension: 128, passages: 1000, ms: spreadOf([4, 2]), bytes: 9, pieces: 1 }],
  ...{ questions: { questions: 3, passages: 9, sha256: 'abc' }, questionsError: null, incomplete: false },
};

describe('the spread of rounds', () => {
  it('has the median, the fastest and the slowest of them', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3, rounds: 3 });
    expect(spreadOf([4, 1])).toEqual({ median: 1, low: 1, high: 4, rounds: 2 });
  });
});

describe('the smallest form that would do', () => {
  it('loses at most one point of recall@10 and of hit rate@1, and has the fewest bytes', () => {
    const whole = form(256, 'float32', 0.9);
    const forms = [whole, form(256, 'int8', 0.9), form(128, 'int8', 0.89), form(64, 'int8', 0.88)];
    expect(smallestForm(forms)?.form).toEqual({ dimensions: 128, numbers: 'int8' });
    expect(smallestForm([whole, form(64, 'int8', 0.95)])?.form.dimensions).toBe(64);
    expect(smallestForm([whole, { ...form(64, 'int8', 0.95), hitRateAt1: 0.4 }])).toBeNull();
  });

  it('is none if all lose more, or if nothing was measured', () => {
    expect(smallestForm([form(256, 'float32', 0.9), form(256, 'int8', 0.88)])).toBeNull();
    expect(smallestForm([])).toBeNull();
  });
});

describe('the table of a measurement', () => {
  const named = new Map([['a', { name: '=named', detail: 'step 3,\n4' }]]);

  it('has a row for each figure, with tokens per second as the product of texts and their length', () => {
    const [head, ...rows] = speedTable(result, named);
    expect(head?.length).toBe(11);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([11]));
    const of = (figure: string) =>
      rows
        .filter(([first]) => first === figure)
        .map((row) => row.slice(3, row.findLastIndex((cell) => cell !== null) + 1));
    expect(of('texts_per_second')).toEqual([[16, null, null, null, 20, 10, 30, 3]]);
    expect(of('tokens_per_second')).toEqual([[16, null, null, null, 320, 160, 480, 3]]);
    expect(of('download_bytes').map(([, , , numbers, bytes]) => [numbers, bytes])).toEqual([
      ['float32', 430],
      ['float16', 230],
    ]);
    expect(of('vector_bytes')).toEqual([
      [null, null, 128, 'float32', 512],
      [null, null, 64, 'int8', 64],
    ]);
    expect(of('lost_at_1')[0]).toEqual([null, null, 128, 'float32', 2]);
    expect(of('recall_at_10_change')).toEqual([[null, null, 64, 'int8', -0.25, -0.5, 0.125]]);
    expect(of('search_bytes')).toEqual([[null, 1000, 128, 'float32', 9]]);
    expect(of('search_pieces')).toEqual([[null, 1000, 128, 'float32', 1]]);
    expect(of('skipped_search_bytes')).toEqual([[null, 2000, 256, 'float32', 7]]);
    expect(of('data_sha256')).toEqual([[null, null, null, null, 'abc']]);
    expect(of('measured_at')).toEqual([[null, null, null, null, '1970-01-01T00:00:00.001Z']]);
    expect(of('search_ms')).toEqual([[null, 1000, 128, 'float32', 2, 2, 4, 2]]);
  });

  it('keeps the name that a deleted model had when it was measured', () => {
    expect(speedTable(result, new Map())[1]?.[1]).toBe('stored name');
  });

  it('guards names that look like formulas, in the file and in the text to copy', () => {
    const rows = speedTable(result, named);
    expect(rowsAsCsv(rows).split('\r\n')[1]).toMatch(/^texts_per_second,'=named,"step 3,/);
    const [, line = ''] = rowsAsText(rows).split('\n');
    expect(line.split('\t').slice(0, 3)).toEqual(['texts_per_second', "'=named", '"step 3, 4"']);
    expect(rowsAsText(rows).split('\n')).toHaveLength(rows.length);
  });
});
