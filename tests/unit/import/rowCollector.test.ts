import { describe, expect, it } from 'vitest';
import { columnsByField } from '../../../src/domain/import/fileReading';
import { withField } from '../../../src/domain/import/mapping';
import { QuestionMerger } from '../../../src/domain/import/questionMerger';
import { RowCollector } from '../../../src/domain/import/rowCollector';
import type { DataRole } from '../../../src/domain/records';
import { shaped, unusedMessages } from '../../../src/domain/import/shapes';

/** Returns the rows of each record, or the fault in their place. */
function collected(role: DataRole, ...records: unknown[]) {
  const collector = new RowCollector(role);
  return records.map((record, index) => {
    const read = collector.rowsOf(record, index + 1);
    return 'rows' in read ? read.rows : read;
  });
}
const idsOf = (role: DataRole, ...records: unknown[]): unknown[] =>
  collected(role, ...records).map((rows) => (Array.isArray(rows) ? rows.map(({ id }) => id) : rows.fault));

describe('the id of a row', () => {
  it('is that of the file, or the role and the number of the record', () => {
    expect(idsOf('knowledgeBase', { id: 'a', text: 'x' }, { text: 'y' }, {}, { text: 'z' })).toEqual([
      ['a'],
      ['knowledgeBase-2'],
      'row-empty',
      ['knowledgeBase-4'],
    ]);
  });

  it('is numbered if a record makes several rows', () => {
    expect(idsOf('pairs', { id: 'a', query: 'x', pos: ['1', '2', '3'] }, { query: 'x', pos: ['1', '2'] })).toEqual([
      ['a', 'a.2', 'a.3'],
      ['pairs-2', 'pairs-2.2'],
    ]);
  });

  it('gets a suffix if pairs share one, or have that of another row', () => {
    const pair = (id: string) => ({ id, query: 'x', answer: 'y' });
    expect(idsOf('pairs', pair('a'), pair('a'), pair('a.3'), pair('a'), pair('a'))).toEqual([
      ['a'],
      ['a.2'],
      ['a.3'],
      ['a.4'],
      ['a.5'],
    ]);
    expect(idsOf('pairs', pair('pairs-2'), { query: 'x', answer: 'y' })).toEqual([['pairs-2'], ['pairs-2.2']]);
    const two = { id: 'a', query: 'x', pos: ['1', '2'] };
    expect(idsOf('pairs', two, two, pair('a'))).toEqual([['a', 'a.2'], ['a.3', 'a.4'], ['a.5']]);
  });

  it('of a passage is its own', () => {
    expect(collected('knowledgeBase', { id: 'a', text: 'x' }, { id: 'a', text: 'y' })[1]).toEqual({
      fault: 'duplicate-id',
      field: 'a',
    });
  });

  it('of a question is that of the same question before', () => {
    const question = (text: string, id?: string) => ({ query: text, pid: 'p', ...(id ? { qid: id } : {}) });
    expect(idsOf('questions', question('x'), question('y'), question('x'))).toEqual([
      ['questions-1'],
      ['questions-2'],
      ['questions-1'],
    ]);
    expect(idsOf('questions', question('x', 'q'), question('x', 'q'), question('x'), question('y', 'q'))).toEqual([
      ['q'],
      ['q'],
      ['questions-3'],
      'duplicate-id',
    ]);
  });
});

describe('a record without a row', () => {
  it('is reported with the columns that it has and those that are known', () => {
    expect(collected('pairs', { foo: 1, bar: 2 })[0]).toMatchObject({ fault: 'no-known-columns', field: 'foo, bar' });
    expect(collected('pairs', 7, null, { set: ['a'] })).toEqual([
      { fault: 'not-an-object' },
      { fault: 'not-an-object' },
      { fault: 'set-too-short' },
    ]);
    expect(collected('scoredPairs', ['a', 'b', 1, 'more'], ['a', {}, 1])).toEqual([
      { fault: 'more-cells', field: '4', expected: '3' },
      { fault: 'not-an-object' },
    ]);
  });
});

describe('columns that are kept for later stages', () => {
  const kept = (record: object): unknown => {
    const [rows] = collected('knowledgeBase', { text: 'x', ...record });
    return Array.isArray(rows) && rows[0] && 'kept' in rows[0] ? rows[0].kept : undefined;
  };

  it('are joined texts, numbers and truth values, without empty ones', () => {
    expect(kept({ topic: [' a ', '', null, 2, true, ' '] })).toEqual({ topic: 'a; 2; true' });
    expect(kept({ topic: 'a', source: 'b', chunk_id: 0 })).toEqual({ topic: 'a', document: 'b', chunk: '0' });
    expect([kept({ topic: '' }), kept({ topic: [] }), kept({})]).toEqual([undefined, undefined, undefined]);
  });

  it('are reported if they hold something nested', () => {
    const collector = new RowCollector('knowledgeBase');
    collector.rowsOf({ text: 'x', topic: [{ a: 1 }] }, 4);
    expect(collector.fileNotes()).toContainEqual({ line: 4, fault: 'values-unread', field: 'topic', expected: '1' });
  });
});

describe('the notes on a file', () => {
  it('name the first line with what is left out, and count it', () => {
    const collector = new RowCollector('pairs');
    const messages = [
      { role: 'system', content: 's' },
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'a' },
    ];
    collector.rowsOf({ messages }, 2);
    collector.rowsOf({ messages, extra: 'x' }, 3);
    collector.rowsOf({ query: 'q', answer: 'a\u0000' }, 5);
    expect(collector.usedColumns()).toEqual(new Set(['anchor', 'positive', 'query', 'answer']));
    expect(collector.fileNotes()).toEqual([
      { line: 2, fault: 'messages-unused', field: '2' },
      { line: 5, fault: 'control-replaced', field: '1' },
      { line: 3, fault: 'columns-unused', field: 'extra' },
    ]);
    expect(collector.fileNotes()).toEqual([]);
  });

  it('ask about an unused column that looks like a label, but not about one that numbers the rows', () => {
    const notes = (...values: unknown[]) => {
      const collector = new RowCollector('pairs');
      for (const [index, value] of values.entries())
        collector.rowsOf({ query: 'q', answer: 'a', grade2: value }, index + 1);
      return collector.fileNotes().filter(({ fault }) => fault === 'column-maybe-label');
    };
    expect(notes(1, 0, 'no')).toEqual([{ line: 2, fault: 'column-maybe-label', field: 'grade2', expected: '2' }]);
    expect(notes(0, ' 1 ', 2)).toEqual([]);
    expect([notes(1, 1), notes(0), notes(0, 'text')]).toEqual([[], [], []]);
    expect(notes(0, 0)).toEqual([{ line: 1, fault: 'column-maybe-label', field: 'grade2', expected: '2' }]);
  });
});

describe('a record whose shape says more than its columns', () => {
  const user = (content: unknown) => ({ role: 'user', content });
  const answer = (content: unknown) => ({ role: 'assistant', content });

  it('is a conversation: its last question is the anchor, its last answer the positive', () => {
    expect(shaped({ messages: [user('1'), answer('2'), user('3'), answer('4')], id: 7 })).toEqual([
      { id: 7, anchor: '3', positive: '4' },
    ]);
    expect(shaped({ messages: [user([{ type: 'text', text: 'a' }, 'b'])] })).toEqual([{ anchor: 'a\nb' }]);
    for (const content of [[{ type: 'image', text: 'a' }], [], 7, null, [{ type: 'text' }]])
      expect(shaped({ messages: [user(content)] })).toEqual([{ anchor: undefined }]);
    expect(shaped({ messages: 'a' }), 'a text is no conversation').toEqual([{ messages: 'a' }]);
    expect(shaped({ messages: 7 })).toEqual([{ messages: 7 }]);
  });

  it('has conversations as positives and negatives, one or several', () => {
    expect(
      shaped({ messages: [user('q')], positive_messages: [answer('p')], negative_messages: [[answer('n')], 'm'] }),
    ).toEqual([{ anchor: 'q', positive: ['p'], negative: ['n', 'm'] }]);
    expect(shaped({ messages: [user('q'), answer('a')], positive_messages: [[answer('p')], [answer(7)]] })).toEqual([
      { anchor: 'q', positive: ['p', undefined] },
    ]);
    expect(shaped({ messages: [user('q')], positive_messages: 'p' })).toEqual([{ anchor: 'q', positive: [] }]);
  });

  it('is a set, whose texts all belong together', () => {
    expect(shaped({ set: ['a', 'b', 'c'] })).toEqual([
      { anchor: 'a', positive: 'b' },
      { anchor: 'a', positive: 'c' },
      { anchor: 'b', positive: 'c' },
    ]);
    expect(shaped({ set: { query: 'q', pos: ['p'] } })).toEqual([{ query: 'q', pos: ['p'] }]);
    expect([shaped({ set: ['a'] }), shaped({ set: Array<string>(65).fill('a') })]).toEqual([null, null]);
    expect(shaped({ set: Array<string>(64).fill('a') })).toHaveLength((64 * 63) / 2);
    for (const other of [{ set: ['a', 'b'], id: 1 }, { set: { a: 1 }, id: 1 }, { set: 'a' }, 'a', [1]])
      expect(shaped(other)).toEqual([other]);
  });

  it('counts the messages that are left out', () => {
    const count = (record: unknown): number => unusedMessages(record);
    expect(count({ messages: [user('1'), answer('2'), user('3'), answer('4')] })).toBe(2);
    expect(count({ messages: [user('1'), user('2')] })).toBe(1);
    expect(count({ messages: [user('1'), answer('2')], positive_messages: [answer('p')] })).toBe(1);
    expect(count({ messages: [user('1')], positive_messages: [[answer('p'), answer('r')], [answer(7)]] })).toBe(2);
    expect(count({ messages: [user('1')], negative_messages: [[user('n'), answer('m')]] })).toBe(1);
    expect([count({ messages: [] }), count({ query: 'x' }), count('messages'), count(null)]).toEqual([0, 0, 0, 0]);
  });
});

describe('rows of one question', () => {
  it('are merged with all their passages; what they lack or disagree on is reported, and the first topic kept', () => {
    const merger = new QuestionMerger<number>();
    const row = (id: string, relevant: string[], kept?: object) => ({
      id,
      text: id,
      relevant,
      ...(kept ? { kept } : {}),
    });
    const added = [
      merger.add(row('a', ['p1'], { topic: 't' }), 1),
      merger.add(row('a', ['p2', 'p1'], { topic: 't', chunk: 'c' }), 2),
      merger.add(row('a', [], { topic: 'u', document: 'd' }), 3),
      merger.add(row('b', []), 4),
      merger.add(row('c', ['p']), 5),
      merger.add(row('c', ['p'], { topic: 'late' }), 6),
    ];
    expect(added).toEqual([false, true, true, false, false, true]);
    expect(merger.finish()).toEqual({
      questions: [
        { id: 'a', text: 'a', relevant: ['p1', 'p2'], kept: { topic: 't', chunk: 'c', document: 'd' } },
        { id: 'b', text: 'b', relevant: [] },
        { id: 'c', text: 'c', relevant: ['p'], kept: { topic: 'late' } },
      ],
      unanswered: [{ id: 'b', place: 4 }],
      differing: [3],
    });
  });
});

describe('a chosen mapping', () => {
  it('has one column per field, except for negatives', () => {
    const mapping = [
      { column: 'a', field: 'anchor' },
      { column: 'n', field: 'negativeIds' },
    ] as const;
    expect(withField(mapping, 'b', 'anchor')).toEqual([mapping[1], { column: 'b', field: 'anchor' }]);
    expect(withField(mapping, 'm', 'negativeIds')).toEqual([...mapping, { column: 'm', field: 'negativeIds' }]);
    expect(withField(mapping, 'a', null)).toEqual([mapping[1]]);
    expect(withField(mapping, 'a', 'positive')).toEqual([mapping[1], { column: 'a', field: 'positive' }]);
  });

  it('lists the columns of a field in an experiment file, one as a text and several as a list', () => {
    const mapping = [
      { column: 'a', field: 'anchor' },
      { column: 'm', field: 'negatives' },
      { column: 'n', field: 'negatives' },
    ] as const;
    expect(columnsByField(mapping)).toEqual({ anchor: 'a', negatives: ['m', 'n'] });
  });
});
