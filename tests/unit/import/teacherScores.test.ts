import { describe, expect, it } from 'vitest';
import { file, imported, json } from './importFiles';

const pairsOf = (...rows: object[]) => imported('pairs', file('p.jsonl', json(...rows)));
const texts = { query: '问', pos: ['答'], neg: ['负', '误'] };

describe('the scores of a teacher in a file of pairs', () => {
  it.each([
    ['two lists, as FlagEmbedding writes them', { ...texts, pos_scores: [0.9], neg_scores: [0.2, -3] }],
    ['a label of sentence-transformers', { ...texts, label: [0.9, 0.2, -3] }],
    [
      'a score of sentence-transformers',
      { query: '问', positive: '答', negative_1: '负', negative_2: '误', score: [0.9, 0.2, -3] },
    ],
    ['texts in lists', { ...texts, pos_scores: ['0.9'], neg_scores: ['0.2', '-3'] }],
  ])('are kept with their pair, the positive first: %s', async (_what, row) => {
    const { rows, rejected } = await pairsOf(row);
    expect(rows).toEqual([
      { id: 'pairs-1', anchor: '问', positive: '答', negatives: ['负', '误'], teacherScores: [0.9, 0.2, -3] },
    ]);
    expect(rejected).toEqual([
      { file: 'p.jsonl', line: 1, fault: 'negatives-unused', field: '2' },
      { file: 'p.jsonl', line: 1, fault: 'teacher-scores-kept', field: '1' },
    ]);
  });

  it('are read from cells of a spreadsheet', async () => {
    const csv = 'query,positive,negative_1,negative_2,label\n问,答,负,误,"[0.9, 0.2, -3]"\n';
    expect((await imported('pairs', file('p.csv', csv))).rows[0]?.teacherScores).toEqual([0.9, 0.2, -3]);
  });

  it('go with each positive of a row of several', async () => {
    const row = { query: '问', pos: ['答', '复'], neg: ['负'], pos_scores: [0.9, 0.8], neg_scores: [0.2] };
    expect((await pairsOf(row)).rows.map(({ positive, teacherScores }) => [positive, teacherScores])).toEqual([
      ['答', [0.9, 0.2]],
      ['复', [0.8, 0.2]],
    ]);
  });

  it.each([
    ['teacher-scores-count', { pos_scores: [0.9], neg_scores: [0.2] }, '1', '2'],
    ['teacher-scores-count', { pos_scores: [0.9, 0.8], neg_scores: [0.2, 0.1] }, '2', '1'],
    ['teacher-scores-count', { pos_scores: [0.9] }, '0', '2'],
    ['teacher-scores-count', { neg_scores: [0.9, 0.1] }, '0', '1'],
    ['teacher-scores-count', { label: [0.9, 0.1] }, '2', '3'],
    ['not-a-number', { pos_scores: [0.9], neg_scores: ['高', 0.1] }, 'neg_scores', '高'],
    ['not-a-number', { label: [0.9, null, 0.1] }, 'label', 'null'],
    ['teacher-score-range', { pos_scores: [2e6], neg_scores: [0.2, 0.1] }, 'pos_scores', '2000000'],
  ] as const)('leave the row out, with its line, if they are wrong: %s %j', async (fault, scores, field, expected) => {
    const { rows, rejected, rejectedCount } = await pairsOf(texts, { ...texts, ...scores });
    expect([rows.length, rejectedCount]).toEqual([1, 1]);
    expect(rejected).toContainEqual({ file: 'p.jsonl', line: 2, fault, field, expected });
  });

  it('are missing from the other rows of the file, which says so with the first of them', async () => {
    const { rows, rejected } = await pairsOf({ ...texts, label: [1, 0, 0] }, texts, { query: '二', pos: ['答'] });
    expect(rows).toHaveLength(3);
    expect(rejected).toContainEqual({ file: 'p.jsonl', line: 2, fault: 'teacher-scores-missing', field: '2' });
  });

  it('are not kept for a row without negatives, whose data set keeps its hash', async () => {
    const plain = await pairsOf({ query: '问', pos: ['答'] });
    const scored = await pairsOf({ query: '问', pos: ['答'], pos_scores: [0.9] });
    expect(scored.dataset.contentSha256).toBe(plain.dataset.contentSha256);
    expect(scored.rejected).toEqual([{ file: 'p.jsonl', line: 1, fault: 'columns-unused', field: 'pos_scores' }]);
  });

  it('do not replace a label that is one number', async () => {
    const { rows, rejected } = await pairsOf({ ...texts, label: 0 }, { ...texts, label: 1 });
    expect(rows.map(({ teacherScores }) => teacherScores)).toEqual([undefined]);
    expect(rejected).toContainEqual({ file: 'p.jsonl', line: 1, fault: 'not-positive', field: 'label', expected: '0' });
  });
});
