import type * as tf from '@tensorflow/tfjs-core';
import type { TensorEntry } from '../../../src/domain/model';
import { TensorTable } from './tensorTable';

/** First (`m`) and second (`v`) moment. */
export type Moment = 'm' | 'v';

/** AdamW's moments of every parameter, zeros until the first step. */
export class AdamWState {
  readonly #tables: Record<Moment, TensorTable>;

  private constructor(tensors: readonly TensorEntry[]) {
    this.#tables = { m: new TensorTable(tensors), v: new TensorTable(tensors) };
  }

  static create(tensors: readonly TensorEntry[]): AdamWState {
    return new AdamWState(tensors);
  }

  tensor(moment: Moment, name: string): tf.Tensor {
    return this.#tables[moment].tensor(name);
  }

  /** Takes the tensor over and frees the one before. */
  replace(moment: Moment, name: string, tensor: tf.Tensor): void {
    this.#tables[moment].replace(name, tensor);
  }

  write(moment: Moment, name: string, values: Float32Array): void {
    this.#tables[moment].write(name, values);
  }

  /** GPU→CPU sync. */
  read(moment: Moment, name: string): Promise<Float32Array> {
    return this.#tables[moment].read(name);
  }

  dispose(): void {
    this.#tables.m.dispose();
    this.#tables.v.dispose();
  }
}
