import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import { decisionsOf, withDecision } from '../../../src/domain/negatives/decide';

const [a, b] = ['a'.repeat(24), 'b'.repeat(24)];
const decision = (id: string, keep: boolean) => ({ id, keep, decidedAt: 1 });

describe('a decision about a negative', () => {
  const stages = [
    { ...defaultStage(), negatives: { from: 'random' as const, perAnchor: 1 } },
    { ...defaultStage(), negatives: { from: 'random' as const, perAnchor: 2 } },
  ];
  const experiment = { ...defaultExperiment(), stages };

  it('drops the negative in its stage only, and keeps it after all if it is taken back', () => {
    const dropped = withDecision(withDecision(experiment, 1, decision(a, false)), 1, decision(b, false));
    expect(dropped.stages.map(({ negatives }) => negatives?.dropped)).toEqual([undefined, [a, b]]);
    expect(withDecision(dropped, 1, decision(b, false))).toEqual(dropped);
    const kept = withDecision(withDecision(dropped, 1, decision(a, true)), 1, decision(b, true));
    expect(kept).toEqual(experiment);
  });

  it('is the latest of the log, and a drop counts only while the settings state it', () => {
    const log = [decision(a, false), decision(a, true), decision(b, false)];
    expect(decisionsOf([a, b], log, [b])).toEqual(
      new Map([
        [a, 'keep'],
        [b, 'drop'],
      ]),
    );
    expect(decisionsOf([a, b], log, [])).toEqual(new Map([[a, 'keep']]));
    expect(decisionsOf([a], [decision(a, true), decision(a, false)], [])).toEqual(new Map());
  });
});
