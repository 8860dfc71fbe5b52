import { dataOfStage, type Experiment } from '../../experiment';
import { applyFix } from './applyFix';
import type { ExperimentFacts } from './facts';
import type { Fix, RateFacts } from './finding';
import { trainRowCount } from './perStage';
import { rateKindOf } from './rates';
import { modelSize, recommendedSettings } from './recommended';

/** The usual settings of a stage, and the facts that they follow from. */
export interface UsualSettings {
  rate: RateFacts;
  batchSize: number;
  epochs: number;
  pairs: number;
}

/**
 * Returns the usual settings for a stage, by the model's size, the number of training pairs and the stage's strategy.
 * Returns null if one of these is not known. A batch has at most as many pairs as there are distinct passages or
 * questions.
 */
export function usualSettings(
  { stages }: Pick<Experiment, 'stages'>,
  stageIndex: number,
  { model, split }: Pick<ExperimentFacts, 'model' | 'split'>,
): UsualSettings | null {
  const stage = stages[stageIndex];
  if (!stage || !model || !split) return null;
  const pairs = trainRowCount(stage, split);
  const distinct = dataOfStage(stage) === 'pairs' ? Math.min(split.trainPassages, split.trainAnchors) : pairs;
  if (distinct < 2) return null;
  const rateKind = rateKindOf(stage, model.tensors);
  const { totalFloats: parameters } = model;
  const { learningRate: recommended, batchSize, epochs } = recommendedSettings(parameters, pairs, rateKind);
  const { learningRate } = stage.optimizer;
  return {
    rate: { learningRate, recommended, parameters, size: modelSize(parameters), rateKind },
    batchSize: Math.min(batchSize, distinct),
    epochs,
    pairs,
  };
}

/** Returns the experiment with the usual settings in one stage. Listed batches stay as they are. */
export function withUsualSettings(experiment: Experiment, stage: number, usual: UsualSettings): Experiment {
  const fixes: Fix[] = [
    { setting: 'learningRate', value: usual.rate.recommended },
    { setting: 'batchSize', value: usual.batchSize },
    { setting: 'epochs', value: usual.epochs },
  ];
  return fixes.reduce((changed, fix) => applyFix(changed, { fix, stage }), experiment);
}
