import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ThresholdRule } from '../../../src/domain/evaluate/threshold';
import type { ScoreOwner, ScoreView } from '../../../src/protocol/scoreView';

/** Rules stored with thresholds, by run. */
const keptRules = new Map<string | null, ThresholdRule>();
const kept: [string | null, ThresholdRule][] = [];
let endCompare: () => void = () => undefined;
let stored = 2;
const viewOf = ({ runId }: ScoreOwner): ScoreView => {
  const rule = keptRules.get(runId);
  const figures = { answered: 1 } as never;
  return {
    models: [
      {
        ...{ candidate: { kind: 'run', runId: runId ?? '', weights: 'kept' }, moment: 'after', threshold: 0.5 },
        parts: { dev: null, test: null },
        kept: rule ? { value: 0.5, rule, dev: figures, test: null, chosenAt: 1 } : null,
      },
    ],
    questions: { dev: null, test: null },
  };
};
vi.mock('../../../src/state/app.svelte', () => ({ app: { devicePreference: 'auto' } }));
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    data: () =>
      Promise.resolve({
        viewScores: (owner: ScoreOwner) => Promise.resolve(viewOf(owner)),
        keepThresholds: ({ runId }: ScoreOwner, rule: ThresholdRule) => {
          kept.push([runId, rule]);
          return Promise.resolve(stored);
        },
      }),
    gpu: () =>
      Promise.resolve({ compareModels: () => new Promise<void>((resolve) => (endCompare = () => void resolve())) }),
  },
}));
const { ScoresState, scoresOf } = await import('../../../src/state/scores.svelte');
const { deviceJob } = await import('../../../src/state/deviceJob.svelte');

beforeEach(() => {
  keptRules.clear();
  kept.length = 0;
  stored = 2;
});

describe('the scores of an experiment', () => {
  it('add test figures of a kept threshold by the rule of its run, even if another run is shown by then', async () => {
    const ofA: ThresholdRule = { by: 'precision', share: 0.9 };
    keptRules.set('a', ofA).set('b', { by: 'rejection', share: 0.2 });
    const scores = new ScoresState('e');
    await scores.show('a');
    const computing = scores.compute('test');
    await vi.waitFor(() => expect(deviceJob.current).toBe('compare'));
    await Promise.resolve();
    await scores.show('b');
    endCompare();
    await computing;
    expect(kept).toEqual([['a', ofA]]);
  });

  it('are one state per page, so that a running job is shown on a later visit', async () => {
    const scores = scoresOf('visited');
    await scores.show('a');
    const computing = scores.compute('dev');
    await vi.waitFor(() => expect(deviceJob.current).toBe('compare'));
    expect(scoresOf('visited').running).toBe('dev');
    expect(scoresOf('other').running).toBeNull();
    endCompare();
    await computing;
  });

  it('report how many thresholds were stored', async () => {
    const scores = new ScoresState('e');
    await scores.show('a');
    expect(await scores.keep()).toBe(2);
    stored = 0;
    expect(await scores.keep()).toBe(0);
  });
});
