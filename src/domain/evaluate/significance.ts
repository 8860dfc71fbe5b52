/** Tests of many comparisons, and the number of questions that a comparison would need. */

/**
 * Two-sided p-value of a mean difference by the bootstrap (Efron & Tibshirani 1993, sec. 16.4): the share of resamples
 * whose mean lies at least as far from the observed mean as the observed mean lies from 0. The observed sample counts
 * as one resample, so that p is never 0 (Davison & Hinkley 1997, eq. 4.11). `means` are those of resamples.
 */
export function bootstrapP(means: Float64Array, observed: number): number {
  // A sum's last bits depend on its order; the margin keeps a resample that is exactly as far away.
  const bound = Math.abs(observed) - 1e-12;
  let asFar = 0;
  for (const mean of means) if (Math.abs(mean - observed) >= bound) asFar += 1;
  return (asFar + 1) / (means.length + 1);
}

/**
 * Adjusts p-values for the number of comparisons (Holm 1979): each is multiplied by the number of p-values that are not
 * smaller, and none gets smaller than one before it.
 */
export function holm(ps: readonly number[]): number[] {
  const order = [...ps.keys()].sort((a, b) => (ps[a] ?? 0) - (ps[b] ?? 0));
  const adjusted = ps.map(() => 1);
  let largest = 0;
  order.forEach((index, at) => {
    largest = Math.max(largest, Math.min(1, (ps.length - at) * (ps[index] ?? 1)));
    adjusted[index] = largest;
  });
  return adjusted;
}

/** Quantiles (0.975 and 0.8) of the standard normal distribution, for a two-sided test at 0.05 with 80% power. */
const zOfTest = 1.959963984540054;
const zOfPower = 0.8416212335729143;

/**
 * Returns about how many questions McNemar's test needs to find the observed difference with a probability of 80%
 * (Connor 1987, "Sample size for testing differences in proportions for the paired-sample design", Biometrics 43:
 * 207–211): (z₀.₉₇₅ √ψ + z₀.₈ √(ψ − δ²))² / δ², where ψ is the share of questions that only one model gets right and δ
 * the difference of the hit rates. Infinity if there is no difference.
 */
export function questionsNeeded(won: number, lost: number, questions: number): number {
  if (won === lost) return Infinity;
  const discordant = (won + lost) / questions;
  const difference = (won - lost) / questions;
  const spread = zOfTest * Math.sqrt(discordant) + zOfPower * Math.sqrt(discordant - difference ** 2);
  return Math.ceil(spread ** 2 / difference ** 2);
}
