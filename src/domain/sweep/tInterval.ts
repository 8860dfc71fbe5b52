import type { Interval } from '../evaluate/statistics';

/**
 * Returns the probability that the absolute value of Student's t with `degrees` degrees of freedom is at most t, by the
 * finite sums for whole degrees (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
 */
function centralProbability(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const odd = degrees % 2 === 1;
  let term = odd ? cos : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let power = odd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= (cos * cos * (power - 1)) / power;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sin * sum) : sin * sum;
}

/** Returns the t below which the absolute value of Student's t is with a probability of 0.95, by bisection. */
function quantile95(degrees: number): number {
  // The quantile is 12.706 with one degree of freedom, and smaller with more.
  let [low, high] = [1, 13];
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (centralProbability(middle, degrees) < 0.95) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Returns the 95% t interval of the mean of a sample (Student 1908): mean ± t · s/√n, where s² divides by n − 1.
 * Assumes that the values are independent and roughly normal. Returns null for fewer than two.
 */
export function tInterval(values: readonly number[]): Interval | null {
  const count = values.length;
  if (count < 2) return null;
  const mean = meanOf(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const half = quantile95(count - 1) * Math.sqrt(variance / count);
  return { low: mean - half, high: mean + half };
}
