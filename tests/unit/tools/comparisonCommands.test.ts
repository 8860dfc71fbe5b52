import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { comparisonLines } from '../../../tools/lib/comparisonLines.mjs';
import { tempFolders } from '../../tempFolders';

const newFolder = tempFolders('recallsmith-comparison-');

/** Time limit for refusing bad input, which must happen before anything is installed, built or started. */
const atOnceMs = 10_000;

function refused(tool: string, ...args: string[]): Promise<string> {
  const path = new URL(`../../../tools/${tool}.mjs`, import.meta.url).pathname;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [path, ...args], { timeout: atOnceMs }, (error, _stdout, stderr) => {
      if (error?.code === 1) resolve(stderr);
      else reject(new Error(`exited with ${error?.code ?? error?.signal ?? 0}: ${stderr}`));
    });
  });
}

const folder = await newFolder();
const file = join(folder, 'own.json');
const inFolder = (name: string): string => join(folder, name);

describe('npm run evaluate exits with code 1 and one sentence', () => {
  it.each([
    ['[]', /own\.json contains \[\], not an evaluation/],
    ['{\n "k": 1,,\n}', /own\.json, line 2: not valid JSON/],
    ['{"models": [{"location": "nowhere"}]}', /models\.0\.location names .*nowhere, which does not exist/],
    ['{"models": [{"location": "hub:../x"}]}', /models\.0\.location is hub:\.\.\/x, which names no model/],
    ['{"models": [{"location": ".", "onnx": "a.onnx"}]}', /models\.0\.onnx names .*a\.onnx, which does not exist/],
    ['{"locations": {"testQuestions": "none.csv"}}', /locations\.testQuestions names .*none\.csv/],
  ])('for a file with the content %j', async (content, sentence) => {
    await writeFile(file, content);
    const stderr = await refused('evaluate', file, '--out', inFolder('out'));
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(sentence);
  });

  it.each([
    [[], 'Give one evaluation file'],
    [['x.json'], 'Give a folder for the results with --out DIR'],
    [['x.json', '--out', 'x', '--language', 'fr'], '--language takes en or zh'],
    [['x.json', '--out', 'x', '--memory', '2'], 'Unknown option --memory'],
  ])('for the arguments %j', async (args, sentence) => {
    expect(await refused('evaluate', ...args)).toContain(sentence);
  });
});

describe('npm run compare exits with code 1 and one sentence', () => {
  it('for folders without results, and for one that is given twice', async () => {
    await mkdir(inFolder('empty'), { recursive: true });
    expect(await refused('compare', inFolder('none'))).toContain('which does not exist');
    expect(await refused('compare', inFolder('empty'))).toContain('metrics.json, which does not exist');
    expect(await refused('compare', folder, folder)).toContain('is given twice');
  });

  it.each([
    [[], 'Give the folders to compare'],
    [['x', '--k', '0'], '--k takes a whole number from 1 to 1000'],
    [['x', '--k', 'a'], '--k takes a whole number from 1 to 1000'],
  ])('for the arguments %j', async (args, sentence) => {
    expect(await refused('compare', ...args)).toContain(sentence);
  });
});

it('the terminal shows a line per model with its interval and its difference to the baseline, and the failed models', () => {
  const hits = { value: 0.5, wilson: { low: 0.25, high: 0.75 }, baseline: null };
  const baseline = { won: 3, lost: 1, verdict: 'noDifferenceShown', adjusted: 0.625 };
  const models = [
    { name: 'a', metrics: { 'hitRate@3': hits, 'mrr@10': { value: 0.25 } } },
    { name: 'longer', metrics: { 'hitRate@3': { ...hits, baseline }, 'mrr@10': { value: 0.5 } } },
  ];
  const about = { baseline: 'a', k: 3, part: 'test', questions: [{}, {}], passages: 9, failures: [] };
  const failures = [
    { name: 'c', what: 'questions' },
    { name: 'a', what: 'pairs' },
    { name: 'longer', what: 'probe' },
  ];
  expect(comparisonLines({ models, ...about, failures })).toEqual([
    '2 test questions, 9 passages, baseline a',
    'a       hit rate@3 50.0% (25.0% to 75.0%), MRR@10 0.2500',
    'longer  hit rate@3 50.0% (25.0% to 75.0%), MRR@10 0.5000; 3 improved, 1 worse: no difference shown, p = 0.63',
    'not evaluated: c',
    'scored pairs not compared: a',
    'general ability not measured: longer',
  ]);
});

it('the terminal shows the correlations of scored pairs, why some are not defined, and folders with other pairs', () => {
  const cell = (value: number, adjusted: number | null = null) => {
    const baseline = adjusted === null ? null : { adjusted };
    return { value, interval: { low: 0.25, high: 0.75 }, baseline };
  };
  const scoredPairs = {
    ...{ name: 'sts.csv', pairs: 9, baseline: 'a', otherPairs: ['out/b'] },
    models: [
      { name: 'a', undefined: null, spearman: cell(0.5), pearson: cell(0.5) },
      { name: 'same', undefined: 'equalScores', spearman: {}, pearson: {} },
      { name: 'b', undefined: null, spearman: cell(0.625, 0.25), pearson: { ...cell(0.5), interval: null } },
    ],
  };
  const about = {
    baseline: 'a',
    k: 1,
    part: 'test',
    questions: [],
    passages: 9,
    failures: [],
    models: [{ name: 'a' }],
  };
  const metrics = { 'hitRate@1': { value: 0, wilson: { low: 0, high: 1 }, baseline: null }, 'mrr@10': { value: 0 } };
  const models = [{ name: 'a', metrics }];
  expect(comparisonLines({ ...about, models, scoredPairs }).slice(2)).toEqual([
    '9 scored pairs of sts.csv, baseline a',
    'a     Spearman 0.5000 (0.2500 to 0.7500), Pearson 0.5000 (0.2500 to 0.7500)',
    'same  correlations are not defined: the model gives all pairs the same score',
    'b     Spearman 0.6250 (0.2500 to 0.7500), Pearson 0.5000; Spearman against the baseline: p = 0.25',
    'out/b has other pairs, which are not compared',
  ]);
});
