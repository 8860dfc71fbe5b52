import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { globSync } from 'tinyglobby';
import { root } from '../lib/source.mjs';

const endings = ['', '.ts', '.svelte', '.mjs', '/index.ts'];
/** Imports that stay after types are removed. */
const imports = /(?:^|\n)(?:import(?! type)|export(?! type))\s[^;]*?from\s*'(\.[^']+)'|\bimport\('(\.[^']+)'\)/g;

/** Returns the files that import each file. */
function importers(files) {
  const found = new Map();
  for (const name of files)
    for (const [, fixed, late] of readFileSync(join(root, name), 'utf8').matchAll(imports)) {
      const target = join(dirname(name), fixed ?? late);
      const ending = endings.find((one) => existsSync(join(root, target + one)) && /\.\w+$/.test(target + one));
      if (ending !== undefined) found.set(target + ending, [...(found.get(target + ending) ?? []), name]);
    }
  return found;
}

/** Returns the number of imports between a file and each file that needs it. */
function distances(name, importersOf) {
  const found = new Map([[name, 0]]);
  for (const [file, distance] of found)
    for (const importer of importersOf.get(file) ?? []) if (!found.has(importer)) found.set(importer, distance + 1);
  return found;
}

/**
 * Returns for each of `names` the `count` test files that import it most directly. Those of the same name come first,
 * and engine tests, which are slower, after the unit tests of the next distance.
 */
export function nearestTests(names, count) {
  const files = globSync(['{src,workers}/**/*.{ts,svelte}', 'tests/{unit,engine}/**/*.ts'], { cwd: root }).sort();
  const importersOf = importers(files);
  return new Map(
    names.map((name) => {
      const stem = basename(name, '.ts');
      const rank = ([test, distance]) =>
        distance - (basename(test).startsWith(`${stem}.`) ? 2 : 0) + (test.startsWith('tests/engine/') ? 1.5 : 0);
      const tests = [...distances(name, importersOf)].filter(([test]) => /(?<!\.gpu)\.test\.ts$/.test(test));
      return [
        name,
        tests
          .sort((a, b) => rank(a) - rank(b))
          .slice(0, count)
          .map(([test]) => test),
      ];
    }),
  );
}
