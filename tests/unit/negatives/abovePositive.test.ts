import { describe, expect, it } from 'vitest';
import { abovePositive } from '../../../src/domain/negatives/abovePositive';
import { noExclusions, type ChosenNegatives } from '../../../src/domain/negatives/chooseNegatives';

const chosen: ChosenNegatives = {
  perAnchor: 2,
  chosen: new Int32Array(6),
  excluded: noExclusions(),
  refilled: 1,
  refilledRows: 1,
};

describe('the mined negatives above the positive', () => {
  it('are those that score higher than the positive of their own question, without drawn ones', () => {
    const scores = {
      positives: Float32Array.of(0.5, 0.9, 0.25),
      // Row 0: above, equal. Row 1: below, drawn at random. Row 2: above, above.
      negatives: Float32Array.of(0.75, 0.5, 0.75, 0.95, 0.5, 0.3),
      ranks: Uint16Array.of(3, 4, 3, 0, 9, 1),
      random: new Float32Array(0),
      candidates: 9,
    };
    expect(abovePositive({ ...chosen, scores })).toEqual({ above: 3, of: 5 });
    expect(abovePositive({ ...chosen, scores: { ...scores, ranks: new Uint16Array(6) } })).toEqual({ above: 0, of: 0 });
  });

  it('are unknown if the negatives have no scores', () => {
    expect(abovePositive(chosen)).toBeNull();
  });
});
