import type { Stage } from '../../experiment';
import type { StoredTensor } from '../../modelTensors';
import { temperatureOf } from '../lossSchema';
import type { Strategy } from '../strategySchema';
import { trainedParameters } from '../trainedParameters';
import type { Check, Finding } from './finding';
import { perStage, trainRowCount } from './perStage';
import { modelSize, rateTolerance, recommendedSettings } from './recommended';

/** Temperatures in published models: 0.01 (E5, bge) to 0.1 (SimCLR's range); 0.02 and 0.05 are the usual defaults. */
const temperatures = { low: 0.01, high: 0.1 };
/**
 * The published defaults nearest to either end: FlagEmbedding's and RAG-Retrieval's for low, sentence-transformers' and
 * uniem's for high.
 */
const usualTemperature = { low: 0.02, high: 0.05 };
/** Score difference in the finding's explanation of how much a negative counts. */
const scoreGap = 0.1;

/** Examines the temperature of each stage. */
export const temperatureFindings: Check = (experiment) =>
  perStage(experiment, ({ loss }, stage): Finding[] => {
    const temperature = temperatureOf(loss);
    // A distillation's temperature doesn't weigh negatives; sentence-transformers starts it at 1.
    if (temperature === null || loss.kind === 'distillation') return [];
    const facts = { temperature, weight: Math.exp(-scoreGap / temperature) };
    const fix = (value: number) => ({ setting: 'temperature', value }) as const;
    if (temperature < temperatures.low)
      return [{ kind: 'temperatureLow', severity: 'warns', stage, facts, fix: fix(usualTemperature.low) }];
    if (temperature > temperatures.high)
      return [{ kind: 'temperatureHigh', severity: 'warns', stage, facts, fix: fix(usualTemperature.high) }];
    return [];
  });

/** Largest share of the parameters that counts as few. Biases are about 0.1%; keywords may also match matrices. */
const fewParameters = 0.02;

/**
 * Returns the strategy whose usual learning rate suits a stage. Keywords that match matrices need the rate of `full`.
 */
export function rateKindOf(
  stage: Pick<Stage, 'strategy' | 'frozen'>,
  tensors: readonly StoredTensor[],
): Strategy['kind'] {
  if (stage.strategy.kind !== 'bitFit') return stage.strategy.kind;
  const { trained, all } = trainedParameters(tensors, stage);
  return trained <= fewParameters * all ? 'bitFit' : 'full';
}

/** Examines the learning rate of each stage by the model's size and the stage's strategy. */
export const learningRateFindings: Check = (experiment, { model, split }) =>
  perStage(experiment, (stage, index): Finding[] => {
    if (!model) return [];
    const { learningRate } = stage.optimizer;
    const parameters = model.totalFloats;
    const rateKind = rateKindOf(stage, model.tensors);
    const { learningRate: recommended } = recommendedSettings(
      parameters,
      split ? trainRowCount(stage, split) : 0,
      rateKind,
    );
    const ratio = learningRate / recommended;
    if (ratio >= 1 / rateTolerance && ratio <= rateTolerance) return [];
    const size = modelSize(parameters);
    return [
      {
        kind: ratio > 1 ? 'learningRateHigh' : 'learningRateLow',
        severity: ratio > 1 ? 'warns' : 'advises',
        stage: index,
        facts: { learningRate, recommended, parameters, size, rateKind },
        fix: { setting: 'learningRate', value: recommended },
      },
    ];
  });
