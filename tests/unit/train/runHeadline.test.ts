import { describe, expect, it, vi } from 'vitest';
import type { RunEvent, RunEventBody, RunRecord } from '../../../src/domain/run';
import { applyEvents, emptyRunView } from '../../../src/domain/train/runView';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { runHeadline } from '../../../src/ui/train/runHeadline';

vi.stubGlobal('__BUILD__', '0.1.0+aaaa');
const record = { status: 'paused', steps: 119 } as RunRecord;
function view(...bodies: RunEventBody[]) {
  const empty = emptyRunView();
  applyEvents(
    empty,
    bodies.map((body, seq): RunEvent => ({ runId: 'r', seq, at: seq, ...body })),
  );
  return empty;
}
const encoding: RunEventBody = { type: 'progress', what: 'encodePassages', done: 30, of: 288 };
const step = { type: 'step', step: 25, stepMs: 1, tokens: 1 } as RunEventBody;

describe('the headline on a paused run', () => {
  it('says that the run is paused, in which phase, and during which work', () => {
    const paused = view({ type: 'phase', phase: 'evaluateBefore' }, encoding);
    expect(runHeadline(zh, record, paused, null)).toEqual({
      title: '已暂停：训练前评测，编码段落 30 / 288',
      text: '关掉页面也不会丢失进度。',
    });
    expect(runHeadline(en, record, paused, null).title).toBe(
      'Paused: Evaluation before training, encoding passages 30 / 288',
    );
  });

  it('names the step during training, and the dev evaluation that it interrupts', () => {
    const training = view({ type: 'phase', phase: 'train' }, step);
    expect(runHeadline(zh, record, training, null).title).toBe('已暂停：第 25 步，共 119 步');
    const writing: RunEventBody = { type: 'progress', what: 'checkpoint', done: 1, of: 0 };
    const pausing = view({ type: 'phase', phase: 'train' }, step, writing);
    expect(runHeadline(zh, record, pausing, null).title).toBe('已暂停：第 25 步，共 119 步');
    const evaluating = view({ type: 'phase', phase: 'train' }, step, encoding);
    expect(runHeadline(en, record, evaluating, null).title).toBe('Paused: step 25 of 119, encoding passages 30 / 288');
  });
});

describe('the headline on a run that stopped', () => {
  it.each([
    ['interrupted', 'Interrupted: step 25 of 119', '已中断：第 25 步，共 119 步'],
    ['cancelled', 'Cancelled: step 25 of 119', '已取消：第 25 步，共 119 步'],
    ['failed', 'Failed: step 25 of 119', '出错：第 25 步，共 119 步'],
  ] as const)('says that it is %s, and at which step', (status, english, chinese) => {
    const training = view({ type: 'phase', phase: 'train' }, step);
    expect(runHeadline(en, { ...record, status }, training, null).title).toBe(english);
    expect(runHeadline(zh, { ...record, status }, training, null).title).toBe(chinese);
  });

  it('says before and after the resume which steps since the last checkpoint are computed again', () => {
    const steps = Array.from({ length: 73 }, (_, i) => ({ ...step, step: i + 1 }) as RunEventBody);
    const checkpoint: RunEventBody = { type: 'checkpoint', step: 50, generation: 1, writeMs: 1, bytes: 1 };
    const phase: RunEventBody = { type: 'phase', phase: 'train' };
    const interrupted = view(phase, ...steps.slice(0, 50), checkpoint, ...steps.slice(50));
    const stopped = { ...record, status: 'interrupted' } as const;
    expect(runHeadline(en, stopped, interrupted, null).text).toContain('steps 51 to 73 are computed again');
    expect(runHeadline(zh, stopped, interrupted, null).text).toContain('重新计算第 51 到 73 步');
    expect(runHeadline(en, stopped, view(phase, ...steps.slice(0, 50), checkpoint), null).text).not.toContain('again');
    const resumed = view(phase, ...steps, { type: 'resumed', step: 50, reached: 73 }, { ...steps[50] } as RunEventBody);
    const running = { ...record, status: 'running' } as const;
    expect(runHeadline(en, running, resumed, null)).toEqual({
      title: 'Computing steps 51 to 73 again',
      text: 'The run resumed from its last checkpoint, which was written before these steps. Step 51 of 119 is done.',
    });
    expect(runHeadline(zh, running, resumed, null).title).toBe('正在重新计算第 51 到 73 步');
  });

  it('names no checkpoint if none was written before the run was interrupted', () => {
    const phase: RunEventBody = { type: 'phase', phase: 'train' };
    const steps = [1, 2].map((n) => ({ ...step, step: n }) as RunEventBody);
    const stopped = { ...record, status: 'interrupted' } as const;
    expect(runHeadline(en, stopped, view(phase, ...steps), null).text).toContain('resumes from its start');
    expect(runHeadline(zh, stopped, view(phase), null).text).toContain('从头算起');
    const resumed = view(phase, ...steps, { type: 'resumed', step: 0, reached: 2 });
    expect(runHeadline(en, { ...record, status: 'running' }, resumed, null).text).toBe(
      'The run was interrupted before its first checkpoint, so it resumed from its start.',
    );
  });

  it('promises the same bits only if neither the program nor the device has changed', () => {
    const textOf = (build: string, ...bodies: RunEventBody[]) =>
      runHeadline(en, { ...record, status: 'interrupted', build }, view(step, ...bodies), null).text;
    expect(textOf('0.1.0+aaaa')).toContain('bit for bit');
    expect(textOf('0.1.0+bbbb')).toContain('The program has changed since then');
    const changes: RunEventBody[] = [
      { type: 'buildChanged', step: 6, build: '0.1.0+aaaa' },
      { type: 'deviceChanged', step: 6 },
    ];
    for (const changed of changes) expect(textOf('0.1.0+aaaa', changed)).not.toContain('bit');
  });

  it('names the evaluation before training instead of a step 0', () => {
    const writing: RunEventBody = { type: 'progress', what: 'checkpoint', done: 1, of: 0 };
    const pausing = view({ type: 'phase', phase: 'train' }, step, writing);
    expect(runHeadline(zh, record, pausing, null).title).toBe('已暂停：第 25 步，共 119 步');
    const evaluating = view({ type: 'phase', phase: 'evaluateBefore' });
    const { title } = runHeadline(en, { ...record, status: 'interrupted' }, evaluating, null);
    expect(title).toBe('Interrupted: Evaluation before training');
  });
});

describe('the headline on a run that is done', () => {
  const onDev = (of: number, hitRateAt1: number) =>
    ({ type: 'devEvaluation', step: of, metrics: { hitRateAt1, questions: 10 }, best: true }) as RunEventBody;
  const seen = view({ type: 'phase', phase: 'train' }, onDev(0, 0.5), step, onDev(25, 0.8));
  const done = { status: 'done', steps: 119, keptStep: 25 } as RunRecord;

  it('says which weights are kept', () => {
    expect(runHeadline(en, done, seen, null).text).toBe('Done: kept the weights of step 25 of 119.');
    expect(runHeadline(zh, done, seen, null).text).toBe('训练完成：共 119 步，保留第 25 步的权重。');
  });

  it.each([
    ['of a sweep', { trial: true, sweepId: 's' }],
    ['of the negatives experiment', { trial: true }],
  ] as const)('says that a run %s keeps no weights', (_, more) => {
    const trial = { ...done, ...more };
    expect(runHeadline(en, trial, seen, null)).toEqual({
      title: runHeadline(en, done, seen, null).title,
      text:
        'Done: the weights of step 25 of 119 were evaluated on dev. ' +
        'This run only compares settings, so it keeps no weights.',
    });
    expect(runHeadline(zh, trial, seen, null).text).toContain('不保留权重');
    const unseen = runHeadline(en, trial, view(), null);
    expect(unseen.title).toBe('Done after 119 steps.');
    expect(unseen.text).not.toContain('test');
  });
});

describe('the headline on a run that trains', () => {
  it('counts the dev evaluations still to come in the time left', () => {
    const steps = [1, 2, 3].map((n) => ({ type: 'step', step: n, stepMs: 1000, tokens: 1, loss: 1 }) as RunEventBody);
    const running = (devEverySteps: number) =>
      ({
        status: 'running',
        steps: 13,
        experiment: { evaluation: { devEverySteps, checkpoint: 'last' } },
      }) as RunRecord;
    const dev = {
      type: 'devEvaluation',
      step: 0,
      metrics: { hitRateAt1: 0, questions: 1 },
      best: false,
    } as RunEventBody;
    const training = view({ type: 'phase', phase: 'evaluateBefore' }, dev, { type: 'phase', phase: 'train' }, ...steps);
    training.evaluationMs = 60_000;
    expect(runHeadline(en, running(0), training, null).text).toContain('about 1 min 10 s left');
    expect(runHeadline(en, running(5), training, null).text).toContain('about 3 min 10 s left');
  });
});
