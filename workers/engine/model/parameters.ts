import type * as tf from '@tensorflow/tfjs-core';
import type { TensorEntry } from '../../../src/domain/model';
import { openGpu } from '../device';
import type { Need } from './names';
import { planSegments, SegmentTable } from './segments';
import { TensorTable } from '../reference/tensorTable';

/** One number for each number of the parameters, where the open device keeps them: as tensors by name, or on WebGPU in segments. */
export type ParameterTable = TensorTable | SegmentTable;

function createTable(tensors: readonly TensorEntry[], need: Need, kind: 'all' | 'trainable'): ParameterTable {
  const engine = openGpu();
  if (engine) return new SegmentTable(engine, planSegments(tensors, need), kind);
  return new TensorTable(kind === 'all' ? tensors : tensors.filter(({ name }) => need(name)));
}

/** The weights of one encoder on the device, by canonical name. Linear weights are [out, in]. */
export class ParameterStore {
  readonly #table: ParameterTable;
  /** Bytes of all weights in float32. */
  readonly totalBytes: number;

  private constructor(
    readonly tensors: readonly TensorEntry[],
    readonly isTrainable: Need,
  ) {
    this.#table = createTable(tensors, isTrainable, 'all');
    this.totalBytes = tensors.reduce((sum, { length }) => sum + length * 4, 0);
  }

  /** All zero until they are written. What `isTrainable` does not name is frozen: it has no gradient and no moments. */
  static create(tensors: readonly TensorEntry[], isTrainable: Need = () => true): ParameterStore {
    return new ParameterStore(tensors, isTrainable);
  }

  /** Zeros, one for each number of the parameters that are trained. */
  createMoment(): ParameterTable {
    return createTable(this.tensors, this.isTrainable, 'trainable');
  }

  /** The weights on WebGPU; undefined on wasm. */
  get segments(): SegmentTable | undefined {
    return this.#table instanceof SegmentTable ? this.#table : undefined;
  }

  /** On wasm only. */
  tensor(name: string): tf.Tensor {
    return tensorsOf(this.#table).tensor(name);
  }

  /** On wasm only. Takes the tensor over and frees the one before. */
  replace(name: string, tensor: tf.Tensor): void {
    tensorsOf(this.#table).replace(name, tensor);
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

export function tensorsOf(table: ParameterTable): TensorTable {
  if (table instanceof TensorTable) return table;
  throw new TypeError('parameters lie in segments on WebGPU');
}
