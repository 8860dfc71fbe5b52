import { describe, expect, it } from 'vitest';
import { file, imported, json, refused } from './importFiles';

describe('a bad row', () => {
  it('on line 57 of a JSONL file is reported by file and line, and the other rows are kept', async () => {
    const lines = Array.from({ length: 80 }, (_, i) => JSON.stringify({ id: `p${i}`, text: `段${i}` }));
    lines[56] = '{"id": "p56", "text": ';
    const { dataset, rejected, rejectedCount } = await imported('knowledgeBase', file('kb.jsonl', lines.join('\n')));
    expect(rejected).toEqual([{ file: 'kb.jsonl', line: 57, fault: 'json-broken' }]);
    expect([dataset.rows, rejectedCount]).toEqual([79, 1]);
  });

  it('on line 57 of a JSON list is reported by file and line, and the other rows are kept', async () => {
    const lines = Array.from({ length: 80 }, (_, i) => `  ${JSON.stringify({ id: `p${i}`, text: `段${i}` })}`);
    lines[56] = '  {"id": "p56", "text: "段56"}';
    const { dataset, rejected } = await imported('knowledgeBase', file('kb.json', `[${lines.join(',\n')}]`));
    expect(rejected).toEqual([{ file: 'kb.json', line: 57, fault: 'json-broken', field: '段56"},' }]);
    expect(dataset.rows).toBe(79);
  });

  it('at the end of a truncated JSON list is reported by file and line', async () => {
    for (const cut of ['[{"text": "一"},\n{"text": "二"},\n{"te', '[{"text": "一"},\n{"text": "二"},\n']) {
      const { dataset, rejected } = await imported('knowledgeBase', file('kb.json', cut));
      expect(rejected).toEqual([{ file: 'kb.json', line: 3, fault: 'json-broken' }]);
      expect(dataset.rows).toBe(2);
    }
  });

  it('is reported with its fault and field', async () => {
    const rows = [
      { id: 'a', text: '好' },
      { id: 'a', text: '另一' },
      { id: 'b', text: '  ' },
      { id: 'c' },
      7,
      { id: 'd', text: { x: 1 } },
    ];
    const { rejected } = await imported('knowledgeBase', file('a.jsonl', json(...rows)));
    expect(rejected.map(({ line, fault, field }) => [line, fault, field])).toEqual([
      [2, 'duplicate-id', 'a'],
      [3, 'text-empty', 'text'],
      [4, 'no-known-columns', 'id'],
      [5, 'not-an-object', undefined],
      [6, 'not-a-text', 'text'],
    ]);
    const questions = await imported(
      'questions',
      file('q.jsonl', json({ query: '问', pid: 'x' }, { query: '无答' }, { query: '空', relevant: [] })),
    );
    expect(questions.rejected.map(({ line, fault }) => [line, fault])).toEqual([
      [2, 'relevant-missing'],
      [3, 'relevant-missing'],
    ]);
  });

  it('with an unclosed quote in a CSV file does not swallow the rows after it', async () => {
    const { rows, rejected } = await imported(
      'knowledgeBase',
      file('a.csv', 'id,text\r\n1,"两\r\n行"\r\n2,"开\r\n3,好\r\n'),
    );
    expect(rows.map((row) => row.text)).toEqual(['两\r\n行', '好']);
    expect(rejected).toEqual([{ file: 'a.csv', line: 4, fault: 'csv-broken' }]);
  });
});

describe('an unusable file', () => {
  it.each([
    ['empty.jsonl', [''], 'empty-file'],
    ['blank.txt', [' \n\n'], 'empty-file'],
    ['weights.safetensors', [Uint8Array.of(0x10, 0, 0, 0, 0, 0, 0, 0), '{"a":{}}', new Uint8Array(64)], 'binary-file'],
    [
      'picture.png',
      [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff, 0xff, 0xfe, 0xfd)],
      'binary-file',
    ],
    ['header.csv', ['id,text\n'], 'no-rows'],
    ['list.json', ['[]'], 'no-rows'],
    [
      'noEncoding.csv',
      [Uint8Array.from(Buffer.from('id,text\n1,a\u0081\u008d\u00ffb\n', 'latin1'))],
      'encoding-unknown',
    ],
  ])('is rejected by name: %s', async (name, content, fault) => {
    expect(await refused('knowledgeBase', file(name, ...(content as BlobPart[])))).toEqual({
      kind: 'import-failed',
      file: name,
      fault,
    });
  });

  it('without known columns is rejected with the columns found and those accepted', async () => {
    const wrong = file('wrong.csv', 'Name,Price\n猪,7\n');
    const expected = { pairs: 'anchor', knowledgeBase: 'text', questions: 'relevant', scoredPairs: 'score' } as const;
    for (const role of ['pairs', 'knowledgeBase', 'questions', 'scoredPairs'] as const)
      expect(await refused(role, wrong)).toEqual({
        kind: 'import-failed',
        file: 'wrong.csv',
        fault: 'no-known-columns',
        field: 'Name, Price',
        expected: expect.stringContaining(expected[role]),
      });
  });

  it('with only bad rows is rejected with the first of them', async () => {
    expect(await refused('pairs', file('p.jsonl', json({ query: 'a' }, { query: 'b' })))).toEqual({
      kind: 'import-failed',
      file: 'p.jsonl',
      line: 1,
      fault: 'field-missing',
      field: 'positive',
    });
    expect(await refused('pairs', file('p.json', '{"query" "a"}'))).toMatchObject({
      file: 'p.json',
      line: 1,
      fault: 'json-broken',
    });
  });
});
