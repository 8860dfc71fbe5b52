import type { ExperimentModel } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { UntrainedTensor } from '../../../src/domain/modelTensors';
import type { RunRecord } from '../../../src/domain/run';
import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import type { ChosenThreshold } from '../../../src/domain/evaluate/threshold';
import type { Metrics } from '../../../src/domain/evaluate/metrics';

/** A blend that is exported. */
export interface ExportedBlend {
  /** Share of the tuned weights. */
  ratio: number;
  weightsSha256: string;
  /** The metrics of the blend on dev, if it is evaluated. */
  dev: Metrics | undefined;
}

/** Everything needed to build an exported folder. */
export interface ExportSource {
  model: StoredModel;
  settings: ExperimentModel;
  run: RunRecord;
  before: Evaluation | undefined;
  after: Evaluation | undefined;
  /** Set if the weights are a blend of the run's with those of the base model; `after` is then its evaluation. */
  blend?: ExportedBlend;
  /** The threshold for the scores of the exported weights, if the user has kept one. */
  threshold?: ChosenThreshold | undefined;
  /** First values of the first reference text's vector, so that users can check their own setup. */
  testVector: { text: string; values: number[] };
  /** Reads the kept weights, and the adapters if they are exported, by name. */
  read: (name: string) => Promise<Float32Array<ArrayBuffer>>;
  /** Returns the bytes of a tensor of `model.untrained`. */
  readUntrained: (tensor: UntrainedTensor) => Uint8Array<ArrayBuffer>;
}
