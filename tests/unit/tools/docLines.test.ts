import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

it.each(pages)('the lines of %s have at most 120 characters, except those of tables', (page) => {
  const long = readFileSync(new URL(page, root), 'utf8')
    .split('\n')
    .flatMap((line, i) => (line.length > 120 && !line.startsWith('|') ? [`${page}:${i + 1}`] : []));
  expect(long).toEqual([]);
});
