/** Returns 1, 3, 10, 30 … up to well below `last`, then `last`. */
export function logTicks(last: number): number[] {
  const ticks: number[] = [];
  for (let decade = 1; decade < last; decade *= 10)
    for (const tick of [decade, 3 * decade]) if (tick < last / 1.5) ticks.push(tick);
  return [...ticks, Math.max(1, last)];
}
