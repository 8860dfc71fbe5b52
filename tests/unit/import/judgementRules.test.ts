import { describe, expect, it } from 'vitest';
import { JudgedColumn } from '../../../src/domain/import/judgedColumn';
import { Judgements, judgementOf, rowIdOf, sideOf, sideOfName } from '../../../src/domain/import/judgements';
import { parseMappings, parseReadings, withChoices } from '../../../src/domain/import/mappingStore';
import { passageLookup } from '../../../src/domain/split/passageLookup';

describe('a record', () => {
  it('is a judgement if it has the ids of a question and a passage; without a score, the passage is relevant', () => {
    expect(judgementOf({ 'query-id': ' 1 ', 'corpus-id': 2, score: '0.5' })).toEqual({
      question: '1',
      passage: '2',
      score: 0.5,
    });
    expect(judgementOf({ 'query-id': 1, 'corpus-id': ' p ' })).toEqual({ question: '1', passage: 'p', score: 1 });
  });

  it.each<[string, unknown]>([
    ['no object', ['1', '2']],
    ['null', null],
    ['no passage', { 'query-id': '1', score: 1 }],
    ['no question', { 'corpus-id': '1', score: 1 }],
    ['a list of passages', { 'query-id': '1', 'corpus-id': ['2'] }],
    ['the text of a question', { 'query-id': '1', 'corpus-id': '2', query: '问' }],
    ['the text of a passage', { 'query-id': '1', 'corpus-id': '2', text: '段' }],
    ['a title', { 'query-id': '1', 'corpus-id': '2', title: '题' }],
  ])('is not a judgement if it is or has %s', (_, value) => {
    expect(judgementOf(value)).toBeNull();
  });

  it('has an id of text or a number', () => {
    expect([rowIdOf({ _id: ' 7 ' }, 'passageId'), rowIdOf({ _id: 7 }, 'questionId')]).toEqual(['7', '7']);
    for (const value of [null, [], 'x', {}, { _id: ['7'] }, { _id: true }])
      expect(rowIdOf(value, 'passageId')).toBeNull();
  });
});

describe('the judgements of an import', () => {
  const passages = passageLookup([
    { id: '1', text: '一' },
    { id: '2', text: '二' },
  ]);

  it('are the passages with a score above 0, by question, in order', () => {
    const judgements = new Judgements<number>(passages);
    const add = (question: string, passage: string, score: number) => judgements.add({ question, passage, score }, 7);
    expect([add('a', '2', 1), add('a', '1', 0.1), add('b', '1', 2)]).toEqual(['taken', 'taken', 'taken']);
    expect([add('a', '1', 0), add('a', '1', -1), add('a', '9', 1)]).toEqual(['irrelevant', 'irrelevant', 'unknown']);
    expect(judgements.size).toBe(2);
    expect([judgements.of('a'), judgements.of('c')]).toEqual([['2', '1'], undefined]);
    expect(judgements.unasked()).toEqual([{ question: 'b', place: 7 }]);
    const [known, asked] = [judgements.idsOf('knowledgeBase'), judgements.idsOf('questions')];
    expect([known.has('1'), known.has('a'), known.has('9'), asked.has('a'), asked.has('1')]).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  it('may name any passage as long as there is no knowledge base', () => {
    expect(new Judgements(undefined).add({ question: 'a', passage: '9', score: 1 }, 0)).toBe('taken');
  });
});

describe('the side of the judgements that a file holds', () => {
  const evidence = { name: 'x.jsonl', titled: false, asQuestions: 0, asPassages: 0 };

  it.each([
    ['data/corpus.jsonl', 'passages'],
    ['知识库.csv', 'passages'],
    ['my_passages_of_questions.tsv', 'passages'],
    ['queries.jsonl', 'questions'],
    ['测试问题.xlsx', 'questions'],
    ['corpus/x.jsonl', null],
    ['queries\\x.jsonl', null],
  ])('is read from its name without folders: %s', (name, side) => {
    expect(sideOfName(name)).toBe(side);
  });

  it('is that of its name, unless the judgements use its ids only on the other side', () => {
    const queries = { ...evidence, name: 'queries.jsonl' };
    expect(sideOf(queries)).toBe('questions');
    expect(sideOf({ ...queries, asQuestions: 1, asPassages: 9 })).toBe('questions');
    expect(sideOf({ ...queries, asPassages: 9 })).toBe('passages');
    expect(sideOf({ ...evidence, name: 'corpus.jsonl', asQuestions: 9 })).toBe('questions');
  });

  it('is, without such a name, passages if there are titles, else the side of most ids', () => {
    expect(sideOf(evidence)).toBeNull();
    expect(sideOf({ ...evidence, titled: true })).toBeNull();
    expect(sideOf({ ...evidence, titled: true, asQuestions: 9, asPassages: 1 })).toBe('passages');
    expect(sideOf({ ...evidence, titled: true, asQuestions: 9 })).toBe('questions');
    expect(sideOf({ ...evidence, asQuestions: 2, asPassages: 3 })).toBe('passages');
    expect(sideOf({ ...evidence, asQuestions: 3, asPassages: 3 })).toBe('questions');
  });
});

describe('the column of judged ids', () => {
  const judged = (...ids: string[]) => new Set(ids);
  function column(ids: Set<string>, ...records: unknown[]): JudgedColumn {
    const found = new JudgedColumn('questions', ids);
    records.forEach((record) => found.add(record));
    return found;
  }

  it('is found by its values, if it holds at least half of the judged ids', () => {
    const rows = [
      { a: 'x1', b: 'q1' },
      { a: 'x2', b: ' q2 ' },
    ];
    expect(column(judged('q1', 'q2', 'q3', 'q4'), ...rows).find()).toBe('b');
    expect(column(judged('q1', 'q2', 'q3', 'q4', 'q5'), ...rows).find()).toBeNull();
    expect(column(judged('q1', 'q2'), ...rows).countIn('b')).toBe(2);
    expect([column(judged('q1'), ...rows).countIn(null), column(judged('q1'), ...rows).countIn('c')]).toEqual([0, 0]);
  });

  it('is the one with a known name even if another holds more ids, and the first of several equal ones', () => {
    expect(column(judged('1', '2'), { x: '1', _id: '1' }, { x: '2', _id: '9' }).find()).toBe('_id');
    expect(column(judged('7', '8'), { x: '7', y: '7' }, { x: '8', y: '8' }).find()).toBe('x');
  });

  it('is not a column of grades, unless it is named as ids', () => {
    const grades = [{ label: 0 }, { label: 5 }];
    expect(column(judged('0', '5'), ...grades).find()).toBeNull();
    expect(column(judged('0', '5'), ...grades, { label: 15 }).find()).toBe('label');
    expect(column(judged('0', '1'), { _id: 0 }, { _id: 1 }).find()).toBe('_id');
  });

  it('has values of text or numbers in objects only', () => {
    const odd = [null, ['q1'], 'q1', { a: ['q1'], b: true, c: ' ' }];
    expect(column(judged('q1', 'true', ''), ...odd).find()).toBeNull();
  });

  it('is among the first 200 columns of a file', () => {
    const wide = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`c${i}`, `q${i}`]));
    expect(column(judged('q199'), wide).find()).toBe('c199');
    expect(column(judged('q200'), wide).find()).toBeNull();
  });
});

describe('remembered choices', () => {
  const mapping = [{ column: '问', field: 'anchor' }];

  it('are read back unchanged, and any other text counts as no choice', () => {
    expect(parseMappings(JSON.stringify({ shape: mapping }))).toEqual({ shape: mapping });
    expect(parseReadings('{"shape":"gb18030"}')).toEqual({ shape: 'gb18030' });
    for (const json of [null, '', '{', '[]', '{"shape":[{"column":"问","field":"odd"}]}', '{"shape":7}'])
      expect([parseMappings(json), parseReadings(json === null ? null : json)]).toEqual([{}, {}]);
  });

  it('have the newest last, and forget a shape with null', () => {
    const remembered = withChoices({ a: 1, b: 2, c: 3 }, { a: 4, b: null });
    expect(Object.entries(remembered)).toEqual([
      ['c', 3],
      ['a', 4],
    ]);
  });

  it('are those of the last 100 shapes', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`s${i}`, i]));
    const names = Object.keys(withChoices(many, { new: 1 }));
    expect([names.length, names[0], names.at(-1)]).toEqual([100, 's1', 'new']);
  });
});
