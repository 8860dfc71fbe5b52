import * as tf from '@tensorflow/tfjs-core';
import type { Constants } from './vectorLoss';

/** The constants of a bridge: made at first use and kept on the device until `dispose`. */
export class KeptConstants implements Constants {
  readonly #numbers = new Map<number, tf.Scalar>();
  #mask: tf.Tensor2D | undefined;

  number(value: number): tf.Scalar {
    let kept = this.#numbers.get(value);
    if (!kept) this.#numbers.set(value, (kept = tf.keep(tf.scalar(value))));
    return kept;
  }

  /** Keeps only the mask of the last size, so that batches of many sizes do not add up. */
  offDiagonal(size: number): tf.Tensor2D {
    if (this.#mask?.shape[0] === size) return this.#mask;
    this.#mask?.dispose();
    const values = new Float32Array(size * size).fill(1);
    for (let i = 0; i < size; i++) values[i * size + i] = 0;
    return (this.#mask = tf.keep(tf.tensor2d(values, [size, size])));
  }

  dispose(): void {
    for (const kept of this.#numbers.values()) kept.dispose();
    this.#numbers.clear();
    this.#mask?.dispose();
    this.#mask = undefined;
  }
}
