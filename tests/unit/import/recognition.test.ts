import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import { encodingKey } from '../../../src/domain/import/fileReading';
import { mappedRecord, type ColumnMapping } from '../../../src/domain/import/mapping';
import { parseMappings, parseReadings, withChoices } from '../../../src/domain/import/mappingStore';
import { proposedMapping } from '../../../src/domain/import/proposedMapping';
import { recognise, type FileFacts } from '../../../src/domain/import/recognise';
import { Columns } from '../../../src/domain/import/rowColumns';
import { isRequired, withEntry, withJoinedTitles } from '../../../src/domain/import/slots';
import { isWesternText } from '../../../src/domain/import/westernText';
import type { DataRole } from '../../../src/domain/records';

const proposed = (role: DataRole, columns: string[], named = true, isLabelled = false): string[] =>
  proposedMapping(role, columns, named, isLabelled).map(({ column, field }) => `${column}=${field}`);

describe('the proposed mapping', () => {
  it('maps cells without names by their position', () => {
    expect(proposed('pairs', ['1', '2', '3', '4'], false)).toEqual([
      '1=anchor',
      '2=positive',
      '3=negatives',
      '4=negatives',
    ]);
    expect(proposed('pairs', ['1', '2', '3'], false, true)).toEqual(['1=anchor', '2=positive', '3=score']);
    expect(proposed('pairs', ['1', '2', '3', '4'], false, true).at(-1)).toBe('4=negatives');
    expect(proposed('pairs', ['1'], false)).toEqual(['1=anchor']);
    expect(proposed('scoredPairs', ['1', '2', '3', '4'], false, true)).toEqual([
      '1=sentence1',
      '2=sentence2',
      '3=score',
    ]);
  });

  it('lists the columns of a field in the order in which the import tries them', () => {
    expect(proposed('knowledgeBase', ['Content', 'TEXT', 'other'])).toEqual(['TEXT=text', 'Content=text']);
    expect(proposed('questions', ['pid', 'q', 'question'])).toEqual(['question=text', 'q=text', 'pid=relevant']);
  });

  it('has the negatives of pairs by text and by id, and an input only beside an instruction', () => {
    const columns = ['query', 'answer', 'neg_1', 'neg_2', 'negative_ids', 'input'];
    expect(proposed('pairs', columns)).toEqual([
      'query=anchor',
      'answer=positive',
      'neg_1=negatives',
      'neg_2=negatives',
      'negative_ids=negativeIds',
    ]);
    expect(proposed('pairs', ['instruction', 'input', 'output']).at(-1)).toBe('input=input');
    expect(proposed('pairs', ['instruction', 'output'])).toEqual(['instruction=anchor', 'output=positive']);
    expect(proposed('questions', ['query', 'negative'])).toEqual(['query=text']);
  });

  it('names a passage by other ids only if no column has its text', () => {
    expect(proposed('pairs', ['query', 'pid'])).toEqual(['query=anchor', 'pid=positiveId']);
    expect(proposed('pairs', ['query', 'answer', 'pid'])).toEqual(['query=anchor', 'answer=positive']);
  });

  it('keeps a document beside a text, and takes it as the text if there is no other', () => {
    expect(proposed('knowledgeBase', ['text', 'document', 'topic'])).toEqual([
      'text=text',
      'topic=topic',
      'document=document',
    ]);
    expect(proposed('knowledgeBase', ['document', 'source'])).toEqual(['document=text', 'source=document']);
  });
});

describe('cells under a chosen mapping', () => {
  const fieldsOf = (value: unknown, mapping: ColumnMapping) =>
    mappedRecord('pairs', value, mapping)?.fields.map((one) => [one.name, one.value, one.column, one.label]);

  it('have the names of their fields, with the first column that has a value', () => {
    const mapping = [
      { column: 'x', field: 'anchor' },
      { column: 'y', field: 'anchor' },
      { column: 'in', field: 'input' },
      { column: 'n', field: 'negatives' },
      { column: 'm', field: 'negativeIds' },
      { column: 't', field: 'topic' },
      { column: 'z', field: 'positive' },
    ] as const;
    expect(fieldsOf({ x: '', y: 'q', in: 'i', n: 'no', m: '7', t: 'k' }, mapping)).toEqual([
      ['instruction', 'q', 'y', 'y'],
      ['input', 'i', 'in', 'in'],
      ['negative4', 'no', 'n', 'n'],
      ['negativeIds5', '7', 'm', 'm'],
      ['topic', 'k', 't', 't'],
      ['positive', '', 'z', 'z'],
    ]);
    const unnamed = [['anchor', 'q', '1', 'anchor']];
    expect(fieldsOf(['q'], [{ column: '1', field: 'anchor' }])).toEqual(unnamed);
    expect(fieldsOf('q', [{ column: '1', field: 'anchor' }])).toEqual(unnamed);
    expect(mappedRecord('pairs', 7, mapping)).toBeNull();
  });

  it('are remembered by shape, the newest hundred of them, in the known form only', () => {
    const mapping = [{ column: 'a', field: 'anchor' }] as const;
    expect(parseMappings(JSON.stringify({ s: mapping }))).toEqual({ s: mapping });
    for (const json of [null, '{', '[]', '{"s":[{"column":"a","field":"nothing"}]}'])
      expect(parseMappings(json)).toEqual({});
    expect(parseReadings('{"k":"gb18030"}')).toEqual({ k: 'gb18030' });
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`s${i}`, i]));
    const chosen = withChoices<number>(many, { s1: 7, s2: null, new: 8 });
    expect(Object.keys(chosen)).toHaveLength(100);
    expect(Object.entries(chosen).slice(-2)).toEqual([
      ['s1', 7],
      ['new', 8],
    ]);
    expect(Object.keys(withChoices<number>(many, { new: 8 }))[0]).toBe('s1');
  });
});

describe('the columns of a row', () => {
  it('are listed with their values, unless these are empty', () => {
    const columns = new Columns([
      ['A', 1],
      ['', 'x'],
      ['b', {}],
      ['c', []],
      ['d', null],
      ['e', ''],
      ['f', { g: 1 }],
      ['a ', 2],
    ]);
    columns.pick('positive');
    expect(columns.names()).toEqual([
      { name: 'A', used: true, value: 1 },
      { name: 'f', used: false, value: { g: 1 } },
      { name: 'a ', used: false, value: 2 },
    ]);
  });

  it('have a value or only a name', () => {
    const columns = new Columns([
      ['question', ''],
      ['title', 't'],
    ]);
    expect([columns.has('question'), columns.knows('question'), columns.has('title')]).toEqual([false, true, true]);
    expect([columns.pick('question'), columns.look('title')?.value]).toEqual([null, 't']);
    expect(columns.pickUnused('title')).toEqual({ name: 'title', column: 'title', value: 't' });
    expect(columns.pickUnused('title')).toBeNull();
  });
});

describe('the recognition of a file', () => {
  const facts = { file: 'a.csv', format: 'csv' } as FileFacts;
  const recognised = (role: DataRole, ...values: unknown[]) =>
    recognise(
      role,
      facts,
      values.map((value, index) => ({ line: index + 1, value })),
    );

  it('is shown as the first rows, cut to a length that fits', async () => {
    const long = 'x'.repeat(121);
    const { columns, named, firstRows } = await recognised(
      'pairs',
      { a: 'x'.repeat(120), b: null },
      { a: long, b: { c: 1 } },
      { b: 7 },
    );
    expect([columns, named]).toEqual([['a', 'b'], true]);
    expect(firstRows).toEqual([
      ['x'.repeat(120), ''],
      [`${'x'.repeat(120)}…`, '{"c":1}'],
      ['', '7'],
    ]);
  });

  it('includes a label in the third cell only if every row has one or none', async () => {
    const mappingOf = async (...rows: unknown[]) => (await recognised('pairs', ...rows)).mapping.at(-1)?.field;
    expect(await mappingOf(['q', 'a', '1'], ['q', 'a'])).toBe('score');
    expect(await mappingOf(['q', 'a', '1'], ['q', 'a', 'no label'])).toBe('negatives');
  });

  it('has at most 60 columns, and a count of the others', async () => {
    const row = Object.fromEntries(Array.from({ length: 61 }, (_, i) => [`c${i}`, i]));
    expect(await recognised('pairs', row)).toMatchObject({ moreColumns: 1, columns: { length: 60 } });
  });
});

describe('the key under which an encoding is remembered', () => {
  const key = (format: 'csv' | 'jsonl' | 'literal' | 'txt' | 'trecQrels', head: string) =>
    encodingKey('pairs', format, 'gb18030', head);

  it('is the same for files with the same columns', async () => {
    expect(await key('csv', 'a,b\r\n1,2')).toBe(await key('csv', 'a,b\n3,4'));
    expect(await key('csv', 'a,b\n')).not.toBe(await key('csv', 'a,c\n'));
    expect(await key('jsonl', '{"b": 1, "a" : 2}\n{"c')).toBe(await key('jsonl', '{"a": "x", "b": "y"}'));
    expect(await key('jsonl', '{"a": 1}')).not.toBe(await key('jsonl', '{"b": 1}'));
    expect(await key('literal', "{'a': 1}")).toBe(await key('literal', '{"a": 2}'));
    expect(await key('literal', "{'a': 1}")).not.toBe(await key('literal', "{'b': 1}"));
    expect(await key('txt', 'x')).toBe(await key('txt', 'y'));
    expect(await key('trecQrels', 'x')).toBe(await key('trecQrels', 'y'));
    expect(await key('txt', 'x')).not.toBe(await key('trecQrels', 'x'));
  });
});

describe('a slot', () => {
  it('of scored pairs is required if a stage trains on them', () => {
    const scored = { ...defaultStage(), data: 'scoredPairs' as const };
    expect(isRequired('scoredPairs', { stages: [defaultStage()] })).toBe(false);
    expect(isRequired('pairs', { stages: [defaultStage()] })).toBe(true);
    expect(isRequired('scoredPairs', { stages: [defaultStage(), scored] })).toBe(true);
    expect(isRequired('pairs', { stages: [scored] })).toBe(false);
  });

  it('of the knowledge base says whether titles are joined', () => {
    const filled = withEntry(withEntry(defaultExperiment(), 'knowledgeBase', 'k', true), 'pairs', 'p', true);
    expect(filled.data).toEqual([
      { role: 'knowledgeBase', contentSha256: 'k', joinTitles: true },
      { role: 'pairs', contentSha256: 'p' },
    ]);
    const without = withJoinedTitles(filled, false);
    expect(without.data[0]).toEqual({ role: 'knowledgeBase', contentSha256: 'k' });
    expect(withJoinedTitles(without, true)).toEqual(filled);
  });
});

describe('text in a Western European language', () => {
  async function* pieces(...bytes: number[]): AsyncIterable<Uint8Array> {
    for (const byte of bytes) yield await Promise.resolve(Uint8Array.of(byte));
  }
  const isWestern = (text: string) => isWesternText(pieces(...Buffer.from(text, 'latin1')));

  it('has one or two letters with accents, quotes or dashes among plain letters', async () => {
    for (const text of [
      'caf\xe9 au lait',
      '\xc0 demain',
      '\xdeorn and more',
      'a \x93quote\x94 here',
      'price: 5 \x80 only',
    ])
      expect(await isWestern(text), text).toBe(true);
  });

  it('has no capital after a small letter, no sign inside a word, and at most a quarter of such letters', async () => {
    for (const text of [
      'caf\xc9 au lait',
      'ca\xa7fe au lait',
      'plain',
      'a\xe9\xe8\xea bcd efgh',
      '\xe9 \xe8 ab',
      'caf\xd7 au lait',
      'caf\xb0\xa1 au lait',
    ])
      expect(await isWestern(text), text).toBe(false);
    expect([await isWestern('\xe9 abc'), await isWestern('\xe9 ab')]).toEqual([true, false]);
  });
});
