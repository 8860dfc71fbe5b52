import type { StoredTensor } from '../../../src/domain/modelTensors';
import type { Engine } from '../engine';
import type { IsTrainable } from './isTrainable';
import { layOutStages, type SegmentLayout } from './segmentLayout';
import { SegmentTable } from './segmentTable';

/** The weights of one encoder on one engine, by canonical name. Weights of linear modules are [out, in]. */
export class ParameterStore {
  readonly segments: SegmentTable;
  /** Bytes of all weights in float32. */
  readonly totalBytes: number;

  readonly #layouts: readonly SegmentLayout[];

  /**
   * Allocates all weights as zeros. `trainedIn` states for each stage which parameters are trained; the others get no
   * gradient and no moments in that stage.
   */
  constructor(
    engine: Engine,
    readonly tensors: readonly StoredTensor[],
    trainedIn: readonly IsTrainable[] = [() => true],
  ) {
    this.#layouts = layOutStages(tensors, trainedIn);
    this.segments = new SegmentTable(engine, this.#layoutOf(0), 'all');
    this.totalBytes = tensors.reduce((sum, { length }) => sum + length * 4, 0);
  }

  /** Returns a table of zeros with room for every parameter that a stage trains. */
  createMoment(stage = 0): SegmentTable {
    return new SegmentTable(this.segments.engine, this.#layoutOf(stage), 'trainable');
  }

  #layoutOf(stage: number): SegmentLayout {
    const layout = this.#layouts[stage];
    if (!layout) throw new RangeError(`there is no stage ${stage}`);
    return layout;
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
