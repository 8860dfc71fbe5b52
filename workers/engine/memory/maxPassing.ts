/**
 * Returns the largest number from `least` to `above − 1` that passes, or null if `least` fails. Assumes that every
 * number below a passing one passes too.
 */
export function maxPassing(above: number, least: number, passes: (value: number) => boolean): number | null {
  if (least >= above || !passes(least)) return null;
  let [low, high] = [least, above];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}
