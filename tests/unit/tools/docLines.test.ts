import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);

/** Text files that the linter does not read: pages, Python scripts, styles, workflows and wasm functions. */
const kinds: Record<string, string[]> = {
  '': ['.md'],
  docs: ['.md'],
  '.github': ['.md', '.yml'],
  src: ['.css'],
  tools: ['.py'],
  'workers/engine/wasm/assembly': ['.ts'],
};
const files = Object.entries(kinds).flatMap(([folder, extensions]) =>
  readdirSync(new URL(`${folder}/`.replace(/^\/$/, './'), root), { recursive: folder !== '', encoding: 'utf8' })
    .map((name) => (folder === '' ? name : `${folder}/${name.replaceAll('\\', '/')}`))
    .filter((path) => extensions.includes(extname(path))),
);

it.each(files)('the lines of %s have at most 120 characters, except those of tables', (file) => {
  const isTable = (line: string): boolean => file.endsWith('.md') && line.startsWith('|');
  const long = readFileSync(new URL(file, root), 'utf8')
    .split('\n')
    .flatMap((line, i) => (line.length > 120 && !isTable(line) ? [`${file}:${i + 1}`] : []));
  expect(long).toEqual([]);
});
