import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody, RunRecord } from '../../../src/domain/run';
import { applyEvents, emptyRunView } from '../../../src/domain/train/runView';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { runSentence } from '../../../src/ui/train/runSentence';

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

describe('the sentence on a paused run', () => {
  it('says that it is paused, in which phase, and at what', () => {
    const paused = view({ type: 'phase', phase: 'evaluateBefore' }, encoding);
    expect(runSentence(zh, record, paused)).toBe('已暂停：训练前评测，编码段落 30 / 288。关掉页面也不会丢。');
    expect(runSentence(en, record, paused)).toContain('Paused: Evaluating before, encoding passages 30 / 288.');
  });

  it('names the step during training, and the dev evaluation that it interrupts', () => {
    const training = view({ type: 'phase', phase: 'train' }, step);
    expect(runSentence(zh, record, training)).toContain('已暂停：第 25 步，共 119 步。');
    const evaluating = view({ type: 'phase', phase: 'train' }, step, encoding);
    expect(runSentence(en, record, evaluating)).toContain('Paused: step 25 of 119, encoding passages 30 / 288.');
  });
});
