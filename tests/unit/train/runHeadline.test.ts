import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody, RunRecord } from '../../../src/domain/run';
import { applyEvents, emptyRunView } from '../../../src/domain/train/runView';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { runHeadline } from '../../../src/ui/train/runHeadline';

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
      text: '关掉页面也不会丢。',
    });
    expect(runHeadline(en, record, paused, null).title).toBe('Paused: Evaluating before, encoding passages 30 / 288');
  });

  it('names the step during training, and the dev evaluation that it interrupts', () => {
    const training = view({ type: 'phase', phase: 'train' }, step);
    expect(runHeadline(zh, record, training, null).title).toBe('已暂停：第 25 步，共 119 步');
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

  it('names the evaluation before training instead of a step 0', () => {
    const evaluating = view({ type: 'phase', phase: 'evaluateBefore' });
    const { title } = runHeadline(en, { ...record, status: 'interrupted' }, evaluating, null);
    expect(title).toBe('Interrupted: Evaluating before');
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
