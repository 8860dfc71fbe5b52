import type { Matrix } from './matrix';

/**
 * Returns erf(x) to double precision from the series erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n + 1)!! (Abramowitz &
 * Stegun, 7.1.6). All terms have the same sign, so nothing cancels.
 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x); // 1 − erf(6) < 3e-17
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Φ(x), the cumulative distribution function of the standard normal. */
const cdf = (x: number): number => 0.5 * (1 + erf(x * Math.SQRT1_2));

/** Returns exact GELU (Hendrycks & Gimpel, arXiv 1606.08415, eq. 1): y = x·Φ(x). */
export function geluForward(x: Matrix): Matrix {
  return { ...x, values: x.values.map((value) => value * cdf(value)) };
}

/** Returns dx = dy·(Φ(x) + x·φ(x)), where φ(x) = e^(−x²/2)/√(2π) is the density. */
export function geluBackward(dy: Matrix, x: Matrix): Matrix {
  const slope = (value: number): number =>
    cdf(value) + (value * Math.exp((-value * value) / 2)) / Math.sqrt(2 * Math.PI);
  return { ...x, values: x.values.map((value, i) => (dy.values[i] ?? NaN) * slope(value)) };
}
