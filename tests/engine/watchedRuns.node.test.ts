import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { defaultStage, type Stage } from '../../src/domain/experiment';
import type { RunEvent } from '../../src/domain/run';
import { readEvents } from '../../src/storage/runEvents';
import { RunReport } from '../../tools/lib/runReport.mjs';
import { carriedOut } from './losingRun';
import type { SmallRun } from './smallRun';
import { tempFolders } from '../tempFolders';

const newFolder = tempFolders('recallsmith-watched-');

/** Executes a run. `of` returns its stored events of one type. */
async function watched(...given: Parameters<typeof carriedOut>) {
  const run = await carriedOut(...given);
  expect(run.failure).toBeUndefined();
  const events = await readEvents(run.db, run.record?.runId ?? '');
  const of = <T extends RunEvent['type']>(type: T): Extract<RunEvent, { type: T }>[] =>
    events.flatMap((event) => (event.type === type ? [event as Extract<RunEvent, { type: T }>] : []));
  return { ...run, of };
}

const { optimizer } = defaultStage();
const atRate = (learningRate: number, steps: number): Partial<Stage> => ({
  optimizer: { ...optimizer, learningRate },
  schedule: { kind: 'constant', warmup: 0 },
  duration: { unit: 'steps', value: steps },
  dropout: 0,
});

/** Returns the terminal's output for the stored events of a run. */
async function printedBy({ db, record }: Awaited<ReturnType<typeof watched>>): Promise<string[]> {
  const out = await newFolder();
  const printed: string[] = [];
  const report = new RunReport(out, (line: string) => void printed.push(line));
  await report.add(await readEvents(db, record?.runId ?? ''));
  return printed;
}

describe('a run whose learning rate is far too high', () => {
  it('raises one alarm that its vectors collapse, which is stored and printed', async () => {
    const run = await watched(() => false, {}, { stages: [atRate(1, 40)], passages: 60 });
    expect(run.of('alarm')).toMatchObject([{ kind: 'collapse', steps: 10 }]);
    const [alarm] = run.of('alarm');
    const alike = run.of('step').filter(({ step }) => step > (alarm?.step ?? 0) - 10 && step <= (alarm?.step ?? 0));
    expect(alike).toHaveLength(10);
    for (const { positiveScore = 0, negativeScore = 0 } of alike)
      expect(Math.min(positiveScore, negativeScore)).toBeGreaterThan(0.95);
    expect(await printedBy(run)).toContainEqual(
      expect.stringMatching(/^alarm at step \d+: .*the vectors are collapsing$/),
    );
  });
});

describe('a run with a loss that reports no scores and a learning rate that is far too high', () => {
  const onScores = { data: 'scoredPairs' } as const;
  const scores = Array.from({ length: 26 }, (_, i) => (i % 7) / 6);
  const runs: [string, Partial<Stage>, SmallRun][] = [
    ['CoSENT', { ...onScores, loss: { kind: 'cosent', temperature: 0.05 } }, { scores }],
    ['AnglE', { ...onScores, loss: { kind: 'angle', temperature: 0.05 } }, { scores }],
    ['cosine MSE', { ...onScores, loss: { kind: 'cosineMse' } }, { scores: scores.map((score) => 0.99 + score / 100) }],
    [
      'distillation',
      {
        negatives: { from: 'imported', perAnchor: 2 },
        loss: { kind: 'distillation', temperature: 0.02, teacherTemperature: 1, scores: 'imported' },
      },
      { withNegatives: true, withTeacherScores: true },
    ],
  ];

  it.each(runs)(
    'raises one alarm that its vectors collapse, from its looks at batches: %s',
    async (_name, stage, data) => {
      const run = await watched(() => false, {}, { stages: [{ ...atRate(1, 20), ...stage }], passages: 90, ...data });
      expect(run.of('step').every(({ positiveScore }) => positiveScore === undefined)).toBe(true);
      const alike = run.of('trainScores').filter(({ right, others }) => right > 0.95 && (others ?? 0) > 0.95);
      const alarms = run.of('alarm').filter(({ kind }) => kind === 'collapse');
      expect(alarms).toMatchObject([{ step: alike[2]?.step, steps: 11 }]);
    },
  );
});

describe('a run with a patience of 1 whose dev metric falls', () => {
  const evaluation = {
    devEverySteps: 1,
    checkpoint: 'bestDev',
    primary: 'mrrAt10',
    earlyStop: { patience: 1 },
  } as const;
  const small = { stages: [atRate(0.03, 40)], passages: 60 };

  it('ends early, keeps the best step, and reports that it ended early', async () => {
    const run = await watched(() => false, evaluation, small);
    const { record } = run;
    const dev = run.of('devEvaluation').filter(({ step }) => step > 0);
    const firstFall = dev.findIndex(({ metrics }, i) => i > 0 && metrics.mrrAt10 <= (dev[i - 1]?.metrics.mrrAt10 ?? 0));
    expect(record).toMatchObject({ status: 'done', steps: 40, stoppedStep: dev[firstFall]?.step });
    expect(dev).toHaveLength(firstFall + 1);
    expect(run.of('step').at(-1)?.step).toBe(record?.stoppedStep);
    const { stoppedStep = NaN } = record ?? {};
    expect(record?.keptStep).toBe(stoppedStep - 1);
    const stop = { step: stoppedStep, bestStep: stoppedStep - 1, evaluations: 1 };
    expect(run.of('earlyStop')).toMatchObject([stop]);
    expect(await printedBy(run)).toContain(
      `stopped early after step ${stop.step}: 1 dev evaluation without anything better than step ${stop.bestStep}`,
    );
  });

  it('has the same bits, kept step and end if it is killed before, during and after its last evaluation', async () => {
    const undisturbed = await watched(() => false, evaluation, small);
    const lost = (phase: string, call: number): boolean =>
      (phase === 'train' && [2, 5, 9].includes(call)) || (phase === 'evaluateAfter' && call === 1);
    const pauses = (phase: string, call: number): boolean => phase === 'train' && [1, 4, 8].includes(call);
    const disturbed = await watched(lost, evaluation, { ...small, pauses });
    expect(disturbed.lost).toBe(4);
    expect(disturbed.result).toEqual(undisturbed.result);
    expect(disturbed.record?.stoppedStep).toBe(undisturbed.record?.stoppedStep);
  });
});

describe('a run that limits the time for dev', () => {
  const limited = { devEverySteps: 5, checkpoint: 'bestDev', primary: 'mrrAt10', devTimeShare: 0.5 } as const;
  const large = { stages: [atRate(0.01, 60)], passages: 900 };

  it('evaluates dev on a sample with all right passages, and says so; before and after, on all passages', async () => {
    const run = await watched(() => false, limited, large);
    const { passages, of, everySteps, share } = run.record?.devPlan ?? { passages: 0, of: 0, everySteps: 0, share: 1 };
    expect(of).toBe(900);
    expect(passages).toBeGreaterThan(200);
    expect(passages).toBeLessThan(900);
    expect(share).toBeLessThanOrEqual(0.5);
    const dev = run.of('devEvaluation');
    expect(dev.map(({ step }) => step)).toEqual(
      Array.from({ length: 1 + Math.floor(60 / everySteps) }, (_, i) => i * everySteps),
    );
    for (const { metrics, sampleOf, scores } of dev) {
      expect([metrics.passages, sampleOf]).toEqual([passages, 900]);
      // Every question finds at least one right passage, so all are counted.
      expect(scores?.hardest).toHaveLength(6);
      expect(scores?.bestWrong.counts.reduce((sum, count) => sum + count, 0)).toBe(6);
    }
    for (const evaluation of run.result.read) expect(evaluation.metrics?.passages).toBe(900);
    const [before] = run.result.read;
    const [first] = dev;
    // With fewer wrong passages, no right passage ranks lower.
    expect(first?.metrics.mrrAt10).toBeGreaterThanOrEqual(before?.metrics?.mrrAt10 ?? NaN);
    const printed = await printedBy(run);
    expect(printed).toContainEqual(
      expect.stringContaining(`dev at step ${everySteps} on a sample of ${passages} of 900 passages: hit rate@1`),
    );
  });

  it('has the same sample and the same bits if it is killed, and if it is run again', async () => {
    const undisturbed = await watched(() => false, limited, large);
    const lost = (phase: string, call: number): boolean =>
      (phase === 'evaluateBefore' && call === 2) || (phase === 'train' && [4, 9, 30].includes(call));
    const disturbed = await watched(lost, limited, large);
    expect(disturbed.lost).toBe(4);
    expect(disturbed.result).toEqual(undisturbed.result);
    expect(disturbed.record?.devPlan).toEqual(undisturbed.record?.devPlan);
    const scoresOf = ({ of }: typeof disturbed) =>
      new Map(of('devEvaluation').map(({ step, scores }) => [step, scores]));
    expect(scoresOf(disturbed)).toEqual(scoresOf(undisturbed));
  });
});
