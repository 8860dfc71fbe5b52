/** Candidates within this share of the fastest count as equally fast, because the clock is no more precise. */
const tie = 0.02;
/** A round counts only if the default's times at its start and at its end differ by at most this share. */
const maxDrift = 0.05;
/** Candidates that are slower than the fastest one by this factor drop out after the first round. */
const maxSlowness = 1.5;
/** Number of candidates measured in the last rounds, besides the default. */
const finalists = 4;
const finalRounds = 3;
/**
 * Length of the first round's passes, as a share of full length. That round only separates slow candidates from fast
 * ones.
 */
const coarse = 0.4;
/**
 * Maximum number of rejected rounds per shape. If the default drifts more often, the device is too busy and the default
 * is kept.
 */
const maxRejected = 4;

/** Measures the candidates of one product. */
export interface Heat<T> {
  /** Returns the milliseconds of one product for each candidate, in order, from passes of about `passMs`. */
  round: (candidates: readonly T[], passMs: number) => Promise<number[]>;
  /** Length of a pass in the last rounds. */
  passMs: number;
  /** Whether a round of this many milliseconds still fits in the time left. */
  fits: (ms: number) => boolean;
}

export interface Ranked<T> {
  candidate: T;
  /** Median of the candidate's times relative to the default's in the same rounds. */
  relative: number;
}

interface Ranking<T> {
  /**
   * The default and the candidates measured in the last rounds, best first. Ties keep the order of the candidates,
   * which begins with the default.
   */
  ranked: readonly [Ranked<T>, ...Ranked<T>[]];
  /** Median time of the default in the accepted rounds of full length; NaN if no round was accepted. */
  firstMs: number;
  /** Whether too many rounds were rejected to compare any candidate with the default. */
  unsteady: boolean;
}

/** Returns how many full-length passes it takes to rank this many candidates, if no round is rejected. */
export function rankingPasses(candidates: number): number {
  return coarse * (candidates + 1) + finalRounds * (Math.min(finalists, candidates - 1) + 2);
}

type Measured<T> = { candidate: T; place: number; relatives: number[] };
/** Times of the default in accepted rounds, and the number of rejected rounds. */
type Clock = { firstTimes: number[]; rejected: number };

/**
 * Ranks candidates by successive halving: a short round of all candidates, then rounds of the fastest only. Rounds are
 * interleaved (A B C D A B C D), and each begins and ends with the first candidate, the default. Times count relative
 * to the default's, so a clock that changes between rounds does not change the ranking. Stops when no further round
 * fits.
 */
export async function rankCandidates<T>(candidates: readonly [T, ...T[]], heat: Heat<T>): Promise<Ranking<T>> {
  const [first, ...others] = candidates;
  const clock: Clock = { firstTimes: [], rejected: 0 };
  const all = others.map((candidate, place): Measured<T> => ({ candidate, place: place + 1, relatives: [] }));
  // The caller has decided that there is time for the first round.
  const firstHeat = { ...heat, passMs: coarse * heat.passMs, fits: () => true };
  const started = await measureRound(first, all, firstHeat, clock);
  const default_ = { candidate: first, relative: 1 };
  if (!started) return { ranked: [default_], firstMs: NaN, unsteady: true };
  const coarseMs = median(clock.firstTimes.splice(0));
  const left = finalistsOf(all).map((each) => ({ ...each, coarse: each.relatives.splice(0) }));
  for (let round = 0; round < finalRounds && left.length > 0; round++)
    if (!(await measureRound(first, left, heat, clock))) break;
  for (const each of left) if (each.relatives.length === 0) each.relatives = each.coarse;
  const ranked = byPreference([{ candidate: first, place: 0, relatives: [1] }, ...left]);
  const firstMs = clock.firstTimes.length > 0 ? median(clock.firstTimes) : coarseMs;
  return { ranked: [ranked[0] ?? default_, ...ranked.slice(1)], firstMs, unsteady: false };
}

/**
 * Measures one round. Repeats it if the default drifted. Returns false if no round was accepted before the time or the
 * rejections ran out.
 */
async function measureRound<T>(
  first: T,
  measured: readonly Measured<T>[],
  { round, passMs, fits }: Heat<T>,
  clock: Clock,
): Promise<boolean> {
  const inRound = [first, ...measured.map(({ candidate }) => candidate), first];
  while (fits(inRound.length * passMs)) {
    const times = await round(inRound, passMs);
    const [start = NaN, end = NaN] = [times[0], times.at(-1)];
    if (Math.abs(end - start) <= maxDrift * Math.min(start, end)) {
      clock.firstTimes.push(start, end);
      measured.forEach(({ relatives }, i) => {
        const default_ = start + ((end - start) * (i + 1)) / (times.length - 1);
        const ms = times[i + 1] ?? 0;
        // If the clock did not move, nothing was measured.
        relatives.push(ms > 0 ? ms / default_ : Infinity);
      });
      return true;
    }
    if (++clock.rejected >= maxRejected) return false;
  }
  return false;
}

/** Returns the fastest candidates of the first round. */
function finalistsOf<T>(measured: readonly Measured<T>[]): Measured<T>[] {
  const ranked = measured.toSorted((a, b) => median(a.relatives) - median(b.relatives));
  const least = Math.min(1, ...ranked.map(({ relatives }) => median(relatives)));
  return ranked.slice(0, finalists).filter(({ relatives }) => median(relatives) <= maxSlowness * least);
}

/** Sorts the candidates: repeatedly takes the earliest of those that are as fast as the fastest one left. */
function byPreference<T>(measured: readonly Measured<T>[]): Ranked<T>[] {
  const ordered = measured.toSorted((a, b) => a.place - b.place);
  let left = ordered.map(({ candidate, relatives }) => ({ candidate, relative: median(relatives) }));
  const ranked: Ranked<T>[] = [];
  while (left.length > 0) {
    const least = Math.min(...left.map(({ relative }) => relative));
    const next = left.find(({ relative }) => relative <= (1 + tie) * least);
    if (!next) break;
    ranked.push(next);
    left = left.filter((each) => each !== next);
  }
  return ranked;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
