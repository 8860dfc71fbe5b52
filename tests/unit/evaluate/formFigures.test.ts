import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../../workers/services/evaluate/formFigures';

const ranked = (...ranks: number[][]) => ranks.map((own) => ({ ranks: own }));
const whole = ranked([1], [2], [1, 3], [4], [1], [11]);
const cut = ranked([1], [1], [2, 3], [5], [3], [12]);

describe('the figures of a form of the vectors', () => {
  it('are means over its own results, with the first answers it wins and loses against the whole vectors', () => {
    const figures = figuresOf(cut, whole, 7);
    expect(figures).toMatchObject({ won: 1, lost: 2 });
    expect(figures.hitRateAt1).toBeCloseTo(2 / 6, 12);
    expect(figures.recallAt10).toBeCloseTo(5 / 6, 12);
    expect(figures.mrrAt10).toBeCloseTo((1 + 1 + 1 / 2 + 1 / 5 + 1 / 3) / 6, 12);
  });

  it('have an interval for the change of recall from the whole vectors to the form', () => {
    const [found, lost] = [ranked([1], [2], [3]), ranked([11], [20], [30])];
    expect(figuresOf(lost, found, 7).recallChange).toEqual({ low: -1, high: -1 });
    expect(figuresOf(found, lost, 7).recallChange).toEqual({ low: 1, high: 1 });
    expect(figuresOf(found, found, 7).recallChange).toEqual({ low: 0, high: 0 });
  });

  it('change nothing for the whole vectors themselves', () => {
    expect(figuresOf(whole, null, 7)).toMatchObject({ won: 0, lost: 0, recallChange: null });
  });
});
