import type * as tf from '@tensorflow/tfjs-core';
import type { TensorEntry } from '../../../src/domain/model';
import { TensorTable } from './tensorTable';

/** The weights of one encoder on the device, by canonical name. Linear weights are [out, in]. */
export class ParameterStore {
  readonly #table: TensorTable;
  /** Bytes of all weights in float32. */
  readonly totalBytes: number;

  private constructor(readonly tensors: readonly TensorEntry[]) {
    this.#table = new TensorTable(tensors);
    this.totalBytes = tensors.reduce((sum, { length }) => sum + length * 4, 0);
  }

  /** All zero until they are written. */
  static create(tensors: readonly TensorEntry[]): ParameterStore {
    return new ParameterStore(tensors);
  }

  names(): string[] {
    return this.#table.names();
  }

  tensor(name: string): tf.Tensor {
    return this.#table.tensor(name);
  }

  /** Takes the tensor over and frees the one before. */
  replace(name: string, tensor: tf.Tensor): void {
    this.#table.replace(name, tensor);
  }

  write(name: string, values: Float32Array): void {
    this.#table.write(name, values);
  }

  /** GPU→CPU sync. */
  read(name: string): Promise<Float32Array> {
    return this.#table.read(name);
  }

  dispose(): void {
    this.#table.dispose();
  }
}
