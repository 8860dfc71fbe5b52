import type { ParameterStore } from './parameters';
import type { SegmentTable } from './segments';

/** First (`m`) and second (`v`) moment. */
export type Moment = 'm' | 'v';

/** AdamW's moments of every trained parameter, zeros until the first step. */
export class AdamWState {
  readonly segments: Readonly<Record<Moment, SegmentTable>>;

  private constructor(parameters: ParameterStore) {
    this.segments = { m: parameters.createMoment(), v: parameters.createMoment() };
  }

  static create(parameters: ParameterStore): AdamWState {
    return new AdamWState(parameters);
  }

  write(moment: Moment, name: string, values: Float32Array): void {
    this.segments[moment].write(name, values);
  }

  /** GPU→CPU sync. */
  read(moment: Moment, name: string): Promise<Float32Array> {
    return this.segments[moment].read(name);
  }

  dispose(): void {
    this.segments.m.dispose();
    this.segments.v.dispose();
  }
}
