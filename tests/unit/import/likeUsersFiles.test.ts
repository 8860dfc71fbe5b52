import { describe, expect, it } from 'vitest';
import { file, imported, json, refused } from './importFiles';
import { workbook } from './workbook';

const xlsx = (rows: Parameters<typeof workbook>[0]['rows'], merged: string[] = []): File =>
  new File([workbook({ name: '表', rows, merged })], 'a.xlsx');

describe('a heading merged across columns between the rows of a table', () => {
  it('is reported, not copied to question and answer', async () => {
    const source = xlsx(
      [['问题', '答案'], ['第一章'], ['问', '答'], ['第二章'], [], ['问二', '答二']],
      ['A2:B2', 'A4:B5'],
    );
    const { rows, rejected } = await imported('pairs', source);
    expect(rows.map(({ anchor, positive }) => [anchor, positive])).toEqual([
      ['问', '答'],
      ['问二', '答二'],
    ]);
    expect(rejected.map(({ line, fault }) => [line, fault])).toEqual([
      [2, 'title-row'],
      [4, 'title-row'],
    ]);
  });

  it('is a row where the column name is merged as widely, or other cells of the row have text', async () => {
    const wide = xlsx([['内容'], ['甲'], ['乙']], ['A1:B1', 'A2:B2', 'A3:B3']);
    expect((await imported('knowledgeBase', wide)).rows.map(({ text }) => text)).toEqual(['甲', '乙']);
    const partly = xlsx(
      [
        ['id', '问题', '答案'],
        ['1', '同', null],
      ],
      ['B2:C2'],
    );
    expect((await imported('pairs', partly)).rows).toMatchObject([{ anchor: '同', positive: '同' }]);
  });
});

describe('a table that is saved as text', () => {
  it.each([
    ['a.txt', '\t'],
    ['a.xls', '\t'],
    ['a.txt', ','],
    ['data', ';'],
  ])('has column names on the first line of %s, with %j between the cells', async (name, delimiter) => {
    const lines = [
      ['query', 'passage', 'label'],
      ['问', '答', '1'],
      ['问二', '答二', '0'],
    ];
    const source = file(name, lines.map((cells) => cells.join(delimiter)).join('\n'));
    const { rows, rejected } = await imported('pairs', source);
    expect(rows).toMatchObject([{ anchor: '问', positive: '答' }]);
    expect(rejected).toMatchObject([{ line: 3, fault: 'not-positive' }]);
  });

  it('has none if the first line is text, or has one known name only', async () => {
    const lines = ['问题\t喂什么', 'text', '标题，正文'];
    const { rows } = await imported('knowledgeBase', file('a.txt', lines.join('\n')));
    expect(rows.map(({ text }) => text)).toEqual(lines);
  });
});

describe('a text file', () => {
  it.each(['{提示}猪舍', '["一"开头', '[注意] 温度'])('may begin with %s', async (line) => {
    const { rows, rejected } = await imported('knowledgeBase', file('a.txt', `${line}\n第二行`));
    expect(rows.map(({ text }) => text)).toEqual([line, '第二行']);
    expect(rejected).toEqual([]);
  });

  it('with JSON is read as JSON', async () => {
    for (const text of ['[\n"甲", "乙"]', '["甲",\n "乙"]'])
      expect((await imported('knowledgeBase', file('a.txt', text))).rows.map((row) => row.text)).toEqual(['甲', '乙']);
    const object = file('a.txt', '{\n  "data": [{"text": "甲"}]\n}');
    expect((await imported('knowledgeBase', object)).rows.map((row) => row.text)).toEqual(['甲']);
  });

  it.each([
    ['a.html', '\ufeff<!DOCTYPE html>\n<html><body><p>甲</p></body></html>'],
    ['a.xls', '<html xmlns:o="urn:x"><table><tr><td>问题</td></tr></table></html>'],
    ['a.txt', '<?xml version="1.0"?>\n<docs><doc>甲</doc></docs>'],
  ])('is refused by its type if it is markup: %s', async (name, text) => {
    const details = { kind: 'import-failed', file: name, fault: 'wrong-type', fileType: 'markup' };
    expect(await refused('knowledgeBase', file(name, text))).toEqual(details);
  });

  it('may speak of markup', async () => {
    const text = '<html> 标签是网页的根\n第二行';
    expect((await imported('knowledgeBase', file('a.txt', text))).rows).toHaveLength(2);
  });
});

describe('a value that only looks like one', () => {
  it('is not a score if it is a hexadecimal or binary number', async () => {
    const source = file('a.csv', 'sentence1,sentence2,score\na,b,0x10\nc,d,0b1\ne,f,.5\ng,h,1e-3\ni,j,-1.\nk,l,%\n');
    const { rows, rejected } = await imported('scoredPairs', source);
    expect(rows.map(({ score }) => score)).toEqual([0.5, 0.001, -1]);
    expect(rejected.map(({ line, fault }) => [line, fault])).toEqual([2, 3, 7].map((line) => [line, 'not-a-number']));
  });

  it('is not a passage if it displays nothing', async () => {
    const { rows, rejected } = await imported(
      'knowledgeBase',
      file('a.csv', 'id,text\n1,\u200b\n2,\u200b\u3164 \n3,甲\u200b\n'),
    );
    expect(rows).toEqual([{ id: '3', text: '甲\u200b' }]);
    expect(rejected.map(({ line, fault }) => [line, fault])).toEqual([2, 3].map((line) => [line, 'text-empty']));
  });

  it('is a label, not a count of rows, if it is false and then true', async () => {
    const rows = [
      { query: 'a', passage: 'b', is_positive: false },
      { query: 'c', passage: 'd', is_positive: true },
    ];
    const { rejected } = await imported('pairs', file('a.jsonl', json(...rows)));
    expect(rejected[0]).toMatchObject({ line: 1, fault: 'column-maybe-label', field: 'is_positive' });
  });
});

it('reads 100,000 columns of one name', async () => {
  const count = 100_000;
  const source = file('a.csv', `query,answer${',x'.repeat(count)}\n问,答${',1'.repeat(count)}`);
  const { rows } = await imported('pairs', source);
  expect(rows).toMatchObject([{ anchor: '问', positive: '答' }]);
});
