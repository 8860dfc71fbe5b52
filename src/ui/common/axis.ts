/**
 * Returns the smallest 1, 2, 2.5 or 5 times a power of ten that is at least `value`, or 1 if `value` is not positive.
 */
export function axisCeiling(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  // 1e-9 absorbs rounding: 0.3 / 0.1 is slightly more than 3.
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/**
 * Returns at most `most` evenly spaced whole numbers from 0 for an axis that ends at `end`. Leaves space for the label
 * at the end.
 */
export function axisTicks(end: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(axisCeiling(end / Math.max(1, most))));
  const ticks: number[] = [];
  for (let tick = 0; tick <= end - step * 0.6; tick += step) ticks.push(tick);
  return ticks;
}
