import type { Experiment } from '../experiment';
import type { Stage } from './stageSchema';
import { defaultKeywords } from './strategySchema';
import { onlyBiases } from './strategyEdits';

/** Plans of one or two stages: train everything; train only biases; first everything, then only biases. */
export const strategyPresets = ['full', 'bitFit', 'fullThenBitFit'] as const;
export type StrategyPreset = (typeof strategyPresets)[number];

/** Learning rate of a BitFit stage relative to a full one: biases are few, so they need larger steps. */
const bitFitRate = 5;

function isFull({ strategy, frozen }: Stage): boolean {
  return strategy.kind === 'full' && !frozen;
}

function isBitFit({ strategy, frozen }: Stage): boolean {
  return strategy.kind === 'bitFit' && !frozen && strategy.keywords.join() === defaultKeywords.join();
}

/** Returns the plan that the stages follow, or null if the user chose other strategies. */
export function strategyPresetOf(stages: readonly Stage[]): StrategyPreset | null {
  const [first, second, third] = stages;
  if (!first || third) return null;
  if (second) return isFull(first) && isBitFit(second) ? 'fullThenBitFit' : null;
  if (isFull(first)) return 'full';
  return isBitFit(first) ? 'bitFit' : null;
}

/** Returns the experiment with the strategies of a preset. Each stage takes all other settings from the first one. */
export function withStrategyPreset(experiment: Experiment, preset: StrategyPreset): Experiment {
  const [first] = experiment.stages;
  if (!first || strategyPresetOf(experiment.stages) === preset) return experiment;
  const { frozen: _, ...common } = first;
  const fullRate =
    common.strategy.kind === 'full' ? first.optimizer.learningRate : first.optimizer.learningRate / bitFitRate;
  const full: Stage = withRate({ ...common, strategy: { kind: 'full' } }, fullRate);
  const bitFit: Stage = withRate({ ...common, ...onlyBiases }, fullRate * bitFitRate);
  const stages = { full: [full], bitFit: [bitFit], fullThenBitFit: [full, bitFit] }[preset];
  return { ...experiment, stages };
}

function withRate(stage: Stage, learningRate: number): Stage {
  const rounded = Math.min(1, Number(learningRate.toPrecision(6)));
  return { ...stage, optimizer: { ...stage.optimizer, learningRate: rounded } };
}
