import { describe, expect, it } from 'vitest';
import { file, imported, json } from './importFiles';

describe('short column names', () => {
  it.each([
    [{ Q: '你是谁', A: '小明' }],
    [{ q: '你是谁', a: '小明' }],
    [{ q: '你是谁', pos: ['小明'], neg: [] }],
    [{ query: '你是谁', response: '小明' }],
    [{ 问: '你是谁', 答: '小明' }],
  ])('are read as a pair, as a question and its passage: %j', async (row) => {
    const source = file('a.json', JSON.stringify([row]));
    expect((await imported('pairs', source)).rows).toEqual([{ id: 'pairs-1', anchor: '你是谁', positive: '小明' }]);
    expect((await imported('questions', source)).rows[0]?.relevant).toEqual(['小明']);
  });
});

describe('the words nan, NaN, None and null', () => {
  it('are empty cells, so their rows are reported', async () => {
    const source = file('p.csv', 'query,positive\n一,nan\n二,NaN\n三,None\n四,null\n五,答\n');
    const { rows, rejected } = await imported('pairs', source);
    expect(rows.map((row) => row.anchor)).toEqual(['五']);
    expect(rejected.map(({ line, fault, field }) => [line, fault, field])).toEqual(
      [2, 3, 4, 5].map((line) => [line, 'text-empty', 'positive']),
    );
  });
});

describe('negatives', () => {
  it('are stored with their pairs and counted once per file, because training does not use them', async () => {
    const source = file('p.jsonl', json({ query: '一', pos: ['答'] }, { query: '二', pos: ['答'], neg: ['负', '误'] }));
    const { rows, rejected } = await imported('pairs', source);
    expect(rows).toEqual([
      { id: 'pairs-1', anchor: '一', positive: '答' },
      { id: 'pairs-2', anchor: '二', positive: '答', negatives: ['负', '误'] },
    ]);
    expect(rejected).toEqual([{ file: 'p.jsonl', line: 2, fault: 'negatives-unused', field: '2' }]);
  });

  it('are collected from columns with numbers and from lists in CSV cells', async () => {
    const csv = `query,positive,negative_1,negative_2\n问,答,负,"[""误"", ""错""]"\n`;
    expect((await imported('pairs', file('p.csv', csv))).rows[0]?.negatives).toEqual(['负', '误', '错']);
  });
});

describe('a label or score among pairs', () => {
  it('of 0 is never a positive, and the row is reported', async () => {
    const source = file('p.csv', 'query,passage,label\n喂多少,两公斤,1\n喂多少,温度,0\n喂多少,三公斤,0.4\n');
    const { rows, rejected } = await imported('pairs', source);
    expect(rows.map((row) => row.positive)).toEqual(['两公斤', '三公斤']);
    expect(rejected).toEqual([
      { file: 'p.csv', line: 3, fault: 'not-positive', field: 'label', expected: '0' },
      { file: 'p.csv', line: 4, fault: 'score-unused', field: '1' },
    ]);
  });

  it('is also used if it is the third cell of a tab-separated line', async () => {
    const { rows, rejectedCount } = await imported('pairs', file('p.txt', '一\t答\t1\n二\t答\t0\n三\t答\t负\n'));
    expect(rows.map((row) => [row.anchor, row.negatives])).toEqual([
      ['一', undefined],
      ['三', ['负']],
    ]);
    expect(rejectedCount).toBe(1);
  });
});

describe('lists as rows', () => {
  const expected = [
    { id: 'pairs-1', anchor: '问一', positive: '答一' },
    { id: 'pairs-2', anchor: '问二', positive: '答二', negatives: ['负二'] },
  ];
  it.each([
    ['a list per line', 'a.jsonl', '["问一","答一"]\n["问二","答二","负二"]\n'],
    ['a list per line named .txt', 'a.txt', '["问一","答一"]\n["问二","答二","负二"]\n'],
    ['a list per line named .json', 'a.json', '["问一","答一"]\n["问二","答二","负二"]\n'],
    ['a list of lists', 'a.json', '[["问一","答一"],["问二","答二","负二"]]'],
    ['a list of lists named .jsonl', 'a.jsonl', '[["问一","答一"],["问二","答二","负二"]]'],
  ])('%s becomes pairs, and further texts are negatives', async (_name, name, content) => {
    expect((await imported('pairs', file(name, content))).rows).toEqual(expected);
  });

  it('of a file with one line are one row, not a list of rows', async () => {
    const { rows } = await imported('pairs', file('a.jsonl', '["问一","答一"]\n'));
    expect(rows).toEqual(expected.slice(0, 1));
  });

  it('that form a set become its pairs, or one row with a report', async () => {
    const source = file(
      's.jsonl',
      json({ set: ['一', '二', '三'] }, { set: { query: '问', pos: ['答'], neg: ['负'] } }),
    );
    const { rows } = await imported('pairs', source);
    expect(rows.map(({ anchor, positive }) => [anchor, positive])).toEqual([
      ['一', '二'],
      ['一', '三'],
      ['二', '三'],
      ['问', '答'],
    ]);
  });
});

describe('rows of ms-swift', () => {
  const user = (content: string) => ({ role: 'user', content });
  const row = {
    messages: [user('早的问题'), user('喂多少')],
    positive_messages: [[user('两公斤')]],
    negative_messages: [[user('温度')]],
  };

  it('become pairs from the last message of the user and the texts of the other conversations', async () => {
    const { rows, rejected } = await imported('pairs', file('a.jsonl', json(row)));
    expect(rows).toEqual([{ id: 'pairs-1', anchor: '喂多少', positive: '两公斤', negatives: ['温度'] }]);
    expect(rejected.map(({ fault, field }) => [fault, field])).toEqual([
      ['messages-unused', '1'],
      ['negatives-unused', '1'],
    ]);
  });

  it('are read from a table whose cells hold the list as text, in JSON or as Python writes it', async () => {
    const cells = [
      '"[{""role"":""user"",""content"":""喂多少""},{""role"":""assistant"",""content"":""两公斤""}]"',
      `"[{'role': 'user', 'content': '几度'}, {'role': 'assistant', 'content': '二十度'}]"`,
    ];
    const { rows, rejected } = await imported('pairs', file('a.csv', ['messages', ...cells].join('\n')));
    expect(rows.map(({ anchor, positive }) => [anchor, positive])).toEqual([
      ['喂多少', '两公斤'],
      ['几度', '二十度'],
    ]);
    expect(rejected).toEqual([]);
  });

  it('are none if the column messages holds a text, which is never made both question and answer', async () => {
    const source = file(
      'a.jsonl',
      json({ messages: '文字' }, { messages: '留言', query: '喂多少', positive: '两公斤' }),
    );
    const { rows, rejected } = await imported('pairs', source);
    expect(rows.map(({ anchor, positive }) => [anchor, positive])).toEqual([['喂多少', '两公斤']]);
    expect(rejected.map(({ line, fault, field }) => [line, fault, field])).toEqual([
      [1, 'no-known-columns', 'messages'],
      [2, 'columns-unused', 'messages'],
    ]);
  });

  it('with a label are scored pairs', async () => {
    const { negative_messages: _, ...labelled } = { ...row, label: 0.5 };
    expect((await imported('scoredPairs', file('a.jsonl', json(labelled)))).rows).toEqual([
      { id: 'scoredPairs-1', sentence1: '喂多少', sentence2: '两公斤', score: 0.5 },
    ]);
  });

  it('with a rejected response have negatives', async () => {
    const source = file('a.jsonl', json({ query: '喂多少', response: '两公斤', rejected_response: ['温度'] }));
    expect((await imported('pairs', source)).rows[0]?.negatives).toEqual(['温度']);
  });
});

describe('columns that no row uses', () => {
  it('are reported once per file, by name', async () => {
    const { rejected, noteCount } = await imported(
      'pairs',
      file('p.csv', 'query,Page No,answer,来源\n问,,答,书\n问二,7,答,书\n'),
    );
    expect(rejected).toEqual([{ file: 'p.csv', line: 3, fault: 'columns-unused', field: 'Page No' }]);
    expect(noteCount).toBe(1);
  });
});

describe('an object that wraps the list of rows', () => {
  it('is reported with a note that lists its other members', async () => {
    const source = file(
      'p.json',
      JSON.stringify({ version: 2, data: [{ query: '一', positive: '答' }], extra: ['弃'] }),
    );
    const { rows, rejected } = await imported('pairs', source);
    expect(rows).toEqual([{ id: 'pairs-1', anchor: '一', positive: '答' }]);
    expect(rejected).toEqual([{ file: 'p.json', line: 1, fault: 'columns-unused', field: 'version, extra' }]);
  });
});
