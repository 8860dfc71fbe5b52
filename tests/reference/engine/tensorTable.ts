import * as tf from '@tensorflow/tfjs-core';
import type { StoredTensor } from '../../../src/domain/modelTensors';
import { AppError } from '../../../src/domain/errors';
import { readTensor } from './readTensor';

/** Weights of the reference encoder, by name. */
export class TensorTable {
  readonly #shapes = new Map<string, number[]>();
  readonly #tensors = new Map<string, tf.Tensor>();

  constructor(entries: readonly Pick<StoredTensor, 'name' | 'shape'>[]) {
    for (const { name, shape } of entries) this.#shapes.set(name, shape);
  }

  names(): string[] {
    return [...this.#shapes.keys()];
  }

  /** Returns the shape of a tensor. Throws `model-invalid` if the model has no tensor of this name. */
  shape(name: string): number[] {
    const shape = this.#shapes.get(name);
    if (!shape)
      throw new AppError({ kind: 'model-invalid', file: 'model.safetensors', fault: 'tensor-missing', tensor: name });
    return shape;
  }

  /** Returns the tensor. Creates it from zeros if it was never written. */
  tensor(name: string): tf.Tensor {
    const known = this.#tensors.get(name);
    if (known) return known;
    const zeros = tf.keep(tf.zeros(this.shape(name)));
    this.#tensors.set(name, zeros);
    return zeros;
  }

  /** Replaces a tensor and frees the previous one. The table owns the new tensor. */
  replace(name: string, tensor: tf.Tensor): void {
    this.#tensors.get(name)?.dispose();
    this.#tensors.set(name, tf.keep(tensor));
  }

  /** Overwrites a tensor. Throws `model-invalid` if the number of values does not match the shape. */
  write(name: string, values: Float32Array): void {
    const shape = this.shape(name);
    const length = shape.reduce((product, side) => product * side, 1);
    if (values.length !== length) {
      const [expected, found] = [String(length), String(values.length)];
      throw new AppError({
        kind: 'model-invalid',
        file: 'model.safetensors',
        fault: 'tensor-shape',
        tensor: name,
        expected,
        found,
      });
    }
    this.replace(name, tf.tensor(values, shape));
  }

  /**
   * Returns a copy of the values. Returns zeros for a tensor that was never used, without creating it. GPU→CPU sync.
   */
  async read(name: string): Promise<Float32Array> {
    const known = this.#tensors.get(name);
    if (known) return readTensor(known);
    return new Float32Array(this.shape(name).reduce((product, side) => product * side, 1));
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
  }
}
