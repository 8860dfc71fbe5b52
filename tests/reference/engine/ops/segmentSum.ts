import * as tf from '@tensorflow/tfjs-core';

/** The order in which the rows of each segment are added. */
interface SegmentSumPlan {
  /** Round r adds rows left[k] and right[k] to get row k of the next round. */
  rounds: { left: Int32Array; right: Int32Array }[];
  /** For each segment, the row of the last round that holds its sum. */
  result: Int32Array;
}

/**
 * Plans y[s] = Σ x[i] over the rows i of segment s: the gradient of a table lookup. The rows of a segment are added in
 * pairs, then pairs of pairs, and so on. The host fixes this order, so the sum has the same bits every time, without
 * atomics or readbacks. Row 0 of every round is zero: it pads odd segments and is the sum of empty ones.
 */
export function planSegmentSum(segments: ArrayLike<number>, segmentCount: number): SegmentSumPlan {
  const groups = groupRows(segments, segmentCount);
  const rounds: SegmentSumPlan['rounds'] = [];
  const present = [...groups.keys()];
  let rows = present.map((segment) => groups.get(segment) ?? []);
  while (rows.some((group) => group.length > 1)) {
    const pairs = rows.reduce((sum, group) => sum + Math.ceil(group.length / 2), 1);
    const left = new Int32Array(pairs);
    const right = new Int32Array(pairs);
    let next = 1;
    rows = rows.map((group) => {
      const merged: number[] = [];
      for (let i = 0; i < group.length; i += 2) {
        left[next] = group[i] ?? 0;
        right[next] = group[i + 1] ?? 0;
        merged.push(next++);
      }
      return merged;
    });
    rounds.push({ left, right });
  }
  const result = new Int32Array(segmentCount);
  present.forEach((segment, k) => (result[segment] = rows[k]?.[0] ?? 0));
  return { rounds, result };
}

/** Returns the rows of each segment that has any. Rows are numbered from 1, because row 0 is the zero row. */
function groupRows(segments: ArrayLike<number>, segmentCount: number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (let row = 0; row < segments.length; row++) {
    const segment = segments[row] ?? -1;
    if (segment < 0 || segment >= segmentCount)
      throw new RangeError(`segment ${segment} is out of range [0, ${segmentCount})`);
    const group = groups.get(segment);
    if (group) group.push(row + 1);
    else groups.set(segment, [row + 1]);
  }
  return groups;
}

/** Sums the rows of each segment in the order of the plan: x [T, H] → y [segments, H]. */
export function segmentSum(x: tf.Tensor, plan: SegmentSumPlan): tf.Tensor {
  return tf.tidy(() => {
    let rows: tf.Tensor = tf.concat([tf.zeros([1, x.shape[1] ?? 0]), x], 0); // [1 + T, H]
    for (const { left, right } of plan.rounds) {
      const next = tf.tidy(() =>
        tf.add(tf.gather(rows, tf.tensor1d(left, 'int32')), tf.gather(rows, tf.tensor1d(right, 'int32'))),
      );
      rows.dispose();
      rows = next;
    }
    return tf.gather(rows, tf.tensor1d(plan.result, 'int32')); // [segments, H]
  });
}
