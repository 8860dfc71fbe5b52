import { describe, expect, it } from 'vitest';
import { LineCutter } from '../../../src/domain/import/lineCutter';
import { MarkdownReader } from '../../../src/domain/import/markdown';

function read(...lines: string[]): unknown[] {
  const reader = new MarkdownReader();
  return [...reader.push(lines.join('\n')), ...reader.end()];
}
/** Returns the passages as "title | text", or as text if they have no title. */
const passages = (...lines: string[]): unknown[] =>
  (read(...lines) as { value?: { title?: string; text: string } }[]).flatMap(({ value }) =>
    value ? [value.title === undefined ? value.text : `${value.title} | ${value.text}`] : [],
  );

describe('a line under a paragraph of Markdown', () => {
  it.each([['='], ['==='], ['-'], ['---'], ['   ==='], ['===  '], ['---\t']])('of %j makes it a heading', (line) => {
    expect(passages('猪病', line, '', '断奶')).toEqual(['猪病 | 断奶']);
  });

  it.each([['甲 ==='], ['=== 甲'], ['===甲'], ['=-='], ['    ===']])('of %j is part of it', (line) => {
    expect(passages('猪病', line)).toEqual([`猪病\n${line}`]);
  });

  it('of hyphens ends it if the paragraph has two lines, or is a list, a quotation or a table', () => {
    expect(passages('甲', '乙', '---', '丙')).toEqual(['甲\n乙', '丙']);
    for (const line of ['- 项', '* 项', '+ 项', '| 表 |', '> 引'])
      expect(passages(line, '---', '丙'), line).toEqual([line, '丙']);
    expect(passages('甲', '', '  - 项', '---', '丙')).toEqual(['甲', '- 项', '丙']);
    expect(passages('甲-乙', '---', '丙')).toEqual(['甲-乙 | 丙']);
  });

  it('of equals signs makes a heading above those of hyphens', () => {
    expect(passages('甲', '===', '乙', '---', '丙', '', '丁', '===', '戊')).toEqual(['甲 › 乙 | 丙', '丁 | 戊']);
  });
});

describe('a heading of Markdown', () => {
  it('without text below it is counted, with the line of the first one', () => {
    expect(read('甲', '', '乙', '==', '', '丙', '--')).toEqual([
      { line: 1, value: { text: '甲' } },
      { line: 3, fault: 'headings-unused', field: '2' },
    ]);
  });

  it('without a name is not counted and adds nothing to a title', () => {
    expect(read('#', '##  ')).toEqual([]);
    expect(passages('#', '## 乙', '文')).toEqual(['乙 | 文']);
  });

  it('ends those of its level and below, also if levels are skipped', () => {
    expect(passages('### 丙', '一', '## 丁', '二', '# 甲', '三')).toEqual(['丙 | 一', '丁 | 二', '甲 | 三']);
    expect(read('### 丙', '文')).toEqual([{ line: 2, value: { title: '丙', text: '文' } }]);
    expect(read('### 丙')).toEqual([{ line: 1, fault: 'headings-unused', field: '1' }]);
  });

  it('has no spaces around its text', () => {
    expect(passages('  猪病  ', '===', '文')).toEqual(['猪病 | 文']);
  });
});

describe('a paragraph of Markdown', () => {
  it('ends at a line of spaces, and keeps only the spaces at the start of its later lines', () => {
    expect(passages('  甲  ', '  乙  ', '  ', '丙')).toEqual(['甲\n  乙', '丙']);
  });

  it('of a fenced block ends at a line of its own marker only, at least as long as the first', () => {
    const block = (...lines: string[]): unknown[] => passages('```', '甲', '', ...lines, '', '乙');
    expect(block('```')).toEqual(['```\n甲\n\n```', '乙']);
    expect(block('````')).toEqual(['```\n甲\n\n````', '乙']);
    expect(block('  ``` ')).toEqual(['```\n甲\n\n  ```', '乙']);
    expect(block('~~~', '```')).toEqual(['```\n甲\n\n~~~\n```', '乙']);
    expect(block('```js', '```')).toEqual(['```\n甲\n\n```js\n```', '乙']);
    expect(block('``', '```')).toEqual(['```\n甲\n\n``\n```', '乙']);
  });
});

describe('metadata at the start of Markdown', () => {
  const left = { line: 1, fault: 'front-matter' };

  it.each([
    ['names and values', ['title: 甲', 'a-b : 1']],
    ['a comment', ['# 说明', 'a: 1']],
    ['a list', ['- 甲', '  - 乙']],
    ['indented lines', ['a:', '  乙', ' 丙']],
    ['an empty line', ['a: 1', '', 'b: 2']],
    ['hyphens at the end of a line', ['a: 甲 ---', 'b: 乙']],
    ['hyphens at the start of a line', ['--- 甲', 'a: 1']],
  ])('may have %s, and is left out', (_case, lines) => {
    expect(read('---', ...lines, '---', '正文')).toEqual([left, { line: lines.length + 3, value: { text: '正文' } }]);
  });

  it('begins and ends with three hyphens and spaces, or ends with three points', () => {
    expect(read('---  ', 'a: 1', '---  ', '正文')).toEqual([left, { line: 4, value: { text: '正文' } }]);
    expect(read('---', 'a: 1', '...', '正文')).toEqual([left, { line: 4, value: { text: '正文' } }]);
    expect(passages('  ---', 'a: 1', '---', '正文')).toEqual(['a: 1 | 正文']);
  });

  it.each([['正文-文'], ['正文 a: b'], ['正文a: b'], ['正文 文'], ['正文：甲']])(
    'is read as text if it has the line %j',
    (line) => {
      expect(read('---', line, '', '乙')).toEqual([
        { line: 2, value: { text: line } },
        { line: 4, value: { text: '乙' } },
      ]);
    },
  );

  it('keeps its headings and line numbers if it turns out to be text', () => {
    expect(read('---', 'a: 1', '# 甲', '# 乙', '正文')).toEqual([
      { line: 2, value: { text: 'a: 1' } },
      { line: 5, value: { title: '乙', text: '正文' } },
      { line: 3, fault: 'headings-unused', field: '1' },
    ]);
  });
});

describe('the lines of a text that arrives in pieces', () => {
  const linesOf = (...pieces: string[]): [number, string][] => {
    const cutter = new LineCutter();
    const lines: [number, string][] = [];
    const take = (line: string, number: number): void => void lines.push([number, line]);
    for (const piece of pieces) cutter.push(piece, take);
    cutter.end(take);
    return lines;
  };
  const expected = [
    [1, 'a'],
    [2, ''],
    [3, 'b'],
  ];

  it('end in \\n, \\r\\n or \\r, wherever the pieces are cut', () => {
    expect(linesOf('a\n\nb')).toEqual(expected);
    expect(linesOf('a\r\n\r\nb')).toEqual(expected);
    expect(linesOf('a\r\rb')).toEqual(expected);
    expect(linesOf('a\r', '\n\r', '\n', 'b')).toEqual(expected);
    expect(linesOf('a\r', '', '\n\nb')).toEqual(expected);
    expect(linesOf('a\n', '\n', 'b')).toEqual(expected);
    expect(linesOf('a\r', 'b\n').map(([, line]) => line)).toEqual(['a', 'b']);
    expect(linesOf('\na')).toEqual([
      [1, ''],
      [2, 'a'],
    ]);
  });

  it('are none for an empty text, and an end of line makes no further line', () => {
    expect(linesOf('')).toEqual([]);
    expect(linesOf('a\n')).toEqual([[1, 'a']]);
  });
});
