import { render } from 'svelte/server';
import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { sweepPoints, type Sweep } from '../../../src/domain/sweep/sweep';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { textOf } from '../train/openedTraining';
import { runRecord } from '../storage/support';

const { default: SweepResult } = await import('../../../src/ui/train/SweepResult.svelte');
const { axisText, axisValueText } = await import('../../../src/ui/train/sweepText');

const experiment = defaultExperiment();
const axes: Sweep['axes'] = [
  { setting: 'temperature', values: [0.02, 0.05] },
  { setting: 'seed', values: [1, 2] },
];
const sweep: Sweep = { sweepId: 's', experiment, axes, createdAt: 1 };

/** Renders the sweep with these scores; a run without one is not done. */
function shown(scores: (number | null)[]): string {
  const initial = sweepPoints(experiment, axes).map((point, run) => {
    const score = scores[run] ?? null;
    const record = score === null ? null : runRecord(`${run}`, 'e', { status: 'done', sweepId: 's' });
    return { place: run, point, run: record, before: null, score };
  });
  const state = { experimentId: 'e', runs: [], stored: null } as never;
  return textOf(render(SweepResult, { props: { experiment: state, sweep, disabled: false, initial } }).body);
}

describe('the result of a sweep', () => {
  it('has mean and interval over seeds per combination, and marks the best', () => {
    const text = shown([0.3, 0.5, 0.5, 0.7]);
    expect(text).toContain('0.02 40.0% 0.0% – 100.0% 30.0%, 50.0%');
    expect(text).toMatch(/0\.05 60\.0%\s+best 0\.0% – 100\.0% 50\.0%, 70\.0%/);
    expect(shown([0.5, 0.5, 0.5, 0.5])).not.toContain('best');
    expect(text).toContain('Export CSV');
    expect(text).not.toContain('Resume');
  });

  it('can be resumed while runs are missing', () => {
    expect(shown([0.3, null, null, null])).toContain('1 of 4 runs done');
    expect(shown([0.3, null, null, null])).toContain('Resume the sweep');
  });
});

describe('the settings of a sweep', () => {
  it('are named as in the form, with the stage if it is not the first', () => {
    expect(axisText(en, { setting: 'temperature', values: [] })).toBe('Temperature τ');
    expect(axisText(zh, { setting: 'learningRate', stage: 1, values: [] })).toBe('阶段 2 · 学习率');
    expect(axisValueText(en, { setting: 'stages', values: [] }, experiment.stages)).toBe('Full');
    expect(axisValueText(en, { setting: 'negatives', values: [] }, null)).toBe('from the batch only');
    const random = { from: 'random', perAnchor: 2 };
    expect(axisValueText(en, { setting: 'negatives', values: [] }, random)).toBe('random passages × 2');
    expect(axisValueText(en, { setting: 'learningRate', values: [] }, 2e-5)).toBe('2e-5');
  });
});
