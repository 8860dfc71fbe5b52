import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonFaultLine } from '../../../tools/lib/jsonFault.mjs';
import { tempFolders } from '../../tempFolders';

const newFolder = tempFolders('recallsmith-command-');

const tool = new URL('../../../tools/experiment.mjs', import.meta.url).pathname;
/** Time limit for refusing bad input, which must happen before anything is installed, built or started. */
const atOnceMs = 10_000;

function refused(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [tool, ...args], { timeout: atOnceMs }, (error, _stdout, stderr) => {
      if (error?.code === 1) resolve(stderr);
      else reject(new Error(`exited with ${error?.code ?? error?.signal ?? 0}: ${stderr}`));
    });
  });
}
async function folderWith(name: string, content: string): Promise<{ folder: string; file: string; out: string }> {
  const folder = await newFolder();
  const file = join(folder, name);
  await writeFile(file, content);
  return { folder, file, out: join(folder, 'out') };
}
function expectOneSentence(stderr: string): void {
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/\.\n$/);
  expect(stderr).not.toMatch(/\bE[A-Z]{4,}\b|\bat \?/);
}

describe('npm run experiment exits with code 1 and one sentence', () => {
  it.each([
    ['[]', /own\.json contains \[\], not an experiment/],
    ['null', /own\.json contains null/],
    ['{\n  "seed": 7,\n  "stages": [\n    {"dropout": 0},,\n  ]\n}\n', /own\.json, line 4: not valid JSON/],
    ['{\n "seed": 7\n', /own\.json, line 2: not valid JSON/],
    ['{"locations": {"model": "hub:../x"}}', /locations\.model is hub:\.\.\/x, which names no model/],
    ['{"locations": {"pairs": "nowhere.csv"}}', /locations\.pairs names .*nowhere\.csv, which does not exist/],
  ])('for an experiment file with the content %j', async (content, sentence) => {
    const { file, out } = await folderWith('own.json', content);
    const stderr = await refused(file, '--out', out);
    expectOneSentence(stderr);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('experiment.json');
  });

  it('for a file that does not exist and for a folder', async () => {
    const { folder, out } = await folderWith('own.json', '{}');
    for (const [path, reason] of [
      [join(folder, 'none.json'), 'it does not exist'],
      [folder, 'it is a folder'],
    ] as const) {
      const stderr = await refused(path, '--out', out);
      expectOneSentence(stderr);
      expect(stderr).toContain(`${path} cannot be read: ${reason}`);
    }
  });

  it.each([
    [['--fast'], 'Unknown option --fast'],
    [['--out'], '--out needs a value'],
    [['--software-webgpu=yes'], '--software-webgpu takes no value'],
    [['--out', 'x', '--hub-host', 'ftp://x'], '--hub-host takes huggingface, hf-mirror, modelscope or an address'],
  ])('for the options %j', async (args, sentence) => {
    const stderr = await refused('x.json', ...args);
    expectOneSentence(stderr);
    expect(stderr).toContain(sentence);
  });

  it('for an --out folder that cannot be written to', async () => {
    const { folder, file } = await folderWith('own.json', '{}');
    await mkdir(join(folder, 'free'));
    const places = [file, join(file, 'below')];
    // In /proc, Node's recursive mkdir never returns.
    if (existsSync('/proc/self')) places.push('/proc/nowhere/out');
    for (const place of places) {
      const stderr = await refused(file, '--out', place);
      expectOneSentence(stderr);
      expect(stderr).toContain(`--out names ${place}, which cannot be written to`);
    }
  });
});

describe('jsonFaultLine', () => {
  it.each<[string, number | null]>([
    ['{"a": [1, -2.5e3, true, null, "x\\n\\u00e9"], "b": {}}\n', null],
    [' [ ] ', null],
    ['', 1],
    ['{"a": 1\n "b": 2}', 2],
    ['{"a": 1,\r\n}', 2],
    ["{\n'a': 1}", 2],
    ['{"a":\n"one\ntwo"}', 2],
    ['[1,\n01]', 2],
    ['{}\n{}', 2],
    ['[1,\n2\n\n', 2],
  ])('of %j returns %j', (text, line) => {
    expect(jsonFaultLine(text)).toBe(line);
    const parses = (): unknown => JSON.parse(text);
    if (line === null) expect(parses).not.toThrow();
    else expect(parses).toThrow();
  });
});
