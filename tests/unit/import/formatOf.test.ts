import { describe, expect, it } from 'vitest';
import { formatOf, formatReader } from '../../../src/domain/import/format';

describe('the format of a text file', () => {
  it.each([
    ['a.csv', 'question,answer\n1,2\n', 'csv'],
    ['a.TSV', 'x', 'csv'],
    ['a.csv', '[note],answer\n', 'csv'],
    ['a.csv', '["note", "x"]\n', 'csv'],
    ['a.md', '{"a": 1}\n{"a": 2}', 'markdown'],
    ['a.markdown', 'x', 'markdown'],
    ['a.py', 'x = 1', 'literal'],
    ['a.jsonl', '', 'jsonl'],
    ['a.ndjson', 'x', 'jsonl'],
    ['a.json', 'x', 'json'],
    ['a.txt', 'plain', 'txt'],
    ['a', 'plain', 'txt'],
    ['folder.csv/notes', 'plain', 'txt'],
  ])('of the name %s that begins with %j is %s', (name, head, format) => expect(formatOf(name, head)).toBe(format));

  it.each([
    ['{"a": 1}\n{"a": 2}\n', 'jsonl'],
    ['  {"a": 1}\r\n\r\n  {"a": 2}\r\n', 'jsonl'],
    ['{a: 1}\n{a: 2}', 'jsonl'],
    ['{"a": 1}', 'json'],
    ['{"a": {\n{"b": 1}', 'json'],
    ['{"a": 1}\n"b"', 'json'],
    ['{\n  "a": 1\n}', 'json'],
    ['{}', 'json'],
    ['{ key : 1}', 'json'],
    ['{ // a comment\n', 'json'],
    ['{ /* a comment */', 'json'],
    ['{', 'json'],
    ['{猪} is a sign', 'txt'],
    ['{ note to self }', 'txt'],
    ['see {"a": 1}', 'txt'],
    ['[1, 2]\n[3, null]', 'jsonl'],
    ['["a", "b"]\n\n["c", "d"]', 'jsonl'],
    ['[[1]]\n[[2]]', 'json'],
    ['[]\n[]', 'json'],
    ['["a", "b"]', 'json'],
    ['[\n  "a"', 'json'],
    ['["a\\"b", 1', 'json'],
    ['["a" is a word in quotes]', 'txt'],
    ['[1] a footnote', 'txt'],
    ["{'a': 1}", 'literal'],
    ["[({u'a': 1", 'literal'],
    ["{ R'a': 1}", 'literal'],
    ["['a', 'b']", 'literal'],
    ["a ['b']", 'txt'],
  ])('whose text begins with %j is %s', (head, format) => expect(formatOf('a.txt', head)).toBe(format));

  it.each([
    ['a.csv', '{"a": 1}\n{"a": 2}', 'jsonl'],
    ['a.csv', '{"a": 1}', 'json'],
    ['a.csv', ' [ { "a" : 1}', 'json'],
    ['a.csv', "{'a': 1}", 'csv'],
    ['a.csv', 'x [{"a": 1}', 'csv'],
    ['a.json', '{"a": 1}\n{"a": 2}', 'jsonl'],
    ['a.json', "{'a': 1}", 'literal'],
    ['a.jsonl', '[{"a": 1},\n{"a": 2}]', 'json'],
    ['a.jsonl', '[1, 2]', 'jsonl'],
    ['a.jsonl', '[\n[1, 2]]', 'json'],
    ['a.jsonl', '{"a": [', 'jsonl'],
    ['a.jsonl', "{'a': 1}", 'jsonl'],
  ])('named %s that contains %j is %s, as the text shows', (name, head, format) =>
    expect(formatOf(name, head)).toBe(format),
  );

  it('is TREC’s if its first line and most of the next have four columns', () => {
    expect(formatOf('a.csv', 'q1 0 p1 1\nq1 Q0 p2 0\n')).toBe('trecQrels');
    expect(formatOf('a.txt', '\nq1\t0\tp1\t-1.5\nremark\nq2 0 p2 1\n')).toBe('trecQrels');
    expect(formatOf('a.txt', 'remark\nq1 0 p1 1\nq1 0 p2 1\n')).toBe('txt');
    expect(formatOf('a.txt', 'q1 0 p1 1\nremark\n')).toBe('txt');
    expect(formatOf('a.txt', 'q1 0 p1 1 more\nq1 0 p2 1 more\n')).toBe('txt');
    expect(formatOf('a.txt', '')).toBe('txt');
  });

  it('is a table if its first line has two known column names and no line is shorter', () => {
    expect(formatOf('a.txt', '\ufeffQuestion\tAnswer\nx\ty\n')).toBe('csv');
    expect(formatOf('a.xls', '\n问题,答案\nx,y\n')).toBe('csv');
    expect(formatOf('a.txt', 'question;answer\n\nx;y;z\n')).toBe('csv');
    for (const head of [
      'question,answer',
      'question,answer\nx',
      'question,other\nx,y',
      'question,question\nx,y',
      'q,a\nx,y',
    ])
      expect(formatOf('a.txt', head)).toBe('txt');
  });
});

describe('the reader of a format', () => {
  const recordsOf = (name: string, format: 'csv' | 'txt' | 'jsonl' | 'trecQrels' | 'markdown', text: string) => {
    const reader = formatReader(format, name);
    return [...reader.push(text), ...reader.end()].map((record) => ('value' in record ? record.value : record.fault));
  };

  it('splits a line of text at tabs, and a table at its separator', () => {
    expect(recordsOf('a.txt', 'txt', 'a,b\tc\n')).toEqual([['a,b', 'c']]);
    expect(recordsOf('a.csv', 'csv', 'x;y\n1;2\n')).toEqual([{ x: '1', y: '2' }]);
    expect(recordsOf('a.tsv', 'csv', 'x;y\tz\n1;2\t3\n')).toEqual([{ 'x;y': '1;2', z: '3' }]);
  });

  it('reads judgements, and reports a line that is not one', () => {
    expect(recordsOf('a', 'trecQrels', 'q 0 p 2\nremark\n q2\tQ0\tp2\t-1.5 \n')).toEqual([
      { 'query-id': 'q', 'corpus-id': 'p', score: '2' },
      'trec-broken',
      { 'query-id': 'q2', 'corpus-id': 'p2', score: '-1.5' },
    ]);
  });

  it('reads a line of JSON exactly, and reports repeated keys of an object', () => {
    const line = (text: string): unknown => {
      const reader = formatReader('jsonl', 'a.jsonl');
      return [...reader.push(`${text}\n`), ...reader.end()];
    };
    expect(line('{"a": {"b": [{"c": null}]}, "d": "x"}')).toEqual([
      { line: 1, value: { a: { b: [{ c: null }] }, d: 'x' } },
    ]);
    const repeated = { line: 1, fault: 'key-repeated', field: 'a' };
    expect(line('{"a": 1, "a" : 2}')).toEqual([{ line: 1, value: { a: 2 } }, repeated]);
    expect(line('[{"a": 1}, {"b": {"a": 2, "a": 3}}]')).toEqual([
      { line: 1, value: [{ a: 1 }, { b: { a: 3 } }] },
      repeated,
    ]);
    expect(line('{"a": "b\\": c"}')).toEqual([{ line: 1, value: { a: 'b": c' } }]);
  });
});
