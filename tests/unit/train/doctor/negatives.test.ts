import { describe, expect, it } from 'vitest';
import { noExclusions } from '../../../../src/domain/negatives/chooseNegatives';
import { abovePositive } from '../../../../src/domain/negatives/abovePositive';
import { defaultMined, withoutMargin } from '../../../../src/domain/train/negativesSchema';
import { applyFix } from '../../../../src/domain/train/doctor/applyFix';
import { choiceOf, experimentWith, factsWith, found, memoryOf } from './patient';

const report = { perAnchor: 2, sha256: 'a', excluded: noExclusions(), refilled: 0, refilledRows: 0 };
const unfiltered = withoutMargin(defaultMined(1000, 2));

function facts(above: number, of: number) {
  const negatives = [{ from: 'mined' as const, ...report, scored: { above, of } }];
  return factsWith({ memory: { ...memoryOf(16, choiceOf('plain', 1e8), []), negatives } });
}

describe('mined negatives above the positive', () => {
  it('are a warning if they are more than one in a hundred, and a margin is the fix', () => {
    const experiment = experimentWith({ negatives: unfiltered });
    const [finding] = found('negativesAbove', experiment, facts(30, 1000));
    expect(finding).toMatchObject({ severity: 'warns', stage: 0, facts: { above: 30, of: 1000 } });
    expect(found('negativesAbove', experiment, facts(10, 1000))[0]?.severity).toBe('advises');
    if (!finding) throw new Error('no finding');
    expect(applyFix(experiment, finding).stages[0]?.negatives).toEqual({ ...unfiltered, relativeMargin: 0.05 });
  });

  it('are not reported if none scores higher, if none were mined, or before they are mined', () => {
    const experiment = experimentWith({ negatives: unfiltered });
    expect(found('negativesAbove', experiment, facts(0, 1000))).toEqual([]);
    expect(found('negativesAbove', experiment, factsWith())).toEqual([]);
    expect(found('negativesAbove', experimentWith({}), facts(30, 1000))).toEqual([]);
  });

  it('are counted by row, without passages that were drawn at random', () => {
    const scores = {
      positives: Float32Array.of(0.5, 0.9),
      negatives: Float32Array.of(0.6, 0.4, 0.8, 0.95),
      ranks: Uint16Array.of(3, 4, 2, 0),
      random: new Float32Array(0),
      candidates: 4,
    };
    expect(abovePositive({ ...report, chosen: new Int32Array(4), scores })).toEqual({ above: 1, of: 3 });
    expect(abovePositive({ ...report, chosen: new Int32Array(4) })).toBeNull();
  });
});
