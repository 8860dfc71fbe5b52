import type { ParameterStore } from './parameterStore';
import type { SegmentTable } from './segmentTable';

/**
 * The exponential moving average of the weights or adapters that a stage trains. Like AveragedModel of
 * torch.optim.swa_utils, it equals the weights after the stage's first step.
 */
export class WeightAverage {
  readonly segments: SegmentTable;
  readonly #trained: SegmentTable;

  /** Allocates the average, and fills it with the current weights, or adapters in a LoRA stage that has begun. */
  constructor(
    parameters: Pick<ParameterStore, 'adapters' | 'createMoment' | 'segments'>,
    stage: number,
    readonly decay: number,
  ) {
    this.segments = parameters.createMoment(stage);
    this.#trained = parameters.adapters?.segments ?? parameters.segments;
    for (const segment of this.segments.layout.segments.keys()) this.copySegment(segment);
  }

  /** Overwrites the average of a segment with the weights. */
  copySegment(segment: number): void {
    const [from, to] = [this.#trained.arrays[segment], this.segments.arrays[segment]];
    if (from && to) this.segments.engine.commands.copy(from, to);
  }

  /**
   * Exchanges average and weights while `use` runs, so that it reads averaged weights. A nested call exchanges them
   * back while its own `use` runs.
   */
  async exchanged<T>(use: () => Promise<T>): Promise<T> {
    this.#trained.exchange(this.segments);
    try {
      return await use();
    } finally {
      this.#trained.exchange(this.segments);
    }
  }

  /** Replaces the weights by their average permanently. The average cannot be used afterwards. */
  adopt(): void {
    this.#trained.exchange(this.segments);
    this.dispose();
  }

  dispose(): void {
    this.segments.dispose();
  }
}
