import { expect } from 'vitest';

/** Returns the Euclidean norm. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? NaN) ** 2;
  return Math.sqrt(sum);
}

/** Returns the norm of the difference. Fails the test if the lengths differ. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return norm(Array.from({ length: a.length }, (_, i) => (a[i] ?? NaN) - (b[i] ?? NaN)));
}

/** Returns the maximum absolute difference. Fails the test if the lengths differ. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let max = 0;
  for (let i = 0; i < a.length; i++) max = Math.max(max, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return max;
}

/**
 * Asserts that two arrays differ by at most 1e-4 of the reference's norm plus 1e-6 of `scale`. Pass `scale` if the
 * reference may be zero up to rounding.
 */
export function expectClose(
  own: ArrayLike<number> | undefined,
  reference: ArrayLike<number>,
  scale = norm(reference),
): void {
  expect(distance(own ?? [], reference)).toBeLessThanOrEqual(1e-4 * norm(reference) + 1e-6 * scale);
}
