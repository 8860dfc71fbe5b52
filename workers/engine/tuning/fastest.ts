/** How many times what was left after the first round is measured again, one after the other, so that a slow moment hits all alike. */
const laterRounds = 2;
/** Candidates slower than the fastest by this factor in the first round are not measured again; nor are more than `finalists`. */
const hopeless = 1.5;
const finalists = 4;
/** The first candidate, which is chosen without measuring, gives way only to one that is faster by more than noise. */
const clearlyFaster = 0.97;

export interface Fastest<T> {
  best: T;
  /** Of the best, and of the first candidate. */
  ms: number;
  firstMs: number;
}

/**
 * The candidate with the lowest median time. Ends early once `expired`, with the best so far; the first candidate is always measured. A
 * candidate whose time is undefined cannot run.
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
  const left = ranked.filter(({ times }, place) => place < finalists && median(times) <= hopeless * least);
  if (!left.includes(first)) left.push(first);
  for (let round = 0; round < laterRounds && left.length > 1; round++)
    for (const { candidate, times } of left) {
      if (expired()) break;
      times.push((await timeOf(candidate)) ?? Infinity);
    }
  let best = first;
  for (const each of left)
    if (median(each.times) < median(best.times) && median(each.times) < clearlyFaster * median(first.times))
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
