import type { ParameterStore } from './parameterStore';
import type { SegmentTable } from './segmentTable';

/** The first (`m`) or second (`v`) moment. */
export type AdamWStateMoment = 'm' | 'v';

/** AdamW's two moments of every trained parameter, zero before the first step. */
export class AdamWState {
  readonly segments: Readonly<Record<AdamWStateMoment, SegmentTable>>;

  constructor(parameters: ParameterStore) {
    this.segments = { m: parameters.createMoment(), v: parameters.createMoment() };
  }

  write(moment: AdamWStateMoment, name: string, values: Float32Array): void {
    this.segments[moment].write(name, values);
  }

  /** Reads a moment of one parameter. GPU→CPU sync. */
  read(moment: AdamWStateMoment, name: string): Promise<Float32Array> {
    return this.segments[moment].read(name);
  }

  dispose(): void {
    this.segments.m.dispose();
    this.segments.v.dispose();
  }
}
