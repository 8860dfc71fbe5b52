/**
 * Returns the largest number from `min` to `above − 1` for which `passes` is true, or null if `min` fails. Assumes that
 * every number between `min` and a passing one passes too.
 */
export function maxPassing(above: number, min: number, passes: (value: number) => boolean): number | null {
  if (min >= above || !passes(min)) return null;
  let [low, high] = [min, above];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}
