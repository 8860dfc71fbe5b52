import type { ParameterStore } from './parameterStore';
import type { SegmentTable } from './segmentTable';

/** The first (`m`) or second (`v`) moment. */
export type AdamWStateMoment = 'm' | 'v';

/** AdamW's two moments of every parameter that a stage trains, zero before the stage's first step. */
export class AdamWState {
  readonly segments: Readonly<Record<AdamWStateMoment, SegmentTable>>;

  constructor(parameters: ParameterStore, stage = 0) {
    this.segments = { m: parameters.createMoment(stage), v: parameters.createMoment(stage) };
  }

  /** Whether the stage trains a parameter, which then has moments. */
  isTrained(name: string): boolean {
    return this.segments.m.layout.isTrainable(name);
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
