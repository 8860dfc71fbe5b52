import { describe, expect, it } from 'vitest';
import { bundleFaults, isBundle, judgementFaults, unbundled } from '../../../src/domain/import/bundle';

const corpus = { p1: 'first', p2: { text: 'second', title: 't' }, p3: '' };
const queries = { q1: 'one', q2: 'two' };

describe('a file with several sections', () => {
  it('has questions with passages or judgements, or passages with pairs', () => {
    for (const value of [
      { queries, corpus },
      { questions: [{ text: 'x' }], qrels: { q1: ['p1'] } },
      { documents: [{ text: 'x' }], pairs: [{ query: 'x', answer: 'y' }] },
    ])
      expect(isBundle(value)).toBe(true);
    for (const value of [
      { queries },
      { corpus },
      { corpus, relevant: { q1: ['p1'] } },
      { queries: 'x', corpus },
      { queries: ['x'], corpus },
      { queries: null, corpus },
      { pairs: [{ query: 'x' }] },
      [{ queries, corpus }],
      null,
    ])
      expect(isBundle(value)).toBe(false);
  });

  it('has passages and questions as lists, or as objects whose keys are the ids', () => {
    const bundle = { corpus, queries: [{ id: 'q1', text: 'one' }, 'two'], relevant: { q1: ['p1'] } };
    expect(unbundled('knowledgeBase', bundle)).toEqual([
      { id: 'p1', text: 'first' },
      { id: 'p2', text: 'second', title: 't' },
    ]);
    expect(unbundled('questions', bundle)).toEqual([{ id: 'q1', text: 'one', relevant: ['p1'] }, { text: 'two' }]);
    expect(unbundled('scoredPairs', bundle)).toEqual([bundle]);
    expect(unbundled('pairs', 'a row')).toEqual(['a row']);
    expect(unbundled('knowledgeBase', { queries, qrels: { q1: 'p1' } })).toEqual([]);
  });

  it('makes a pair of each question with its relevant passages, and names those that it lacks', () => {
    const relevant = { q1: { p1: 1, p2: '2', p9: 1, p8: 0 }, q2: 'p2', q3: ['p1', 4] };
    expect(unbundled('pairs', { corpus, queries: { ...queries, q3: 'three', q4: 'four' }, relevant })).toEqual([
      { id: 'q1', text: 'one', positive: ['first', 'second'] },
      { id: 'q1', text: 'one', positiveId: ['p9'] },
      { id: 'q2', text: 'two', positive: ['second'] },
      { id: 'q3', text: 'three', positive: ['first'] },
      { id: 'q3', text: 'three', positiveId: ['4'] },
      { id: 'q4', text: 'four', positive: [] },
    ]);
    const pairs = [{ query: 'x', answer: 'y' }];
    expect(unbundled('pairs', { corpus, queries, pairs })).toEqual(pairs);
  });

  it('reads judgements also as a list, and leaves out those that it cannot read', () => {
    const qrels = [
      { qid: 'q1', pid: 'p1', score: 1 },
      { qid: 'q1', pid: 'p2', score: 'maybe' },
      { qid: 'q2', pid: 'p2' },
      'x',
    ];
    expect(unbundled('questions', { queries, qrels })).toEqual([
      { id: 'q1', text: 'one', relevant: { p1: 1 } },
      { id: 'q2', text: 'two', relevant: { p2: 1 } },
    ]);
  });
});

describe('the report on a file with several sections', () => {
  it('names sections that are not used and passages without a text', () => {
    const bundle = { corpus, queries, relevant: { q1: ['p1'] }, notes: 1, more: 2 };
    expect(bundleFaults('knowledgeBase', bundle)).toEqual([
      { fault: 'columns-unused', field: 'notes, more' },
      { fault: 'passage-empty', field: 'p3' },
    ]);
    expect(bundleFaults('questions', { corpus, queries })).toEqual([]);
    expect(bundleFaults('scoredPairs', bundle)).toEqual([]);
    expect(bundleFaults('knowledgeBase', { corpus, notes: 1 })).toEqual([]);
  });

  it('names judgements of unknown questions, and those that make no pair', () => {
    const qrels = { q1: { p1: 0, p3: 1, p2: 'x' }, q2: [{ a: 1 }, 'p3'], q9: 'p1', q8: true };
    const unknown = ['q9', 'q8'].map((field) => ({ fault: 'unknown-question', field }));
    expect(bundleFaults('pairs', { corpus, queries, qrels })).toEqual([
      { fault: 'passage-empty', field: 'p3' },
      { fault: 'not-a-number', field: 'qrels', expected: 'x' },
      { fault: 'judged-irrelevant', field: '1' },
      { fault: 'not-a-text', field: 'qrels' },
      { fault: 'not-a-text', field: 'qrels' },
      ...unknown,
    ]);
    expect(bundleFaults('questions', { corpus, queries, qrels })).toEqual(unknown);
    expect(bundleFaults('pairs', { corpus, queries, qrels, pairs: [{ query: 'x' }] })).toEqual([]);
  });

  it('names what is wrong with a judgement in a list', () => {
    expect(bundleFaults('questions', { queries, qrels: [{ qid: 'q1', pid: 'p1' }, 7] })).toEqual([
      { fault: 'no-known-columns', field: '', expected: 'query-id + corpus-id + score' },
    ]);
    expect(judgementFaults({ qid: 'q', pid: 'p', score: 0 })).toEqual([]);
    expect(judgementFaults({ qid: 'q', pid: '1.2E+17' })).toEqual([
      { fault: 'id-rounded', field: '1.2E+17', expected: 'pid' },
    ]);
    expect(judgementFaults({ qid: 'q', pid: 'p', Label: 'x' })).toEqual([
      { fault: 'not-a-number', field: 'Label', expected: 'x' },
    ]);
    expect(judgementFaults({ qid: 'q', pid: 'p', label: '' })).toEqual([{ fault: 'text-empty', field: 'label' }]);
    for (const row of [null, 'x', undefined, { qid: 'q' }])
      expect(judgementFaults(row)[0]).toMatchObject({ fault: 'no-known-columns' });
  });
});
