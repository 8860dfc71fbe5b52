import { describe, expect, it } from 'vitest';
import { formatOf, formatReader } from '../../../src/domain/import/format';

function read(text: string, pieces = 1): unknown[] {
  const reader = formatReader('markdown', 'a.md');
  const size = Math.ceil(text.length / pieces);
  const records = Array.from({ length: pieces }, (_, i) => reader.push(text.slice(i * size, (i + 1) * size))).flat();
  return [...records, ...reader.end()];
}

const handbook = `# 猪病

断奶后一周
容易拉稀。

## 保育

- 保温
- 通风

饲料
----
玉米为主。
# 母猪
五天发情。`;
const passages = [
  { line: 3, value: { title: '猪病', text: '断奶后一周\n容易拉稀。' } },
  { line: 8, value: { title: '猪病 › 保育', text: '- 保温\n- 通风' } },
  { line: 13, value: { title: '猪病 › 饲料', text: '玉米为主。' } },
  { line: 15, value: { title: '母猪', text: '五天发情。' } },
];

describe('a Markdown file', () => {
  it('is recognised by its name', () => {
    expect(formatOf('手册.MD', '[link](x)')).toBe('markdown');
  });

  it('becomes one passage per paragraph, with the headings above it as its title', () => {
    expect(read(handbook)).toEqual(passages);
  });

  it('is read the same in pieces cut anywhere and with Windows line ends', () => {
    for (const pieces of [2, 7, handbook.length]) expect(read(handbook, pieces)).toEqual(passages);
    expect(read(handbook.replaceAll('\n', '\r\n'), 5)).toEqual(passages);
  });

  it('keeps a fenced block together, including its blank lines and #', () => {
    const block = '```sh\n# not a heading\n\nrun\n```';
    expect(read(`前\n\n${block}\n\n后`)).toMatchObject([
      { value: { text: '前' } },
      { value: { text: block } },
      { line: 9 },
    ]);
  });

  it('reports metadata at the start, but reads the text after a horizontal rule', () => {
    expect(read('---\ntitle: 手册\ntags:\n  - a\n---\n正文')).toEqual([
      { line: 1, fault: 'front-matter' },
      { line: 6, value: { text: '正文' } },
    ]);
    expect(read('---\n\n正文')).toEqual([{ line: 3, value: { text: '正文' } }]);
  });

  it('skips horizontal rules, and counts the headings that no passage has in its title', () => {
    expect(read('# 一\n\n***\n\n## 二\n')).toEqual([{ line: 1, fault: 'headings-unused', field: '2' }]);
    expect(read('# 一\n\n## 二\n\n文\n\n## 三\n')).toEqual([
      { line: 5, value: { title: '一 › 二', text: '文' } },
      { line: 7, fault: 'headings-unused', field: '1' },
    ]);
  });
});
