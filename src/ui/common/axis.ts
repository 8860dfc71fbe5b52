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

/**
 * Returns the round scores on an axis from `low` to `high`: at most about `most`, evenly spaced, 0 among them if it is
 * on the axis.
 */
export function scoreTicks(low: number, high: number, most: number): number[] {
  const step = [0.02, 0.05, 0.1, 0.2, 0.5].find((one) => (high - low) / one <= most) ?? 0.5;
  // 1e-9 absorbs rounding: 0.6 / 0.2 is slightly less than 3.
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step);
}
