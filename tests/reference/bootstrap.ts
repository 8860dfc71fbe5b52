import { RandomStream } from '../../src/domain/random';

/** Returns the percentile `share` of numbers in ascending order, as numpy.percentile does with method 'linear'. */
function percentile(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)] ?? NaN, sorted[Math.ceil(position)] ?? NaN];
  const weight = position % 1;
  return (1 - weight) * below + weight * above;
}

/** Returns the 95% percentile interval of the mean difference over 2,000 resamples of the questions. */
export function naiveBootstrap(
  before: readonly number[],
  after: readonly number[],
  seed: number,
): { low: number; high: number } {
  const random = new RandomStream(seed, 'bootstrap');
  const means: number[] = [];
  for (let round = 0; round < 2000; round++) {
    const drawn = before.map(() => random.below(before.length));
    const change = drawn.map((i) => (after[i] ?? NaN) - (before[i] ?? NaN));
    means.push(change.reduce((sum, x) => sum + x, 0) / change.length);
  }
  means.sort((a, b) => a - b);
  return { low: percentile(means, 0.025), high: percentile(means, 0.975) };
}
