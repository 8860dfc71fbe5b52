import { describe, expect, it } from 'vitest';
import { ContentCounter, type FileContent } from '../../../src/domain/import/fileContent';
import { fillingsForSlot, fillingsOf, type Filling } from '../../../src/domain/import/fillings';

function contentOf(path: string, ...records: unknown[]): FileContent {
  const counter = new ContentCounter();
  for (const record of records) counter.add(record);
  return counter.content(path);
}
const found = (...files: FileContent[]) => {
  const { fillings, unused } = fillingsOf(files);
  return {
    slots: fillings.map(({ slot, files: positions, rows }) => [slot, positions, rows]),
    unused: unused.map(({ file, reason }) => [file, reason]),
  };
};
const passages = (path: string, ...ids: string[]) =>
  contentOf(path, ...ids.map((id) => ({ id, text: `text of ${id}` })));
const qrels = (path: string, ...lines: [string, string, number?][]) =>
  contentOf(
    path,
    ...lines.map(([question, passage, score]) => ({ 'query-id': question, 'corpus-id': passage, score: score ?? 1 })),
  );

describe('the content of a file', () => {
  it.each<[unknown, string]>([
    [{ text: 'x' }, 'texts'],
    ['a line', 'texts'],
    [['one'], 'texts'],
    [['question', 'answer'], 'pairs'],
    [{ query: 'q', answer: 'a' }, 'pairs'],
    [{ set: ['a', 'b'] }, 'pairs'],
    [{ query: 'q', positive_ids: ['p'] }, 'questions'],
    [{ sentence1: 'a', sentence2: 'b', score: 1 }, 'other'],
    [{ query: 'q' }, 'other'],
    [{ other: 'x' }, 'other'],
    [7, 'other'],
    [{ 'query-id': 'q', 'corpus-id': 'p', score: 1 }, 'judgements'],
    [{ 'query-id': 'q', 'corpus-id': 'p', score: 1, text: 'x' }, 'questions'],
    [{ queries: { q: 'x' }, corpus: { p: 'y' } }, 'bundle'],
  ])('that begins with %j is %s', (record, kind) => expect(contentOf('a', record).kind).toBe(kind));

  it('without records fits no slot', () => {
    expect(new ContentCounter().kind).toBeNull();
    expect(contentOf('a')).toMatchObject({ kind: 'other', rows: 0, titled: false, asks: false });
  });

  it('has its ids, titles and references from all of its records', () => {
    const texts = contentOf('a', { id: ' 1 ', text: 'x' }, { id: 2, text: 'y', title: 't' }, 'a line');
    expect(texts).toMatchObject({ kind: 'texts', rows: 3, titled: true, asks: false });
    expect(texts.passageIds).toEqual(new Set(['1', '2']));
    const questions = contentOf('a', { qid: 'q1', query: 'x', pid: '["p1", " p2 "]' }, { query: 'y', pid: [3, null] });
    expect(questions).toMatchObject({ kind: 'questions', rows: 2, titled: false, asks: true });
    expect(questions.questionIds).toEqual(new Set(['q1']));
    expect(questions.references).toEqual(new Set(['p1', 'p2', '3']));
    expect(contentOf('a', { query: 'x', answer: 'y', pid: 'p1' }).references).toEqual(new Set());
    expect(contentOf('a', { text: 'x', query: 'y' }).asks).toBe(false);
  });

  it('counts judgements above 0 by question', () => {
    const judged = qrels('a', ['q1', 'p1'], ['q1', 'p2', 2], ['q2', 'p1', 0], ['q2', 'p3', -1]);
    expect(judged).toMatchObject({ kind: 'judgements', rows: 2 });
    expect(judged.judged).toEqual(new Map([['q1', 2]]));
    expect(judged.judgedPassages).toEqual(new Set(['p1', 'p2']));
  });
});

describe('files imported together', () => {
  it('fill the slot of their kind, and of the part of the data in their name', () => {
    const pair = { query: 'q', answer: 'a' };
    const question = { query: 'q', positive_ids: ['p'] };
    expect(found(contentOf('a', pair), contentOf('b/dev_pairs', pair), contentOf('测试.csv', pair)).slots).toEqual([
      ['pairs', [0], 1],
      ['devQuestions', [1], 1],
      ['testQuestions', [2], 1],
    ]);
    expect(
      found(contentOf('a', question), contentOf('validation', question), contentOf('训练集', question)).slots,
    ).toEqual([
      ['pairs', [2], 1],
      ['devQuestions', [1], 1],
      ['testQuestions', [0], 1],
    ]);
    expect(found(contentOf('test/contest.csv', pair)).slots).toEqual([['pairs', [0], 1]]);
  });

  it('that hold one kind fill one slot together', () => {
    expect(found(passages('a', 'p1', 'p2'), passages('b', 'p3')).slots).toEqual([['knowledgeBase', [0, 1], 3]]);
  });

  it('are unused with the reason if no slot takes them', () => {
    expect(found(contentOf('a', { other: 1 }), passages('queries.jsonl', 'q1'), contentOf('b'))).toEqual({
      slots: [],
      unused: [
        [0, 'no-slot'],
        [1, 'no-judgements'],
        [2, 'no-slot'],
      ],
    });
  });

  it('are classified by judgements: their ids show which file holds questions and which passages', () => {
    const files = [
      passages('x', 'q1', 'q2'),
      passages('y', 'p1', 'p2'),
      qrels('z', ['q1', 'p1'], ['q1', 'p2'], ['q9', 'p1']),
    ];
    expect(found(...files)).toEqual({
      slots: [
        ['knowledgeBase', [1], 2],
        ['testQuestions', [0, 2], 1],
      ],
      unused: [],
    });
    expect(found(...files.slice(0, 2), qrels('qrels/train.tsv', ['q1', 'p1'], ['q1', 'p2'])).slots).toEqual([
      ['knowledgeBase', [1], 2],
      ['pairs', [0, 2], 2],
    ]);
    expect(found(...files, contentOf('pairs', { query: 'q', answer: 'a' })).slots).toContainEqual(['pairs', [3], 1]);
  });

  it('are classified by judgements even if their id columns have unknown names', () => {
    const named = (path: string, ...ids: string[]) =>
      contentOf(path, ...ids.map((nummer) => ({ nummer, text: `text of ${nummer}` })));
    const judged = qrels('z', ['q1', 'p1'], ['q2', 'p2']);
    const { fillings } = fillingsOf([named('x', 'q1', 'q2'), named('y', 'p1', 'p2'), judged]);
    expect(fillings).toEqual([
      { slot: 'knowledgeBase', files: [1], rows: 2, suggested: true, idColumns: { 1: 'nummer' } },
      { slot: 'testQuestions', files: [0, 2], rows: 2, suggested: true },
    ]);
  });

  it('report judgements that match no question', () => {
    expect(found(passages('y', 'p1'), qrels('z', ['q1', 'p1']))).toEqual({
      slots: [['knowledgeBase', [0], 1]],
      unused: [[1, 'no-questions']],
    });
    expect(found(passages('queries', 'q1'), passages('corpus', 'p1'), qrels('z', ['q8', 'p9']))).toEqual({
      slots: [['knowledgeBase', [1], 1]],
      unused: [
        [2, 'no-questions'],
        [0, 'no-side'],
      ],
    });
  });

  it('hold questions if a column has the ids of another file’s passages', () => {
    const texts = passages('texts', 'p1', 'p2');
    const asking = contentOf('questions', { query: 'x', wo: 'p1' }, { query: 'y', wo: 'p2' });
    expect(found(texts, asking).slots).toEqual([
      ['knowledgeBase', [0], 2],
      ['testQuestions', [1], 2],
    ]);
    const lost = contentOf('questions', { query: 'x', wo: 'none' });
    expect(found(texts, lost)).toEqual({ slots: [['knowledgeBase', [0], 2]], unused: [[1, 'no-slot']] });
    const named = contentOf('queries', { text: 'x', wo: 'p1' });
    expect(found(texts, named).slots).toContainEqual(['testQuestions', [1], 1]);
    const unnamed = contentOf('a', { key: 'k1', text: 'x' }, { key: 'k2', text: 'y' });
    expect(found(unnamed, contentOf('b', { query: 'x', wo: 'k2' })).slots).toContainEqual(['testQuestions', [1], 1]);
  });

  it('name the column of ids that questions refer to, unless the ids are where they are expected', () => {
    const unnamed = contentOf('a', { key: 'k1', text: 'x' }, { key: 'k2', text: 'y' });
    const asking = (...ids: string[]) => contentOf('b', { query: 'x', positive_ids: ids });
    expect(fillingsOf([unnamed, asking('k2', 'z1', 'z2')]).fillings[0]).not.toHaveProperty('idColumns');
    expect(fillingsOf([unnamed, asking('k2', 'z1')]).fillings[0]?.idColumns).toEqual({ 0: 'key' });
    expect(fillingsOf([passages('a', 'p1'), asking('p1')]).fillings[0]).not.toHaveProperty('idColumns');
  });
});

describe('files dropped on one slot', () => {
  const filling = (slot: Filling['slot'], files: number[], suggested = true): Filling => ({
    slot,
    files,
    rows: 1,
    suggested,
  });

  it('fill it even if their name suggests another', () => {
    const fillings = [filling('knowledgeBase', [0]), filling('pairs', [1], false), filling('testQuestions', [2])];
    expect(fillingsForSlot(fillings, 'pairs')).toEqual([fillings[0], filling('pairs', [1]), fillings[2]]);
    expect(fillingsForSlot([filling('pairs', [1])], 'knowledgeBase')).toEqual([filling('pairs', [1])]);
    expect(fillingsForSlot([filling('knowledgeBase', [0], false)], 'pairs')).toEqual([
      filling('knowledgeBase', [0], false),
    ]);
  });

  it('can fill it with questions meant for another slot, but this is then not suggested', () => {
    const fillings = [filling('knowledgeBase', [0, 1]), filling('testQuestions', [0, 1])];
    expect(fillingsForSlot(fillings, 'devQuestions')).toEqual([
      fillings[0],
      filling('devQuestions', [0, 1]),
      filling('testQuestions', [0, 1], false),
    ]);
    const several = [filling('pairs', [3]), filling('devQuestions', [4])];
    expect(fillingsForSlot(several, 'testQuestions')).toEqual([
      several[0],
      filling('devQuestions', [4], false),
      filling('testQuestions', [4]),
    ]);
  });
});
