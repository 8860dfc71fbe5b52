import { zeros, type Matrix } from './matrix';

export interface LayerNormSaved {
  normalized: Matrix; // x̂, [T, H]
  deviations: Float64Array; // σ, [T]
}

/** Returns y = γ·x̂ + β with x̂ = (x − mean x)/σ and σ = √(var x + ε), per row (Ba et al., arXiv 1607.06450, eq. 4). */
export function layerNormForward(
  x: Matrix,
  gamma: Float32Array,
  beta: Float32Array,
  epsilon: number,
): { y: Matrix; saved: LayerNormSaved } {
  const width = x.columns;
  const [y, normalized] = [zeros(x.rows, width), zeros(x.rows, width)];
  const deviations = new Float64Array(x.rows);
  for (let row = 0; row < x.rows; row++) {
    const values = x.values.subarray(row * width, (row + 1) * width);
    const mean = values.reduce((sum, value) => sum + value, 0) / width;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    const deviation = Math.sqrt(variance + epsilon);
    deviations[row] = deviation;
    values.forEach((value, i) => {
      const hat = (value - mean) / deviation;
      normalized.values[row * width + i] = hat;
      y.values[row * width + i] = (gamma[i] ?? NaN) * hat + (beta[i] ?? NaN);
    });
  }
  return { y, saved: { normalized, deviations } };
}

/**
 * Returns the gradients of x, γ and β. With g = dy·γ: dx = (g − mean g − x̂·mean(g·x̂))/σ per row; dγ = Σ_rows dy·x̂,
 * dβ = Σ_rows dy.
 */
export function layerNormBackward(
  dy: Matrix,
  gamma: Float32Array,
  { normalized, deviations }: LayerNormSaved,
): { x: Matrix; gamma: Float64Array; beta: Float64Array } {
  const width = dy.columns;
  const dx = zeros(dy.rows, width);
  const [dGamma, dBeta] = [new Float64Array(width), new Float64Array(width)];
  for (let row = 0; row < dy.rows; row++) {
    const begin = row * width;
    let [mean, projection] = [0, 0];
    for (let i = 0; i < width; i++) {
      const [d, hat] = [dy.values[begin + i] ?? NaN, normalized.values[begin + i] ?? NaN];
      dGamma[i] = (dGamma[i] ?? NaN) + d * hat;
      dBeta[i] = (dBeta[i] ?? NaN) + d;
      mean += (d * (gamma[i] ?? NaN)) / width;
      projection += (d * (gamma[i] ?? NaN) * hat) / width;
    }
    for (let i = 0; i < width; i++) {
      const g = (dy.values[begin + i] ?? NaN) * (gamma[i] ?? NaN);
      dx.values[begin + i] = (g - mean - (normalized.values[begin + i] ?? NaN) * projection) / (deviations[row] ?? NaN);
    }
  }
  return { x: dx, gamma: dGamma, beta: dBeta };
}
