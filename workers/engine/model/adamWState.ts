import type * as tf from '@tensorflow/tfjs-core';
import { tensorsOf, type ParameterStore, type ParameterTable } from './parameters';
import { SegmentTable } from './segments';

/** First (`m`) and second (`v`) moment. */
export type Moment = 'm' | 'v';

/** AdamW's moments of every trained parameter, zeros until the first step. */
export class AdamWState {
  readonly #tables: Record<Moment, ParameterTable>;

  private constructor(parameters: ParameterStore) {
    this.#tables = { m: parameters.createMoment(), v: parameters.createMoment() };
  }

  static create(parameters: ParameterStore): AdamWState {
    return new AdamWState(parameters);
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
