import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { root } from '../tools/lib/source.mjs';

/**
 * Writes rows to the machine's results file of today, which keeps its other rows. Each further machine of a day gets a
 * file of its own: <date>-2.json and so on. Returns the file's path.
 */
export async function writeResults(machine, results, folder = join(root, 'bench/results')) {
  await mkdir(folder, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const { file, rows } = ownFile(
    (count) => join(folder, count === 1 ? `${date}.json` : `${date}-${count}.json`),
    machine,
  );
  const measured = new Set(results.map(({ name }) => name));
  const others = rows.filter(({ name }) => !measured.has(name));
  await writeFile(file, `${JSON.stringify({ machine, results: [...others, ...results] }, null, 2)}\n`);
  return file;
}

/** Returns the first file that does not exist or holds rows of this machine, and its rows. */
function ownFile(nameOf, machine) {
  for (let count = 1; ; count++) {
    const file = nameOf(count);
    if (!existsSync(file)) return { file, rows: [] };
    const stored = JSON.parse(readFileSync(file, 'utf8'));
    if (isDeepStrictEqual(stored.machine, machine)) return { file, rows: stored.results };
  }
}
