/** Correlations of a model's scores with the labels of scored pairs. */

export const correlations = ['spearman', 'pearson'] as const;
export type CorrelationName = (typeof correlations)[number];

/** How often each value counts: in a bootstrap resample, as often as it was drawn. */
export type Weights = Uint32Array;

/**
 * Below this share of the mean, deviations are rounding errors and the values count as equal. scipy warns of a nearly
 * constant input from the same bound on.
 */
const constantShare = 1e-13;

/** Centred values and their length, or null if all values are equal. */
function centred(values: Float64Array, weights: Weights, count: number): { length: number; mean: number } | null {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (weights[i] ?? 0) * (values[i] ?? 0);
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (weights[i] ?? 0) * ((values[i] ?? 0) - mean) ** 2;
  const length = Math.sqrt(squares);
  return length <= constantShare * Math.abs(mean) ? null : { length, mean };
}

/**
 * Returns Pearson's correlation of x and y, each pair of values counted as often as `weights` says. Null if the values
 * of one side are all equal, or if there are fewer than two.
 */
export function weightedPearson(x: Float64Array, y: Float64Array, weights: Weights): number | null {
  const count = weights.reduce((sum, one) => sum + one, 0);
  if (count < 2) return null;
  const [ofX, ofY] = [centred(x, weights, count), centred(y, weights, count)];
  if (!ofX || !ofY) return null;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (weights[i] ?? 0) * ((x[i] ?? 0) - ofX.mean) * ((y[i] ?? 0) - ofY.mean);
  return Math.max(-1, Math.min(1, sum / (ofX.length * ofY.length)));
}

/** The order of values, ascending, in which their ranks are counted. */
export function ascending(values: Float64Array): Uint32Array {
  return Uint32Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
}

/**
 * Writes the ranks of weighted values into `ranks`. Equal values share the mean of their ranks. `order` is that of
 * `ascending`.
 */
export function weightedRanks(
  values: Float64Array,
  order: Uint32Array,
  weights: Weights,
  ranks: Float64Array<ArrayBuffer>,
): void {
  let before = 0;
  for (let first = 0; first < order.length;) {
    const value = values[order[first] ?? 0];
    let [end, size] = [first, 0];
    for (; end < order.length && values[order[end] ?? 0] === value; end++) size += weights[order[end] ?? 0] ?? 0;
    for (let at = first; at < end; at++) ranks[order[at] ?? 0] = before + (size + 1) / 2;
    before += size;
    first = end;
  }
}

const once = (count: number): Weights => new Uint32Array(count).fill(1);

/** Returns Pearson's correlation, or null if it is not defined. */
export function pearson(x: Float64Array, y: Float64Array): number | null {
  return weightedPearson(x, y, once(x.length));
}

/** Returns Spearman's correlation, that of the ranks. Equal values share their mean rank. Null if it is not defined. */
export function spearman(x: Float64Array, y: Float64Array): number | null {
  const [ofX, ofY] = [new Float64Array(x.length), new Float64Array(y.length)];
  weightedRanks(x, ascending(x), once(x.length), ofX);
  weightedRanks(y, ascending(y), once(y.length), ofY);
  return pearson(ofX, ofY);
}

/** Whether values are all equal up to rounding, so that no correlation with them is defined. */
export function isConstant(values: Float64Array): boolean {
  return values.length === 0 || centred(values, once(values.length), values.length) === null;
}
