import type { StoredTensor } from '../../../src/domain/modelTensors';
import type { Engine } from '../engine';
import type { IsTrainable } from './isTrainable';
import { layOutSegments } from './segmentLayout';
import { SegmentTable } from './segmentTable';

/** The weights of one encoder on one engine, by canonical name. Weights of linear modules are [out, in]. */
export class ParameterStore {
  readonly segments: SegmentTable;
  /** Bytes of all weights in float32. */
  readonly totalBytes: number;

  /** Allocates all weights as zeros. Parameters that are not trainable get no gradient and no moments. */
  constructor(
    engine: Engine,
    readonly tensors: readonly StoredTensor[],
    readonly isTrainable: IsTrainable = () => true,
  ) {
    this.segments = new SegmentTable(engine, layOutSegments(tensors, isTrainable), 'all');
    this.totalBytes = tensors.reduce((sum, { length }) => sum + length * 4, 0);
  }

  /** Returns a table of zeros with room for every trained parameter. */
  createMoment(): SegmentTable {
    return new SegmentTable(this.segments.engine, this.segments.layout, 'trainable');
  }

  write(name: string, values: Float32Array): void {
    this.segments.write(name, values);
  }

  /** Reads one parameter. GPU→CPU sync. */
  read(name: string): Promise<Float32Array> {
    return this.segments.read(name);
  }

  dispose(): void {
    this.segments.dispose();
  }
}
