import type * as tf from '@tensorflow/tfjs-core';
import type { TensorEntry } from '../../../src/domain/model';
import { createTable, tensorsOf, type ParameterTable } from './parameters';
import { SegmentTable } from './segments';

/** First (`m`) and second (`v`) moment. */
export type Moment = 'm' | 'v';

/** AdamW's moments of every parameter, zeros until the first step. */
export class AdamWState {
  readonly #tables: Record<Moment, ParameterTable>;

  private constructor(tensors: readonly TensorEntry[]) {
    this.#tables = { m: createTable(tensors), v: createTable(tensors) };
  }

  static create(tensors: readonly TensorEntry[]): AdamWState {
    return new AdamWState(tensors);
  }

  /** The moments on WebGPU; undefined on wasm. */
  get segments(): Record<Moment, SegmentTable> | undefined {
    const { m, v } = this.#tables;
    return m instanceof SegmentTable && v instanceof SegmentTable ? { m, v } : undefined;
  }

  /** On wasm only. */
  tensor(moment: Moment, name: string): tf.Tensor {
    return tensorsOf(this.#tables[moment]).tensor(name);
  }

  /** On wasm only. Takes the tensor over and frees the one before. */
  replace(moment: Moment, name: string, tensor: tf.Tensor): void {
    tensorsOf(this.#tables[moment]).replace(name, tensor);
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
