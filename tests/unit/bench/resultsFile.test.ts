import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeResults } from '../../../bench/resultsFile.mjs';

it('a results file keeps the rows of its own machine only, and another machine gets its own file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'results-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const write = async (cores: number, name: string, figure: number): Promise<string> =>
    basename(await writeResults({ cores }, [{ name, figure }], folder));
  const first = await write(2, 'a', 1);
  const second = await write(4, 'a', 2);
  expect(await write(2, 'b', 3)).toBe(first);
  expect(await write(4, 'a', 4)).toBe(second);
  expect((await readdir(folder)).sort()).toEqual([first, second].sort());
  const stored = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(folder, file), 'utf8'));
  expect(await stored(first)).toEqual({
    machine: { cores: 2 },
    results: [
      { name: 'a', figure: 1 },
      { name: 'b', figure: 3 },
    ],
  });
  expect(await stored(second)).toEqual({ machine: { cores: 4 }, results: [{ name: 'a', figure: 4 }] });
});
