import { describe, expect, it } from 'vitest';
import golden from '../fixtures/engine/deviceCheck.json';
import { erf } from '../../workers/reference/float64/gelu';
import { float64Step } from '../../workers/reference/float64/float64Step';
import { checkStep } from '../../workers/services/deviceCheck/checkStep';
import { norm } from './differences';

/** Returns the dot products of a gradient with the two vectors of tools/golden/deviceCheck.py. */
function projections(values: ArrayLike<number>): number[] {
  return [2_654_435_761, 1_640_531_527].map((step) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += (values[i] ?? NaN) * (((i * step) % 2 ** 32) / 2 ** 32 - 0.5);
    return sum;
  });
}

describe('the reference in double precision', () => {
  it.each(['small', 'full'] as const)(
    "matches PyTorch's loss and every gradient to 1e-11 for the %s step of the device check",
    async (size) => {
      const step = checkStep(size);
      const expected = golden.cases[size];
      expect([...step.anchors, ...step.positives].flat()).toHaveLength(expected.tokens);
      const shares: number[] = [];
      const { loss, gradients } = await float64Step(step, async (share) => void shares.push(share));
      expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-12);
      expect([...gradients.keys()].sort()).toEqual(Object.keys(expected.gradients).sort());
      const all = norm(Object.values(expected.gradients).map((gradient) => gradient.norm));
      for (const [name, gradient] of Object.entries(expected.gradients)) {
        const values = gradients.get(name) ?? [];
        const allowed = 1e-11 * gradient.norm + 1e-14 * all;
        expect(Math.abs(norm(values) - gradient.norm), name).toBeLessThan(allowed);
        projections(values).forEach((product, i) =>
          expect(Math.abs(product - (gradient.projections[i] ?? NaN)), name).toBeLessThan(allowed),
        );
      }
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect(shares.at(-1)).toBe(1);
    },
  );

  it('stops between two layers when asked to', async () => {
    const stopped = float64Step(checkStep('small'), () => Promise.reject(new Error('enough')));
    await expect(stopped).rejects.toThrow('enough');
  });

  it.each([
    [0, 0],
    [1e-9, 1.1283791670955126e-9],
    [0.5, 0.5204998778130465],
    [-1.5, -0.9661051464753108],
    [3, 0.9999779095030014],
    [5.9, 0.9999999999999999],
    [40, 1],
  ])('computes erf(%f) to double precision', (x, expected) => {
    expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(4e-16 * Math.abs(expected));
  });
});
