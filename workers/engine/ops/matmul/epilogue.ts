/**
 * Classes of epilogues with about equal cost: `gelu` computes erf for each number of y, `sums` also sums a's columns.
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
  /** Writes the sum as `pre` and its GELU as y. */
  gelu?: boolean;
  /** Multiplies by GELU′(pre[row, column]). */
  geluGradient?: boolean;
  /** Adds the old y[row, column]. */
  accumulate?: boolean;
  /** TN only: also writes aSums[row] = Σ_k a[k, row]. For dyᵀ·x that is the bias gradient. */
  aSums?: boolean;
}

/** Returns WGSL that applies the epilogue to `v`, the number (or four numbers) at index `at` of y, and writes it. */
export function epilogueCode(epilogue: Epilogue, column: string, quads: boolean): string {
  const { bias, dropout, residual, gelu, geluGradient, accumulate } = epilogue;
  return [
    bias ? `      v += bias[${column}];` : '',
    dropout ? `      v *= ${quads ? 'dropout_quad' : 'dropout_one'}(at);` : '',
    residual ? '      v += residual[at];' : '',
    gelu ? '      pre[at] = v;\n      v = gelu(v);' : '',
    geluGradient ? '      v *= gelu_gradient(pre[at]);' : '',
    accumulate ? '      v += y[part + at];' : '',
    '      y[part + at] = v;',
  ]
    .filter(Boolean)
    .join('\n');
}
