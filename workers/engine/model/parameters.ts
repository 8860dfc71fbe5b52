import type { TensorEntry } from '../../../src/domain/model';
import { openEngine } from '../device';
import type { Need } from './names';
import { planSegments, SegmentTable } from './segments';

/** The weights of one encoder on the open device, by canonical name. Linear weights are [out, in]. */
export class ParameterStore {
  readonly segments: SegmentTable;
  /** Bytes of all weights in float32. */
  readonly totalBytes: number;

  private constructor(
    readonly tensors: readonly TensorEntry[],
    readonly isTrainable: Need,
  ) {
    this.segments = new SegmentTable(openEngine(), planSegments(tensors, isTrainable), 'all');
    this.totalBytes = tensors.reduce((sum, { length }) => sum + length * 4, 0);
  }

  /** All zero until they are written. What `isTrainable` does not name is frozen: it has no gradient and no moments. */
  static create(tensors: readonly TensorEntry[], isTrainable: Need = () => true): ParameterStore {
    return new ParameterStore(tensors, isTrainable);
  }

  /** Zeros, one for each number of the parameters that are trained. */
  createMoment(): SegmentTable {
    return new SegmentTable(this.segments.engine, this.segments.layout, 'trainable');
  }

  write(name: string, values: Float32Array): void {
    this.segments.write(name, values);
  }

  /** GPU→CPU sync. */
  read(name: string): Promise<Float32Array> {
    return this.segments.read(name);
  }

  dispose(): void {
    this.segments.dispose();
  }
}
