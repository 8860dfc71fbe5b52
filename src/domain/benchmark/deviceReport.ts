import type { DeviceInfo } from '../device';
import type { StepStrategy } from '../memory/stepStrategy';
import type { BenchmarkShape } from './benchmark';

/** Whether a model of a shape can be trained on a device, with batches of 16 pairs of typical length. */
export interface TrainableShape {
  shape: BenchmarkShape;
  fits: boolean;
  /** The fastest step strategy that fits or, if none does, the one that needs the least memory. */
  stepStrategy: StepStrategy['kind'];
  /** Bytes that the step strategy needs. */
  neededBytes: number;
}

/** The device of a run, its memory budget, and the models that fit. Nothing is measured. */
export interface DeviceReport {
  device: DeviceInfo;
  budgetBytes: number;
  shapes: TrainableShape[];
}
