import * as tf from '@tensorflow/tfjs-core';

/** Puts k columns [B] side by side: [B, k]. */
export function besideEachOther(columns: readonly tf.Tensor1D[]): tf.Tensor2D {
  return tf.concat(
    columns.map((column): tf.Tensor2D => tf.expandDims(column, 1)),
    1,
  );
}

/**
 * Returns the dot product of each row of `a` with the same row of `b`: [B, E] and [B, E] to [B]. Defines its own
 * gradient, da = dy·b and db = dy·a, because tfjs would first copy dy to [B, E].
 */
export function rowProducts(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor1D {
  const composed = tf.customGrad((...inputs) => {
    const [a, b, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([a, b]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      const column = tf.expandDims(dy, 1); // [B, 1]
      return [tf.mul(column, b), tf.mul(column, a)];
    };
    return { value: tf.sum(tf.mul(a, b), 1), gradFunc };
  });
  return composed(a, b) as tf.Tensor1D; // [B]
}

/**
 * Returns each anchor's own texts, by column: its positive, then its explicit negatives, [B, E] each. Losses compute
 * column by column: over a tensor [B, k, E], the gradient of the anchors would be a sum over k, for which tfjs starts a
 * workgroup per number. Throws RangeError if the anchors do not all have the same number of explicit negatives, one or
 * more.
 */
export function ownColumns(anchors: tf.Tensor2D, candidates: tf.Tensor2D): tf.Tensor2D[] {
  const [B, E] = anchors.shape;
  const [C] = candidates.shape;
  if (C <= B || C % B !== 0) throw new RangeError(`${B} anchors cannot share ${C} candidates with explicit negatives`);
  const [positives, others] = tf.split(candidates, [B, C - B]) as [tf.Tensor2D, tf.Tensor2D]; // [B, E], [C − B, E]
  const k = C / B - 1;
  const columns = k === 1 ? [others] : tf.split(tf.reshape(others, [B, k, E]), k, 1); // [B, 1, E] each
  return [positives, ...columns.map((column): tf.Tensor2D => tf.reshape(column, [B, E]))];
}
