import type { Experiment } from '../experiment';
import { relativeRate, type ModelSize } from './doctor/recommended';
import type { Stage } from './stageSchema';
import { defaultLora } from './loraSchema';
import { defaultPrefix } from './prefixSchema';
import { defaultKeywords, type Strategy } from './strategySchema';
import { withStrategy } from './strategyEdits';

/** Plans of one or two stages: train everything; only biases; adapters; first everything, then biases or a prefix. */
export const strategyPresets = ['full', 'bitFit', 'lora', 'fullThenBitFit', 'fullThenPrefix'] as const;
export type StrategyPreset = (typeof strategyPresets)[number];

function isFull({ strategy, frozen }: Stage): boolean {
  return strategy.kind === 'full' && !frozen;
}

function isBitFit({ strategy, frozen }: Stage): boolean {
  return strategy.kind === 'bitFit' && !frozen && strategy.keywords.join() === defaultKeywords.join();
}

function isUsualLora({ strategy, frozen }: Stage): boolean {
  if (strategy.kind !== 'lora' || frozen) return false;
  const { rank, alpha, dropout, matrices } = strategy;
  const same = rank === defaultLora.rank && alpha === defaultLora.alpha && dropout === defaultLora.dropout;
  return same && matrices.join() === defaultLora.matrices.join();
}

function isUsualPrefix({ strategy, frozen }: Stage): boolean {
  if (strategy.kind !== 'prefix' || frozen) return false;
  return strategy.tokens === defaultPrefix.tokens && strategy.side === defaultPrefix.side;
}

/** Returns the preset that the stages match, or null if the user chose other strategies. */
export function strategyPresetOf(stages: readonly Stage[]): StrategyPreset | null {
  const [first, second, third] = stages;
  if (!first || third) return null;
  if (second) {
    if (!isFull(first)) return null;
    if (isUsualPrefix(second)) return 'fullThenPrefix';
    return isBitFit(second) ? 'fullThenBitFit' : null;
  }
  if (isFull(first)) return 'full';
  if (isUsualLora(first)) return 'lora';
  return isBitFit(first) ? 'bitFit' : null;
}

/**
 * Returns the experiment with a preset's strategies. All stages share the first one's other settings; the change of
 * learning rate depends on the model's size.
 */
export function withStrategyPreset(experiment: Experiment, preset: StrategyPreset, size: ModelSize): Experiment {
  const [first] = experiment.stages;
  if (!first || strategyPresetOf(experiment.stages) === preset) return experiment;
  const { frozen: _, ...common } = first;
  const fullRate = first.optimizer.learningRate / relativeRate(common.strategy.kind, size);
  const stageOf = (kind: Strategy['kind']): Stage =>
    withRate(withStrategy(common, kind), fullRate * relativeRate(kind, size));
  const [full, bitFit] = [stageOf('full'), stageOf('bitFit')];
  const stages: Record<StrategyPreset, Stage[]> = {
    full: [full],
    bitFit: [bitFit],
    lora: [stageOf('lora')],
    fullThenBitFit: [full, bitFit],
    fullThenPrefix: [full, stageOf('prefix')],
  };
  return { ...experiment, stages: stages[preset] };
}

function withRate(stage: Stage, learningRate: number): Stage {
  const rounded = Math.min(1, Number(learningRate.toPrecision(6)));
  return { ...stage, optimizer: { ...stage.optimizer, learningRate: rounded } };
}
