import type { ExperimentModel } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { Evaluation, RunRecord } from '../../../src/domain/run';

/** Everything that an exported folder is made from. */
export interface ExportSource {
  model: StoredModel;
  settings: ExperimentModel;
  run: RunRecord;
  before: Evaluation | undefined;
  after: Evaluation | undefined;
  /** First values of the first reference text's vector: lets a reader check their own set-up. */
  testVector: { text: string; values: number[] };
  /** The kept weights by canonical parameter name. */
  read: (name: string) => Promise<Float32Array>;
}
