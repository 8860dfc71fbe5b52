import { expect, it } from 'vitest';
import { lowerMedian } from '../../src/domain/lowerMedian';

it.each([
  [[5], 5],
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2],
  [[10, 9, 100], 10],
  [[], NaN],
])('the lower median of %j is %d', (values, expected) => {
  expect(lowerMedian(values)).toBe(expected);
});
