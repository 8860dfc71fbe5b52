/**
 * Returns WGSL for exact GELU (Hendrycks & Gimpel, arXiv 1606.08415, eq. 1) and its derivative, on scalars or vec4:
 * y = x·Φ(x) with Φ(x) = ½(1 + erf(x/√2)), and dy/dx = Φ(x) + x·φ(x) with φ(x) = exp(−x²/2)/√(2π). erf is
 * approximated by Abramowitz & Stegun, eq. 7.1.26, as in tfjs, with an error of at most 1.5e-7.
 */
export function geluFunctions(type: 'f32' | 'vec4<f32>'): string {
  return `
fn gauss_cdf(x: ${type}) -> ${type} {
  let z = abs(x) * 0.70710678118;
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return 0.5 + 0.5 * sign(x) * (1.0 - tail * exp(-z * z));
}
fn gelu(x: ${type}) -> ${type} {
  return x * gauss_cdf(x);
}
fn gelu_gradient(x: ${type}) -> ${type} {
  return gauss_cdf(x) + x * exp(-0.5 * x * x) * 0.39894228040;
}
`;
}
