/** What happens to a sum before it is written, in this order. */
export interface Epilogue {
  /** + bias[column] */
  bias?: boolean;
  /** × dropout mask */
  dropout?: boolean;
  /** + residual[row, column] */
  residual?: boolean;
  /** The sum is written as `pre`, and GELU of it as y. */
  gelu?: boolean;
  /** × GELU′(pre[row, column]) */
  geluGradient?: boolean;
  /** Added to what y holds. */
  accumulate?: boolean;
  /** TN only: also writes Σ_k a[k, row] as aSums[row]: of dyᵀ·x the bias gradient. */
  aSums?: boolean;
}

/** Statements that finish `v`, the number or the four numbers at index `at` of y, and write it. */
export function finish(epilogue: Epilogue, column: string, quads: boolean): string {
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
