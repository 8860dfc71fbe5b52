import { readSheet } from 'read-excel-file/node';
import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { evaluateRanks } from '../../../src/domain/evaluate/evaluation';
import { armNames } from '../../../src/domain/negatives/arms';
import { compareArms } from '../../../src/domain/negatives/compareArms';
import type { ArmsFacts } from '../../../src/domain/report/armsFacts';
import { sweepAnswer, type SeveralRunsFacts, type SweepFacts } from '../../../src/domain/report/sweepFacts';
import { parseAxes, sweepPoints } from '../../../src/domain/sweep/sweep';
import { sweepTable, type SweepRow } from '../../../src/domain/sweep/sweepTable';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { resultFile, type AnyReportFacts, type ReportFormat } from '../../../src/ui/report/result/resultFiles';
import { writeXlsx } from '../../../workers/formats/xlsxWriter';

const hostile = '<script>alert(1)</script> | =1+1';
const experiment = defaultExperiment();
const common: SeveralRunsFacts = {
  ...{ name: hostile, createdAt: 0, build: 'test', metric: 'hitRateAt1', experiment, experimentHash: 'h' },
  training: { model: 'demo', rows: { pairs: 8 }, pairs: 8, device: null },
  ...{ questions: 4, findings: [] },
};
const axes = parseAxes(
  [
    { setting: 'temperature', values: [0.02, 0.05] },
    { setting: 'seed', values: [1, 2] },
  ],
  experiment,
);
const scores = [0.5, 0.75, 0.25, null];
const points = sweepPoints(experiment, axes);
const sweep: SweepFacts = {
  ...{ kind: 'sweep', ...common, axes },
  rows: sweepTable(axes, points, scores),
  runs: points.map(({ values }, i) => {
    const score = scores[i] ?? null;
    const status = score === null ? 'failed' : 'done';
    return { values, status, before: 0.25, score, keptStep: score === null ? null : 3, steps: 4 };
  }),
};

const ranks = { inBatch: [1, 3, Infinity, 2], mined: [1, 1, 4, 1], filtered: [2, 1, 1, 1] };
const resultsOf = (name: keyof typeof ranks) =>
  ranks[name].map((rank, i) => ({ questionId: `q${i}`, ranks: [rank], top: [] }));
const results = { inBatch: resultsOf('inBatch'), mined: resultsOf('mined'), filtered: resultsOf('filtered') };
const arms: ArmsFacts = {
  ...{ kind: 'arms', ...common, comparison: compareArms(results, 'hitRateAt1') },
  arms: armNames.map((name) => ({
    ...{ name, results: results[name], steps: 4 },
    metrics: evaluateRanks(results[name], [], 9, []).metrics,
  })),
  texts: new Map([['q0', hostile]]),
};

const writer = { writeSheets: writeXlsx, writeWorkbook: () => Promise.reject(new Error('not used')) };
const written = async (facts: AnyReportFacts, format: ReportFormat, language: 'zh' | 'en') =>
  resultFile(facts, format, language, writer);
const sheetOf = async (facts: AnyReportFacts, sheet: string) =>
  readSheet(Buffer.from(await (await written(facts, 'xlsx', 'en')).arrayBuffer()), sheet);

describe('the report of a sweep', () => {
  it('names the best combination on dev, its mean, and what the seed may explain', async () => {
    const html = await (await written(sweep, 'html', 'en')).text();
    expect(html).toContain('Best on dev: Temperature τ 0.02, with Hit rate@1 62.5% on average');
    expect(html).toContain(en.resultReport.severalRuns.chance.unknown);
    expect(html).toContain('1 of 4 runs have no score');
    const md = await (await written(sweep, 'markdown', 'zh')).text();
    expect(md).toContain('验证集上最好的是');
    expect(md).toContain(zh.resultReport.severalRuns.chance.unknown);
  });

  it('has the figures of its table and of every run as numbers in Excel', async () => {
    const table = await sheetOf(sweep, 'Combinations');
    const head = table.findIndex((row) => row.includes('Runs'));
    expect(table.slice(head + 1).map((row) => row.slice(1))).toEqual([
      [2, 2, 0.625, expect.any(Number), expect.any(Number), 0.5, 0.75],
      [2, 1, 0.25, null, null, 0.25, null],
    ]);
    const runs = await sheetOf(sweep, 'Runs');
    expect(runs.slice(1).map((row) => row.slice(3))).toEqual([
      [0.25, 0.5, 3, 4],
      [0.25, 0.75, 3, 4],
      [0.25, 0.25, 3, 4],
      [0.25, null, null, 4],
    ]);
  });
});

describe('the report of the negatives experiment', () => {
  it('has the change of each arm with its interval, on the page and in Excel', async () => {
    const html = await (await written(arms, 'html', 'en')).text();
    expect(html).toContain('Compared with negatives from the batch only, on 4 dev questions');
    expect(html).toContain('+50.0');
    const table = await sheetOf(arms, 'Metrics');
    const { inBatch, mined, filtered } = en.negatives.arms.names;
    const rowOf = (name: string) => table.find((row) => row[0] === name && typeof row[1] === 'number');
    expect(rowOf(inBatch)?.slice(1, 3)).toEqual([0.25, null]);
    const { change, interval } = arms.comparison.mined;
    expect(rowOf(mined)?.slice(1, 5)).toEqual([0.75, change, interval.low, interval.high]);
    expect(rowOf(filtered)?.[1]).toBe(0.75);
    const questions = await sheetOf(arms, 'Questions');
    expect(questions.slice(1).map((row) => row.slice(2))).toEqual([
      [1, 1, 2],
      [3, 1, 1],
      [en.evaluate.notFound, 4, 1],
      [2, 1, 1],
    ]);
    expect(questions[1]?.[1]).toBe(hostile);
  });
});

it.each<[string, AnyReportFacts, string]>([
  ['a sweep', sweep, 'Combinations'],
  ['the negatives experiment', arms, 'Metrics'],
])('the workbook of %s says how many texts had characters that Excel can’t hold', async (_what, facts, sheet) => {
  const named = { ...facts, name: 'a\u0000b' };
  const top = (await sheetOf(named, sheet)).map(([first]) => first);
  expect(top[0]).toBe('a□b');
  expect(top).toContain(`${en.resultReport.sheet.replacedNote}1`);
  expect((await sheetOf(facts, sheet)).flat().join()).not.toContain(en.resultReport.sheet.replacedNote);
});

it.each([
  ['a sweep', sweep],
  ['the negatives experiment', arms],
])('the report of %s has no scripts, and escapes the texts of the user', async (_what, facts) => {
  for (const language of ['zh', 'en'] as const) {
    const html = await (await written(facts, 'html', language)).text();
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;');
    expect(html).toContain("default-src 'none'");
    expect(await (await written(facts, 'markdown', language)).text()).not.toContain('<script>alert');
  }
});

describe('the best combination of a sweep', () => {
  const row = (mean: number | null, low?: number, high?: number): SweepRow => {
    const interval = low === undefined || high === undefined ? null : { low, high };
    return { values: [mean], runs: 2, scores: mean === null ? [] : [mean], mean, interval };
  };

  it.each<[string, SweepRow[], number | null, string]>([
    ['lies apart from the others', [row(0.2, 0.1, 0.3), row(0.6, 0.5, 0.7), row(0.4, 0.35, 0.45)], 0.6, 'apart'],
    ['overlaps with another', [row(0.2, 0.1, 0.3), row(0.6, 0.4, 0.7), row(0.4, 0.35, 0.45)], 0.6, 'overlap'],
    ['is not certain without intervals of all', [row(0.2), row(0.6, 0.4, 0.7)], 0.6, 'unknown'],
    ['is none if two share the highest mean', [row(0.6, 0.5, 0.7), row(0.6, 0.5, 0.7)], null, 'tie'],
    ['is none if there is nothing to compare it with', [row(0.6, 0.5, 0.7), row(null)], null, 'alone'],
    ['is none without a score', [row(null), row(null)], null, 'none'],
  ])('%s', (_case, rows, mean, certainty) => {
    const answer = sweepAnswer(rows);
    expect([answer.best?.mean ?? null, answer.certainty]).toEqual([mean, certainty]);
  });
});
