/**
 * Extra rounds for the finalists. A round measures all of them in turn, so that a slow moment affects all of them
 * alike.
 */
const extraRounds = 2;
/** Candidates slower than the fastest by this factor drop out after the first round. */
const maxSlowness = 1.5;
/** Maximum candidates in the extra rounds. With a dozen candidates, a shape takes about 12 + 2 · 4 measurements. */
const maxFinalists = 4;
/**
 * Another candidate replaces the first one, the default, only if it takes less than this share of its time: a smaller
 * gain may be noise.
 */
const maxShareToReplace = 0.97;

export interface Fastest<T> {
  best: T;
  /** Median time of the best candidate. */
  ms: number;
  /** Median time of the first candidate. */
  firstMs: number;
}

/**
 * Returns the candidate with the lowest median time. Stops as soon as `expired` and returns the best so far, but always
 * measures the first candidate. Skips candidates that cannot run, for which `timeOf` returns undefined.
 */
export async function fastest<T>(
  candidates: readonly [T, ...T[]],
  timeOf: (candidate: T) => Promise<number | undefined>,
  expired: () => boolean,
): Promise<Fastest<T>> {
  const first = { candidate: candidates[0], times: [(await timeOf(candidates[0])) ?? Infinity] };
  const measured = [first];
  for (const candidate of candidates.slice(1)) {
    if (expired()) break;
    const ms = await timeOf(candidate);
    if (ms !== undefined) measured.push({ candidate, times: [ms] });
  }
  const ranked = measured.toSorted((a, b) => median(a.times) - median(b.times));
  const least = median(ranked[0]?.times ?? first.times);
  const left = ranked.filter(({ times }, place) => place < maxFinalists && median(times) <= maxSlowness * least);
  if (!left.includes(first)) left.push(first);
  for (let round = 0; round < extraRounds && left.length > 1; round++)
    for (const { candidate, times } of left) {
      if (expired()) break;
      times.push((await timeOf(candidate)) ?? Infinity);
    }
  let best = first;
  for (const each of left)
    if (median(each.times) < median(best.times) && median(each.times) < maxShareToReplace * median(first.times))
      best = each;
  return { best: best.candidate, ms: median(best.times), firstMs: median(first.times) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
