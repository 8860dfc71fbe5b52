/**
 * Classes of epilogues with about equal cost. `gelu` computes erf for each number of y; `sums` also sums a's columns.
 */
export type EpilogueClass = 'plain' | 'gelu' | 'sums';

/** Operations applied to each sum before it is written, in this order. */
export interface Epilogue {
  /** Adds bias[column]. */
  bias?: boolean;
  /** Multiplies by the dropout mask. */
  dropout?: boolean;
  /** Adds residual[row, column]. */
  residual?: boolean;
  /** Writes the sum to `pre` and its GELU to y. */
  gelu?: boolean;
  /** Multiplies by GELU′(pre[row, column]). */
  geluGradient?: boolean;
  /** Adds the old y[row, column]. */
  accumulate?: boolean;
  /** TN only: also writes aSums[row] = Σ_k a[k, row]. For dyᵀ·x, that is the bias gradient. */
  aSums?: boolean;
}

/**
 * Returns WGSL that multiplies `v`, the sum (or four sums) at index `at` of y, by α, applies the epilogue and writes
 * the result. Calls fma wherever a compiler might contract a product and a sum in one kernel but not in another.
 */
export function epilogueCode(epilogue: Epilogue, column: string, quads: boolean): string {
  const { bias, dropout, residual, gelu, geluGradient, accumulate } = epilogue;
  const alpha = quads ? 'vec4<f32>(p.alpha)' : 'p.alpha';
  const steps: [factor: string | undefined, term: string | undefined][] = [
    [alpha, bias ? `bias[${column}]` : undefined],
    [dropout ? `${quads ? 'dropout_quad' : 'dropout_one'}(at)` : undefined, residual ? 'residual[at]' : undefined],
  ];
  return [
    ...steps.map(([factor, term]) => scaled(factor, term)),
    gelu ? '      pre[at] = v;\n      v = gelu(v);' : '',
    scaled(geluGradient ? 'gelu_gradient(pre[at])' : undefined, accumulate ? 'y[part + at]' : undefined),
    '      y[part + at] = v;',
  ]
    .filter(Boolean)
    .join('\n');
}

/** Returns WGSL for v = v·factor + term, rounded once if both are present. */
function scaled(factor: string | undefined, term: string | undefined): string {
  if (factor && term) return `      v = fma(v, ${factor}, ${term});`;
  return factor ? `      v *= ${factor};` : term ? `      v += ${term};` : '';
}
