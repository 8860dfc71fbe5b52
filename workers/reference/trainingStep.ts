import type { EncoderConfig } from '../../src/domain/model';

/** Input of a training step without dropout: mean pooling and in-batch InfoNCE from anchors to positives. */
export interface TrainingStep {
  config: EncoderConfig;
  /** Weights by parameter name, in PyTorch's layout: linear layers are [out, in]. */
  weights: ReadonlyMap<string, Float32Array>;
  /** Token ids of each text. Positive i belongs to anchor i. */
  anchors: readonly (readonly number[])[];
  positives: readonly (readonly number[])[];
  temperature: number;
}

/** Loss and gradients of a training step. */
export interface LossAndGradients {
  loss: number;
  /** Gradients by parameter name, in the layout of the weights. */
  gradients: ReadonlyMap<string, Float32Array | Float64Array>;
}

/** Returns a parameter's weights. Throws RangeError if the step has no parameter of this name. */
export function weightsOfParameter({ weights }: Pick<TrainingStep, 'weights'>, name: string): Float32Array {
  const found = weights.get(name);
  if (!found) throw new RangeError(`no weights named ${name}`);
  return found;
}
