import { render } from 'svelte/server';
import { describe, expect, it } from 'vitest';
import { defaultStage } from '../../../src/domain/experiment';
import type { RunRecord } from '../../../src/domain/run';
import { textOf } from '../train/openedTraining';
import { evaluationOf, runRecord } from '../storage/support';

const { ProbeState } = await import('../../../src/state/probe.svelte');
const { default: BlendPanel } = await import('../../../src/ui/evaluate/BlendPanel.svelte');

const point = (ratio: number, hitRateAt1: number) => ({
  ratio,
  metrics: { ...evaluationOf('r').metrics, hitRateAt1, mrrAt10: hitRateAt1 },
});
const ends = [point(0, 0.3), point(1, 0.5)];
const run = runRecord('r', 'e', { status: 'done' });

function shown(
  initial: { dev: typeof ends; test: typeof ends; probe?: typeof ends; name?: string },
  change: Partial<RunRecord> = {},
): string {
  const probe = new ProbeState({ ...run, data: [] });
  if (initial.name) probe.chosen = { id: 'o', set: { kind: 'experiment', experimentId: 'o' }, name: initial.name };
  probe.points = initial.probe ?? [];
  return textOf(render(BlendPanel, { props: { run: { ...run, ...change }, probe, readOnly: false, initial } }).body);
}

describe('the blends of a run on the evaluate screen', () => {
  it('are offered once the run is evaluated on dev, and not without dev questions', () => {
    const text = shown({ dev: ends, test: ends });
    expect(text).toContain('Evaluate 3 ratios on dev');
    expect(text).toContain('not tried');
    expect(shown({ dev: [], test: ends })).toBe('');
  });

  it('show their metric on dev with the best one marked, and on test only the requested ones', () => {
    const dev = [point(0, 0.3), point(0.25, 0.4), point(0.5, 0.6), point(0.75, 0.55), point(1, 0.5)];
    const text = shown({ dev, test: [...ends, point(0.5, 0.45)] });
    expect(text).toContain('best on dev: 0.5');
    expect(text).toMatch(/0\.5\s*best on dev 60\.0% 45\.0%/);
    expect(text).toMatch(/0\.75 55\.0% Evaluate/);
    expect(text).toContain('All evaluated');
  });

  it('stand beside what they do on a probe set, and offer to measure the others there', () => {
    const dev = [point(0, 0.3), point(0.5, 0.6), point(1, 0.5)];
    const text = shown({ dev, test: ends, probe: [point(0, 0.8), point(1, 0.7)] });
    expect(text).toMatch(/base \(0\) 30\.0% 80\.0%/);
    expect(text).toContain('Measure 1 ratio on general questions');
    expect(text).not.toContain('on dev and on general questions');
    const all = shown({ dev, test: ends, probe: [point(0, 0.8), point(0.5, 0.75), point(1, 0.7)] });
    expect(all).toContain('on dev and on general questions, from base to tuned');
    expect(all).not.toContain('ratio on general questions');
  });

  it('name the probe set that they are measured on', () => {
    const dev = [point(0, 0.3), point(0.5, 0.6), point(0.75, 0.6), point(1, 0.5)];
    const text = shown({ dev, test: ends, probe: [point(0, 0.8), point(0.5, 0.75), point(1, 0.7)], name: '客服' });
    expect(text).toContain('on dev and on questions of “客服”, from base to tuned');
    expect(text).toContain('Measure 1 ratio on questions of “客服”');
    expect(text).not.toContain('general');
  });

  it('mark none as best if all do equally well on dev', () => {
    const text = shown({ dev: [point(0, 0.5), point(0.5, 0.5), point(1, 0.5)], test: ends });
    expect(text).toContain('all the same on dev');
    expect(text).toContain('so dev can’t choose one');
    expect(text).not.toContain('best on dev');
  });

  it('are refused with a sentence if the run trained a prefix', () => {
    const prefix = { ...defaultStage(), strategy: { kind: 'prefix', tokens: 2, side: 'queries' } as const };
    const text = shown({ dev: ends, test: ends }, { experiment: { ...run.experiment, stages: [prefix] } });
    expect(text).toContain('can’t be blended');
    expect(text).not.toContain('Evaluate 3 ratios');
  });
});
