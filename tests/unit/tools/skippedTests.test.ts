import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const tests = new URL('../../', import.meta.url);
const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.(?:test|spec)\.ts$/.test(name),
);

it('every test that may be skipped says why in its name', () => {
  const silent = files.flatMap((file) => {
    const text = readFileSync(new URL(file.replaceAll('\\', '/'), tests), 'utf8');
    const conditions = [...text.matchAll(/\b(?:it|test|describe)\.(?:skipIf|runIf)\(.*\)\(\s*(['"`].*['"`])/g)];
    // A name may take its reason from a constant: `${skipped}` or `${where}`.
    return conditions
      .filter(([, name = '']) => !/\(skipped |\$\{(?:skipped|where)\}/.test(name))
      .map(([, name]) => `${file}: ${name}`);
  });
  expect(silent).toEqual([]);
  expect(files.length).toBeGreaterThan(100);
});
