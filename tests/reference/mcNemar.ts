/**
 * Returns the two-sided p-value of McNemar's exact test. Counts all outcomes that are at least as uneven, in BigInt
 * arithmetic.
 */
export function naiveMcNemar(won: number, lost: number): number {
  const trials = won + lost;
  const choose = (k: number): bigint => {
    let result = 1n;
    for (let i = 0; i < k; i++) result = (result * BigInt(trials - i)) / BigInt(i + 1);
    return result;
  };
  let asUneven = 0n;
  for (let i = 0; i <= trials; i++) if (Math.abs(2 * i - trials) >= Math.abs(won - lost)) asUneven += choose(i);
  return Number((asUneven * 10n ** 18n) / 2n ** BigInt(trials)) / 1e18;
}
