import { describe, expect, it } from 'vitest';
import { CsvReader } from '../../../src/domain/import/csv';
import { LiteralParser } from '../../../src/domain/import/literal';
import { importFaultSentence } from '../../../src/ui/i18n/errors/importFaults';
import { file, imported, json, refused } from './importFiles';

const pairsIn = async (name: string, text: string) => {
  const { rows, rejected } = await imported('pairs', file(name, text));
  return {
    pairs: rows.map(({ anchor, positive }) => [anchor, positive]),
    report: rejected.map(({ line, fault, field = '', expected = '' }) => [line, fault, field, expected]),
  };
};

describe('a JSON list of lists', () => {
  const rows = '["问","答"],["问二","答二"]';
  it.each([
    ['a.json', `[["question","answer"],${rows}]`],
    ['a.json', `{"data":[["question","answer"],${rows}]}`],
    ['a.jsonl', '["question","answer"]\n["问","答"]\n["问二","答二"]\n'],
    ['a.json', `[["答案","问题"],["答","问"],["答二","问二"]]`],
  ])('in %s whose first list has known names takes them for its columns: %s', async (name, text) => {
    const { pairs, report } = await pairsIn(name, text);
    expect(pairs).toEqual([
      ['问', '答'],
      ['问二', '答二'],
    ]);
    expect(report).toEqual([]);
  });

  it('has no column names if the first list is a row', async () => {
    expect((await pairsIn('a.json', `[${rows}]`)).pairs).toHaveLength(2);
    expect((await pairsIn('a.json', `[["question","喂几次"],${rows}]`)).pairs).toHaveLength(3);
    expect((await pairsIn('a.json', `[["question","question"],${rows}]`)).pairs).toHaveLength(3);
    expect((await pairsIn('a.json', `[["question","answer",7],${rows}]`)).pairs).toHaveLength(3);
  });

  it('names one column, and the later columns are kept, listed as unused or reported as too many', async () => {
    const { rows: passages } = await imported('knowledgeBase', file('a.json', '[["内容"],["甲"],["乙"]]'));
    expect(passages.map(({ text }) => text)).toEqual(['甲', '乙']);
    const text =
      '[["id","问题","答案","备注"],["a","问","答","x"],["b","问二","答二","y","z"],["id","问题","答案","备注"]]';
    expect(await pairsIn('a.json', text)).toEqual({
      pairs: [['问', '答']],
      report: [
        [1, 'more-cells', '5', '4'],
        [1, 'header-repeated', '', ''],
        [1, 'columns-unused', '备注', ''],
      ],
    });
  });
});

describe('JSON with comments', () => {
  const rows = ['{"query":"一","pos":"二"}', '{"query":"三","pos":"四"}'];
  const pairs = [
    ['一', '二'],
    ['三', '四'],
  ];
  it.each([
    ['a.json', `// 说明\n[${rows.join(', // 尾\n')}]`, 2],
    ['a.json', `/* 说明\n[{"query"} */\n{"data":[${rows.join(',')}]}`, 1],
    ['a.json5', `// 说明\n[${rows.join(',')},]`, 1],
    ['a.txt', `// 说明\n[${rows.join(',')}]`, 1],
    ['a.jsonl', `# 说明\n${rows[0]}\n${rows[1]} // 尾\n`, 2],
  ])('in %s is read, and its comments are counted: %s', async (name, text, count) => {
    const found = await pairsIn(name, text);
    expect(found.pairs).toEqual(pairs);
    expect(found.report).toEqual([[1, 'comments-unused', String(count), '']]);
  });

  it('counts a comment once that is read again after a fault', async () => {
    const { pairs: found, report } = await pairsIn('a.json', `{"data":[${rows[0]}, // 尾\n${rows[1]}, {"query" 1}]}`);
    expect(found).toEqual(pairs);
    expect(report.filter(([, fault]) => fault === 'comments-unused')).toEqual([[1, 'comments-unused', '1', '']]);
  });

  it('does not hold every comment in memory, of which a file may have any number', () => {
    const parser = new LiteralParser('/* 一 */ // 二\n [1, # 三\n]', false);
    expect(parser.value(0)).toEqual([1]);
    expect(parser.comments).toEqual({ count: 3, first: 0, last: 18 });
  });

  it('is not seen in a text that merely contains // or #', async () => {
    const text = json({ query: 'https://a.cn/#x', pos: '/* 不是注释 */' });
    expect(await pairsIn('a.jsonl', text)).toEqual({ pairs: [['https://a.cn/#x', '/* 不是注释 */']], report: [] });
    const { rows: passages } = await imported('knowledgeBase', file('a.txt', '// 一行\n第二行'));
    expect(passages).toHaveLength(2);
  });

  it('reads names without quotes, as in JSON5, but not True or null as a name', async () => {
    expect((await pairsIn('a.json', "[{query: '一', pos: '二',}, {问题: '三', 答案 : '四'}]")).pairs).toEqual(pairs);
    expect((await pairsIn('a.jsonl', '{query:"一",pos:"二"}\n{$x:1,_y:2,query:"三",pos:"四"}\n')).pairs).toEqual(pairs);
    expect((await imported('knowledgeBase', file('a.jsonl', '{None: 1, text: "甲"}\n'))).rejected).toMatchObject([
      { fault: 'columns-unused', field: 'null' },
    ]);
  });
});

describe('a place that is not JSON', () => {
  it.each([
    ['a.jsonl', '{"query":"一","pos":Infinity}\n{"query":"三","pos":"四"}\n', 1, 'Infinity}'],
    ['a.jsonl', '{"query":"三","pos":"四"}\nhello\n', 2, 'hello'],
    ['a.json', '[{"query":"三","pos":"四"},\n{"query" "一"}]', 2, '"一"}]'],
    ['a.json', '[{"query":"三","pos":"四"},\n{"query":"一', 2, ''],
    ['a.jsonl', '{"query":"三","pos":"四"}\n/* 没有结束\n', 2, '/* 没有结束'],
  ])('in %s is quoted: %s', async (name, text, line, quoted) => {
    const { pairs, report } = await pairsIn(name, text);
    expect(pairs).toEqual([['三', '四']]);
    expect(report).toEqual([[line, 'json-broken', quoted, '']]);
    const { zh, en } = importFaultSentence({ fault: 'json-broken', ...(quoted === '' ? {} : { field: quoted }) });
    expect([zh.includes(`“${quoted}”`), en.includes(`“${quoted}”`)]).toEqual([quoted !== '', quoted !== '']);
  });
});

describe('a row without column names', () => {
  it('that has too few cells is not called empty', async () => {
    const details = { kind: 'import-failed', file: 'a.txt', line: 1, fault: 'fewer-cells', field: '1' };
    expect(await refused('pairs', file('a.txt', '问|答\n'))).toEqual({ ...details, expected: '2' });
    expect(await refused('scoredPairs', file('a.txt', '一||二||5\n'))).toEqual({ ...details, expected: '3' });
    expect((await pairsIn('a.txt', '问\t答\n问二\t\n')).report).toEqual([[2, 'text-empty', 'positive', '']]);
  });
});

describe('a row of another tool', () => {
  it('is a conversation of ShareGPT: its last question and answer, and earlier turns are counted', async () => {
    const turns = [
      { from: 'human', value: '旧' },
      { from: 'gpt', value: '旧答' },
      { from: 'human', value: '问' },
      { from: 'gpt', value: '答' },
    ];
    const found = await pairsIn('a.json', JSON.stringify([{ conversations: turns }]));
    expect(found).toEqual({ pairs: [['问', '答']], report: [[1, 'messages-unused', '2', '']] });
    const odd = JSON.stringify([{ conversations: [{ from: 'constructor', value: '问' }] }]);
    expect(await refused('pairs', file('a.json', odd))).toMatchObject({ fault: 'text-empty', field: 'anchor' });
  });

  it('is in the list that Navicat exports, or has the names of a form', async () => {
    const text = JSON.stringify({ RECORDS: [{ '*问题': '问', '标准答案（必填）': '答' }] });
    expect(await pairsIn('a.json', text)).toEqual({ pairs: [['问', '答']], report: [] });
    const { rows } = await imported('knowledgeBase', file('a.jsonl', json({ page_content: '段' })));
    expect(rows).toMatchObject([{ text: '段' }]);
  });

  it('with two sentences and a label is reported as a scored pair', async () => {
    const source = file('a.jsonl', json({ sentence1: '一', sentence2: '二', label: 'entailment' }));
    expect(await refused('pairs', source)).toEqual({ kind: 'import-failed', file: 'a.jsonl', fault: 'scored-pairs' });
  });
});

it('a first line of sep= names the separator of a CSV file', async () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['sep=;', '问题;答案', '问;答,又', '', '坏;一;二'].join(end);
    expect(await pairsIn('a.csv', text)).toEqual({ pairs: [['问', '答,又']], report: [[5, 'more-cells', '3', '2']] });
  }
  expect((await pairsIn('a.tsv', 'sep=|\n问题\t答案\n问\t答\n')).pairs).toEqual([['问', '答']]);
});

it('a first line of sep= names the separator of a CSV file that arrives in two pieces, cut at any place', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['sep=|', 'a|b', '1|2,3', ''].join(end);
    for (let cut = 0; cut <= text.length; cut++) {
      const reader = new CsvReader();
      const records = [...reader.push(text.slice(0, cut)), ...reader.push(text.slice(cut)), ...reader.end()];
      expect(records, `cut at ${cut}`).toEqual([{ line: 3, value: { a: '1', b: '2,3' } }]);
    }
  }
  const short = new CsvReader();
  expect([...short.push('a,b\n'), ...short.push('1'), ...short.end()]).toEqual([{ line: 2, value: { a: '1', b: '' } }]);
});
