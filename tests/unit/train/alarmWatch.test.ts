import 'fake-indexeddb/auto';
import { safeParse } from 'valibot';
import { describe, expect, it } from 'vitest';
import { differenceInterval } from '../../../src/domain/evaluate/statistics';
import { runEventSchema } from '../../../src/domain/project/eventSchemas';
import type { RunEvent, RunEventBody, StepReport } from '../../../src/domain/run';
import type { Alarm } from '../../../src/domain/train/alarm';
import { AlarmWatch } from '../../../src/domain/train/alarmWatch';
import { readEvents } from '../../../src/storage/runEvents';
import { putRun } from '../../../src/storage/runs';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { alarmText, newestAlarms } from '../../../src/ui/train/alarmText';
import { alarmLine } from '../../../tools/lib/alarmLine.mjs';
import { alarmWatchOf } from '../../../workers/services/train/alarmWatchOf';
import { RunLog } from '../../../workers/services/train/runLog';
import { freshDatabase, runRecord } from '../storage/support';
import { viewAfter } from './runEvents';

type Changes = Partial<StepReport>;
const step = (number: number, changes: Changes = {}): RunEventBody => ({
  ...{ type: 'step', step: number, stage: 0, epoch: 0, loss: 1, learningRate: 1e-3, gradientNorm: 1 },
  ...{ positiveScore: 0.8, negativeScore: 0.2, tokens: 1, stepMs: 1, backendBytes: 0, ...changes },
});
const dev = (number: number, hits: number, questions = 100): RunEventBody =>
  ({
    type: 'devEvaluation',
    step: number,
    metrics: { hitRateAt1: hits / questions, questions },
    best: false,
  }) as RunEventBody;

/** Steps 1 … `count`, with the changes that `of` returns for each step. */
const steps = (count: number, of: (step: number) => Changes): RunEventBody[] =>
  Array.from({ length: count }, (_, i) => step(i + 1, of(i + 1)));
const alarmsOf = (events: RunEventBody[], watch = new AlarmWatch('hitRateAt1')): Alarm[] =>
  events.flatMap((event) => watch.saw(event));
const found = (events: RunEventBody[]) => alarmsOf(events).map(({ kind, step: at }) => [kind, at]);

describe('an alarm for collapse', () => {
  const alike = { positiveScore: 0.99, negativeScore: 0.96 };

  it('is raised after ten steps with both mean scores above 0.95, once until the scores differ again', () => {
    const events = steps(40, (n) => ((n >= 5 && n < 20) || n > 25 ? alike : {}));
    expect(alarmsOf(events)).toEqual([
      { step: 14, kind: 'collapse', steps: 10, ...alike },
      { step: 35, kind: 'collapse', steps: 10, ...alike },
    ]);
  });

  it('is not raised if only positives score that high, or after nine steps, or without scores', () => {
    expect(found(steps(30, () => ({ positiveScore: 0.99, negativeScore: 0.95 })))).toEqual([]);
    expect(found(steps(30, (n) => (n % 10 === 0 ? {} : alike)))).toEqual([]);
    const none = steps(30, () => ({})).map((event) => {
      const { positiveScore: _positive, negativeScore: _negative, ...rest } = event as StepReport & { type: 'step' };
      return rest;
    });
    expect(found(none as RunEventBody[])).toEqual([]);
  });
});

describe('an alarm for dead gradients', () => {
  it('is raised after ten steps whose gradients are all 0, and counts each stage separately', () => {
    expect(alarmsOf(steps(12, () => ({ gradientNorm: 0 })))).toEqual([{ step: 10, kind: 'deadGradients', steps: 10 }]);
    expect(found(steps(18, (n) => ({ gradientNorm: 0, stage: n <= 9 ? 0 : 1 })))).toEqual([]);
    expect(found(steps(30, () => ({ gradientNorm: 1e-12 })))).toEqual([]);
    expect(found(steps(30, () => ({ gradientNorm: Infinity, skipped: true })))).toEqual([]);
  });
});

/** Finds diverging steps by the definition, with a loop over all earlier windows for each step. */
function naiveDivergence(losses: number[]): number[] {
  const level = (end: number) => losses.slice(end - 10, end).reduce((sum, loss) => sum + loss, 0) / 10;
  const isHigh = (at: number): boolean => {
    let lowest = Infinity;
    for (let end = 10; end <= at; end++) lowest = Math.min(lowest, level(end));
    const loss = losses[at] ?? NaN;
    return at >= 10 && loss > lowest + Math.abs(lowest) / 2 && loss > level(10) / 10;
  };
  const holds = (at: number): boolean => at >= 19 && Array.from({ length: 20 }, (_, i) => at - i).every(isHigh);
  return losses.flatMap((_, at) => (holds(at) && !(at >= 20 && isHigh(at - 20)) ? [at + 1] : []));
}

describe('an alarm for divergence', () => {
  const wave = (n: number) => 1 + 0.3 * Math.sin(n * 1.7);

  it('is raised after twenty steps whose losses exceed the lowest level of the stage by half', () => {
    const losses = Array.from({ length: 90 }, (_, i) => (i < 40 ? 2 - i / 30 : i < 50 ? 0.7 : 2.5) * wave(i));
    const raised = alarmsOf(steps(90, (n) => ({ loss: losses[n - 1] ?? 0 })));
    expect(raised.map((alarm) => alarm.step)).toEqual(naiveDivergence(losses));
    expect(raised).toMatchObject([{ step: 70, kind: 'divergence', steps: 20 }]);
    const [alarm] = raised;
    if (alarm?.kind !== 'divergence') throw new Error('no divergence');
    const level = (end: number) => losses.slice(end - 10, end).reduce((sum, loss) => sum + loss, 0) / 10;
    expect(alarm.loss).toBeCloseTo(level(70), 10);
    expect(alarm.lowestLoss).toBeCloseTo(Math.min(...Array.from({ length: 41 }, (_, i) => level(i + 10))), 10);
  });

  it('is not raised by single hard batches, by noise of a loss close to 0 or by the loss of the next stage', () => {
    expect(found(steps(200, (n) => ({ loss: n % 20 === 0 ? 0.5 : 3 * wave(n) })))).toEqual([]);
    expect(found(steps(100, (n) => ({ loss: n <= 30 ? 2 / n : n < 60 ? 0.001 : 0.01 })))).toEqual([]);
    expect(found(steps(100, (n) => ({ loss: n <= 50 ? 0.5 : 3, stage: n <= 50 ? 0 : 1 })))).toEqual([]);
  });

  it('judges a loss below 0 by its distance from the lowest level', () => {
    expect(found(steps(60, (n) => ({ loss: n <= 30 ? -2 : -1.5 })))).toEqual([]);
    expect(found(steps(60, (n) => ({ loss: n <= 30 ? -2 : 0.5 })))).toEqual([['divergence', 50]]);
  });
});

/** A run with dev evaluations every five steps that have these hits; the loss falls from 1 by `slope` per step. */
const evaluated = (hits: number[], slope = 0.01, questions = 100): RunEventBody[] =>
  hits.flatMap((right, i) => [
    ...Array.from({ length: i === 0 ? 0 : 5 }, (_, n) => {
      const number = (i - 1) * 5 + n + 1;
      return step(number, { loss: 1 - slope * number });
    }),
    dev(i * 5, right, questions),
  ]);

describe('an alarm for recall that falls while the loss falls', () => {
  it('is raised if the metric fell at each of three evaluations, and states the interval of the change', () => {
    const [alarm, ...others] = alarmsOf(evaluated([40, 50, 48, 47, 45]));
    expect(others).toEqual([]);
    expect(alarm).toMatchObject({
      ...{ step: 20, kind: 'recallFalls', evaluations: 3, metric: 'hitRateAt1', fromStep: 5, from: 0.5, to: 0.45 },
      change: differenceInterval(0.5, 100, 0.45, 100),
    });
    if (alarm?.kind !== 'recallFalls') throw new Error('no alarm');
    expect(alarm.fromLoss).toBeCloseTo(1 - 0.01 * 8, 10);
    expect(alarm.loss).toBeCloseTo(1 - 0.01 * 18, 10);
  });

  it('is raised without a fall at each evaluation if chance does not explain the change', () => {
    expect(found(evaluated([60, 41, 42, 40]))).toEqual([['recallFalls', 15]]);
    expect(found(evaluated([50, 41, 42, 40]))).toEqual([]);
  });

  it('is not raised before three evaluations, by a plateau, or if one of them is as good as the best', () => {
    expect(found(evaluated([60, 30, 20]))).toEqual([]);
    expect(found(evaluated([40, 50, 48, 49, 48, 49, 47, 49]))).toEqual([]);
    expect(found(evaluated([60, 30, 60, 20, 20]))).toEqual([]);
  });

  it('is not raised if the loss rises too, or if another stage has another loss', () => {
    expect(found(evaluated([40, 50, 48, 47, 45], -0.01))).toEqual([]);
    const stages = evaluated([60, 50, 40, 30]).map((event) =>
      event.type === 'step' && event.step > 10 ? { ...event, stage: 1 } : event,
    );
    expect(found(stages)).toEqual([]);
  });

  it('is raised once while the metric stays below its best', () => {
    expect(found(evaluated([60, 50, 40, 30, 30, 25, 28]))).toEqual([['recallFalls', 15]]);
  });
});

describe('the interval of a difference', () => {
  // Newcombe 1998, table II, method 10, with the signs of after − before.
  it.each([
    [56, 70, 48, 80, -0.3339, -0.0524],
    [9, 10, 3, 10, -0.809, -0.1705],
    [10, 10, 0, 10, -1, -0.6075],
  ])('from %i of %i to %i of %i agrees with Newcombe', (a, m, b, n, low, high) => {
    const interval = differenceInterval(a / m, m, b / n, n);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});

const everyKind: Alarm[] = [
  { step: 14, kind: 'collapse', steps: 10, positiveScore: 0.99, negativeScore: 0.9612 },
  { step: 20, kind: 'deadGradients', steps: 10 },
  { step: 1070, kind: 'divergence', steps: 20, loss: 2.5, lowestLoss: 0.7 },
  {
    ...{ step: 15, kind: 'recallFalls', evaluations: 3, metric: 'hitRateAt1', fromStep: 0, from: 0.6, to: 0.4 },
    ...{ change: { low: -0.33, high: 0.0601 }, fromLoss: 0.97, loss: 0.87 },
  },
];

describe('the alarms of a run', () => {
  const record = runRecord('r', 'e');

  it('are logged after the step or evaluation that raised them, and open again from a project file', async () => {
    const db = await freshDatabase();
    await putRun(db, record);
    const log = await RunLog.open(db, 'r', () => undefined, new AlarmWatch('hitRateAt1'));
    for (const event of steps(11, () => ({ gradientNorm: 0 }))) log.append(event);
    await log.close();
    const events = await readEvents(db, 'r');
    expect(events.map(({ type }) => type)).toEqual([...Array<string>(10).fill('step'), 'alarm', 'step']);
    expect(events[10]).toMatchObject({ kind: 'deadGradients', step: 10, seq: 10 });
    for (const event of events) expect(safeParse(runEventSchema, event).issues).toBeUndefined();
    for (const alarm of everyKind) {
      const event: RunEvent = { runId: 'r', seq: 1, at: 1, type: 'alarm', ...alarm };
      expect(safeParse(runEventSchema, event).issues).toBeUndefined();
      expect(safeParse(runEventSchema, { ...event, kind: 'other' }).success).toBe(false);
    }
  });

  it('are the same if the run is closed and resumed from a checkpoint', async () => {
    const whole = [...evaluated([40, 50, 48, 47, 45, 44]), ...steps(60, (n) => ({ loss: n < 40 ? 0.2 : 1 }))].filter(
      (event, index) => index < 31 || ('step' in event && event.step > 25),
    );
    const raised = alarmsOf(whole);
    expect(raised.map(({ kind }) => kind)).toEqual(['recallFalls', 'divergence']);
    const last = (event: RunEventBody): number => ('step' in event ? event.step : 0);
    for (const [checkpoint, reached] of [
      [0, 7],
      [12, 22],
      [41, 50],
    ] as const) {
      const db = await freshDatabase();
      await putRun(db, record);
      const before = await RunLog.open(db, 'r', () => undefined, await alarmWatchOf(db, record));
      for (const event of whole.filter((e) => last(e) <= reached)) before.append(event);
      await before.close();
      const after = await alarmWatchOf(db, record);
      after.saw({ type: 'resumed', step: checkpoint, reached });
      const repeated = whole.filter((e) => last(e) > checkpoint);
      expect(alarmsOf(repeated, after)).toEqual(raised.filter((alarm) => alarm.step > checkpoint));
    }
  });

  it('are shown until a resumed run repeats their steps', () => {
    const [collapse, dead] = everyKind as [Alarm, Alarm];
    const view = viewAfter([1, { type: 'alarm', ...collapse }], [2, { type: 'alarm', ...dead }]);
    expect(view.alarms).toMatchObject([collapse, dead]);
    const resumed = viewAfter(
      [1, { type: 'alarm', ...collapse }],
      [2, { type: 'alarm', ...dead }],
      [3, { type: 'resumed', step: 14, reached: 30 }],
    );
    expect(resumed.alarms).toMatchObject([collapse]);
  });

  it('are shown with the newest of each kind', () => {
    const later = { ...everyKind[1], step: 90 } as Alarm;
    const alarms = [...everyKind.slice(0, 2), later];
    expect(newestAlarms(alarms)).toEqual([everyKind[0], later]);
  });

  it('are one sentence each, with their numbers, on the page and in the terminal', () => {
    const numbers = [
      ['14', '0.95', '10', '0.990', '0.961'],
      ['20', '10'],
      ['20', '2.5', '0.7'],
      ['15', '3', '60.0%', '40.0%', '0.97', '0.87'],
    ];
    for (const [index, alarm] of everyKind.entries())
      for (const text of [alarmText(en, alarm), alarmText(zh, alarm), alarmLine(alarm)])
        for (const number of numbers[index] ?? []) expect(text).toContain(number);
    expect(alarmText(en, everyKind[3] as Alarm)).toContain('−33.0 to +6.0 points');
    expect(alarmText(zh, everyKind[3] as Alarm)).toContain('−33.0 到 +6.0 个百分点');
    expect(alarmLine(everyKind[3])).toBe(
      'alarm at step 15: dev hitRateAt1 fell over 3 evaluations from 60.0% to 40.0% (95% interval of the change: ' +
        '-33.0 to +6.0 points), although the loss fell from 0.9700 to 0.8700: the run may be overfitting',
    );
  });
});
