/** A step that can be repeated. `run` resolves once the step is done. */
interface TimedStep {
  run: () => Promise<unknown>;
}

/** Time for measuring both implementations, and the minimum and maximum measurements of each. */
const budgetMs = 3000;
const [fewest, most] = [2, 15];

/** Returns the milliseconds of one step. */
export async function timeOf(step: TimedStep): Promise<number> {
  const startedAt = performance.now();
  await step.run();
  return performance.now() - startedAt;
}

/**
 * Times two steps alternately, so that both see the same clock rate of the device. The first run of each is a warm-up
 * and does not count.
 */
export async function inTurns(
  first: TimedStep,
  second: TimedStep,
  between: (share: number) => Promise<void>,
): Promise<{ first: number[]; second: number[] }> {
  const times = { first: [] as number[], second: [] as number[] };
  await timeOf(first);
  await timeOf(second);
  const startedAt = performance.now();
  for (let round = 1; round <= most; round++) {
    times.first.push(await timeOf(first));
    times.second.push(await timeOf(second));
    const spent = performance.now() - startedAt;
    await between(Math.min(1, Math.max(spent / budgetMs, round / most)));
    if (round >= fewest && spent + spent / round > budgetMs) break;
  }
  return times;
}
