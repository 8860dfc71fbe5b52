import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { progressKinds } from '../../../src/domain/run';
import { layerProducts, productPasses } from '../../../src/domain/kernelTuning';
import {
  RunReport,
  eventsToKeep,
  passWords,
  productWords,
  progressWords,
  sweepLines,
} from '../../../tools/lib/runReport.mjs';
import { tempFolders } from '../../tempFolders';

const newFolder = tempFolders('recallsmith-report-');

const step = (number: number, loss: number, seq: number) => ({
  type: 'step',
  step: number,
  loss,
  learningRate: 2e-4,
  gradientNorm: 1,
  tokens: 100,
  stepMs: 50,
  runId: 'r',
  seq,
  at: seq,
});

it('a run report prints findings to stderr and everything else to stdout', async () => {
  const [out, err]: [string[], string[]] = [[], []];
  const folder = await newFolder();
  const report = new RunReport(
    folder,
    (line) => out.push(line),
    (line) => err.push(line),
  );
  report.note('a note');
  report.finding('warning: a finding');
  expect([out, err]).toEqual([['a note'], ['warning: a finding']]);
});

describe('events.jsonl', () => {
  it('has one line per step with the documented field names, and other events with their type', async () => {
    const folder = await newFolder();
    const report = new RunReport(folder, () => undefined);
    await report.begin();
    await report.add([{ type: 'phase', phase: 'train', runId: 'r', seq: 0, at: 0 }, step(1, 0.5, 1)]);
    const lines = (await readFile(join(folder, 'events.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { type: 'phase', phase: 'train', seq: 0, at: 0 },
      { step: 1, loss: 0.5, lr: 2e-4, gradientNorm: 1, tokens: 100, ms: 50 },
    ]);
  });

  it('is accompanied by a line on the rows that fit no batch of their epoch, if there are any', async () => {
    const printed: string[] = [];
    const report = new RunReport(await newFolder(), (line) => printed.push(line));
    await report.add([{ type: 'batchPlan', steps: 3, leftOut: [[0, 0]] }]);
    expect(printed).toEqual([]);
    await report.add([{ type: 'batchPlan', steps: 3, leftOut: [[0, 2], [1]] }]);
    expect(printed).toEqual(['rows that fit no batch of their epoch, by epoch: stage 1: 0, 2; stage 2: 1']);
    await report.add([{ type: 'batchPlan', steps: 3, leftOut: [[0, 3]] }]);
    expect(printed.at(-1)).toBe('rows that fit no batch of their epoch, by epoch: 0, 3');
  });

  it('is accompanied by a line at the beginning of each stage, if there are several', async () => {
    const stagesSeen = async (leftOut: number[][], stages: number[]): Promise<string[]> => {
      const printed: string[] = [];
      const report = new RunReport(await newFolder(), (line) => printed.push(line));
      const steps = stages.map((stage, i) => ({ ...step(i + 1, 0.5, i), stage }));
      await report.add([{ type: 'batchPlan', steps: steps.length, leftOut }, ...steps]);
      return printed.filter((line) => line.startsWith('=='));
    };
    expect(await stagesSeen([[0], [0]], [0, 0, 1, 1])).toEqual(['== stage 1 of 2', '== stage 2 of 2']);
    expect(await stagesSeen([[0]], [0, 0])).toEqual([]);
  });

  it('is accompanied by a line on the step after which a run resumed and the steps that are computed again', async () => {
    const printed: string[] = [];
    const report = new RunReport(await newFolder(), (line) => printed.push(line));
    await report.add([
      { type: 'resumed', step: 5, reached: 9 },
      { type: 'resumed', step: 5, reached: 6 },
      { type: 'resumed', step: 5, reached: 5 },
      { type: 'resumed', step: 0, reached: 3 },
    ]);
    expect(printed).toEqual([
      'resumed after step 5, the last checkpoint: computing steps 6 to 9 again',
      'resumed after step 5, the last checkpoint: computing step 6 again',
      'resumed after step 5, the last checkpoint',
      'resumed from the start, without a checkpoint: computing steps 1 to 3 again',
    ]);
  });

  it('is accompanied by a line on the step after which another version continues the run', async () => {
    const printed: string[] = [];
    const report = new RunReport(await newFolder(), (line) => printed.push(line));
    await report.add([{ type: 'buildChanged', step: 5, build: '1.0.1+abcd' }]);
    expect(printed).toEqual(['continuing after step 5 with another version: 1.0.1+abcd']);
  });

  it('keeps only the later line of a step that a resume repeated, and drops progress', () => {
    const events = [
      step(1, 0.5, 0),
      step(2, 0.4, 1),
      { type: 'progress' },
      { type: 'status', status: 'running' },
      step(2, 0.41, 2),
      step(3, 0.3, 3),
    ];
    expect(eventsToKeep(events).map((event) => ('loss' in event ? event.loss : undefined))).toEqual([
      0.5,
      undefined,
      0.41,
      0.3,
    ]);
  });

  it('keeps only the later dev evaluation and checkpoint of a step that a resume repeated', () => {
    const events = [
      { type: 'devEvaluation', step: 0, of: 'first' },
      { type: 'devEvaluation', step: 5, of: 'first' },
      { type: 'checkpoint', step: 5, of: 'first' },
      { type: 'status', status: 'running', of: 'second' },
      { type: 'devEvaluation', step: 5, of: 'second' },
      { type: 'checkpoint', step: 5, of: 'second' },
    ];
    expect(eventsToKeep(events).map(({ type, of }) => `${type} ${of}`)).toEqual([
      'devEvaluation first',
      'status second',
      'devEvaluation second',
      'checkpoint second',
    ]);
  });

  it('contains each alarm once, even if a resume repeated its step, and the terminal prints it', async () => {
    const alarm = (kind: string, of: string) => ({ type: 'alarm', step: 20, kind, steps: 10, of });
    const events = [alarm('deadGradients', 'first'), alarm('collapse', 'first'), alarm('deadGradients', 'second')];
    expect(eventsToKeep(events).map(({ kind, of }) => `${kind} ${of}`)).toEqual([
      'collapse first',
      'deadGradients second',
    ]);
    const printed: string[] = [];
    const report = new RunReport(await newFolder(), (line) => printed.push(line));
    await report.add([alarm('deadGradients', 'first')]);
    expect(printed).toEqual(['alarm at step 20: all gradients were 0 for 10 steps: the run no longer learns']);
  });

  it('has a phrase for every kind of progress', async () => {
    expect(Object.keys(progressWords)).toEqual(expect.arrayContaining([...progressKinds]));
    const printed: string[] = [];
    const report = new RunReport(await newFolder(), (line: string) => {
      printed.push(line);
    });
    await report.begin();
    await report.add([{ type: 'progress', what: 'tune', done: 7, of: 16 }]);
    await report.add([{ type: 'progress', done: 8, of: 16 }]);
    expect(printed).toEqual(['measuring kernels 7/16', 'working 8/16']);
  });

  it('prints how the kernels were chosen and the gain of each product', async () => {
    expect(Object.keys(productWords)).toEqual([...layerProducts]);
    expect(Object.keys(passWords)).toEqual([...productPasses]);
    const printed: string[] = [];
    const report = new RunReport(await newFolder(), (line: string) => {
      printed.push(line);
    });
    await report.begin();
    const common = { ms: 3456, unmeasured: 2, refused: { shaders: 0, bits: 1 } };
    const product = { product: 'feedForwardIn', pass: 'forward', tokens: 2048, gflops: 26_000, ruleGflops: 25_000 };
    await report.add([
      { type: 'kernels', source: 'measured', products: [product], ...common },
      { type: 'kernels', source: 'rules', reason: 'device-lost', products: [], ...common },
    ]);
    expect(printed).toEqual([
      'kernels: measured (3456 ms), 2 by the fixed rules for lack of time, left out 0 refused and 1 inexact',
      '  feed-forward in, forward, 2048 tokens: 26.00 TFLOP/s, 1.04 times the rules',
      'kernels: by the fixed rules (device-lost)',
    ]);
  });

  it('accepts 150,000 earlier events of a resumed run in one call, with the stack of the runner', async () => {
    const folder = await newFolder();
    const module = new URL('../../../tools/lib/runReport.mjs', import.meta.url).href;
    const code = `import(${JSON.stringify(module)}).then(async ({ RunReport }) => {
      const report = new RunReport(${JSON.stringify(folder)}, () => undefined);
      await report.begin();
      const event = { type: 'step', learningRate: 1e-5, loss: 0.5, tokens: 9, stepMs: 1 };
      await report.add(Array.from({ length: 150_000 }, (_, i) => ({ ...event, step: i + 1, seq: i })));
      await report.finish();
    })`;
    // In a real program, 150,000 arguments overflow the stack. The threads of these tests have a stack four times as
    // large.
    const program = new Worker(code, { eval: true, resourceLimits: { stackSizeMb: 1 } });
    await once(program, 'exit');
    const text = await readFile(join(folder, 'events.jsonl'), 'utf8');
    expect(text.trim().split('\n')).toHaveLength(150_000);
  }, 60_000);
});

describe('the report of a sweep', () => {
  it('keeps the steps of each run', () => {
    const steps = [1, 2].flatMap((run) => [1, 2].map((step) => ({ type: 'step', step, run })));
    expect(eventsToKeep([...steps, { type: 'step', step: 1, run: 2 }])).toHaveLength(4);
  });

  it('has a line per combination of settings, with mean, interval and the number of runs', () => {
    const axes = [
      { setting: 'temperature', values: [0.02, 0.05] },
      { setting: 'seed', values: [1, 2] },
    ];
    const rows = [
      { values: [0.02], runs: 2, scores: [0.3, 0.4], mean: 0.35, interval: { low: 0.1, high: 0.6 } },
      { values: [0.05], runs: 2, scores: [], mean: null, interval: null },
    ];
    expect(sweepLines({ axes, metric: 'hitRateAt1', rows })).toEqual([
      'temperature 0.02: dev hitRateAt1 35.0% (95% interval 10.0% to 60.0%), 2 of 2 runs',
      'temperature 0.05: no result, 0 of 2 runs',
    ]);
  });
});
