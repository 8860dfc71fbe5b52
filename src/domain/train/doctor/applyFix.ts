import type { Experiment, Stage } from '../../experiment';
import { lossOfKind, withoutGuide, withTemperature } from '../lossSchema';
import { withStrategy } from '../strategyEdits';
import type { Finding, Fix } from './finding';

/** Returns the experiment with a finding's fix applied. A finding without a fix leaves it unchanged. */
export function applyFix(experiment: Experiment, { fix, stage = 0 }: Pick<Finding, 'fix' | 'stage'>): Experiment {
  if (!fix) return experiment;
  const { model } = experiment;
  switch (fix.setting) {
    case 'maxTokens':
      return { ...experiment, model: model && { ...model, maxTokens: fix.value } };
    case 'pooling':
      return { ...experiment, model: model && { ...model, pooling: fix.value } };
    case 'prefixes': {
      const { queryPrefix, passagePrefix } = fix;
      return { ...experiment, model: model && { ...model, queryPrefix, passagePrefix } };
    }
    case 'mostBatchSize':
      return { ...experiment, stages: experiment.stages.map((one) => withMostPairs(one, fix.value)) };
    case 'strategy':
      return { ...experiment, stages: experiment.stages.map((one) => withStrategy(one, fix.value)) };
    case 'devTimeShare':
      return { ...experiment, evaluation: { ...experiment.evaluation, devTimeShare: fix.value } };
    case 'removeNearDuplicates':
      return { ...experiment, split: { ...experiment.split, removeNearDuplicates: true } };
    default:
      return {
        ...experiment,
        stages: experiment.stages.map((one, index) => (index === stage ? fixedStage(one, fix) : one)),
      };
  }
}

type StageFix = Exclude<
  Fix,
  {
    setting:
      'maxTokens' | 'pooling' | 'prefixes' | 'mostBatchSize' | 'strategy' | 'devTimeShare' | 'removeNearDuplicates';
  }
>;

function withMostPairs(stage: Stage, most: number): Stage {
  const { batching } = stage;
  return batching.kind === 'seeded' && batching.batchSize > most
    ? { ...stage, batching: { ...batching, batchSize: most } }
    : stage;
}

function fixedStage(stage: Stage, fix: StageFix): Stage {
  const { batching } = stage;
  switch (fix.setting) {
    case 'batchSize':
      return batching.kind === 'seeded' ? { ...stage, batching: { ...batching, batchSize: fix.value } } : stage;
    case 'precision':
      return { ...stage, precision: fix.value };
    case 'negativesMargin':
      return stage.negatives?.from === 'mined'
        ? { ...stage, negatives: { ...stage.negatives, relativeMargin: fix.value } }
        : stage;
    case 'ownScores':
      return { ...stage, loss: withoutGuide(stage.loss) };
    case 'loss':
      return { ...stage, loss: lossOfKind(fix.value, stage.loss) };
    case 'avoidDuplicates':
      return batching.kind === 'seeded' ? { ...stage, batching: { ...batching, avoidDuplicatePassages: true } } : stage;
    case 'temperature':
      return { ...stage, loss: withTemperature(stage.loss, fix.value) };
    case 'learningRate':
      return { ...stage, optimizer: { ...stage.optimizer, learningRate: fix.value } };
    case 'emaDecay':
      return { ...stage, ema: { decay: fix.value } };
    case 'epochs':
      return { ...stage, duration: { unit: 'epochs', value: fix.value } };
    default:
      return fix satisfies never;
  }
}
