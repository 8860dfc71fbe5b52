import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../tools/lib/source.mjs';

/** Writes rows to today's results file, which keeps its other rows. Returns the file's path. */
export async function writeResults(machine, results) {
  await mkdir(join(root, 'bench/results'), { recursive: true });
  const file = join(root, `bench/results/${new Date().toISOString().slice(0, 10)}.json`);
  await writeFile(
    file,
    `${JSON.stringify({ machine, results: [...otherRows(file, results), ...results] }, null, 2)}\n`,
  );
  return file;
}

/** Returns the rows of a results file that this run did not measure. */
function otherRows(file, results) {
  if (!existsSync(file)) return [];
  const measured = new Set(results.map(({ name }) => name));
  return JSON.parse(readFileSync(file, 'utf8')).results.filter(({ name }) => !measured.has(name));
}
