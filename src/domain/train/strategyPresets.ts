import type { Experiment } from '../experiment';
import type { Stage } from './stageSchema';
import { defaultLora } from './loraSchema';
import { defaultKeywords, type Strategy } from './strategySchema';
import { withStrategy } from './strategyEdits';

/** Plans of one or two stages: train everything; only biases; adapters; first everything, then only biases. */
export const strategyPresets = ['full', 'bitFit', 'lora', 'fullThenBitFit'] as const;
type StrategyPreset = (typeof strategyPresets)[number];

/**
 * Learning rate relative to a full stage. Biases are few and adapters begin at zero, so both need larger steps. LoRA's
 * best rate is about ten times that of full training (Schulman et al., "LoRA Without Regret", 2025).
 */
const relativeRates: Readonly<Record<Strategy['kind'], number>> = { full: 1, bitFit: 5, lora: 10 };

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

/** Returns the plan that the stages follow, or null if the user chose other strategies. */
export function strategyPresetOf(stages: readonly Stage[]): StrategyPreset | null {
  const [first, second, third] = stages;
  if (!first || third) return null;
  if (second) return isFull(first) && isBitFit(second) ? 'fullThenBitFit' : null;
  if (isFull(first)) return 'full';
  if (isUsualLora(first)) return 'lora';
  return isBitFit(first) ? 'bitFit' : null;
}

/** Returns the experiment with the strategies of a preset. Each stage takes all other settings from the first one. */
export function withStrategyPreset(experiment: Experiment, preset: StrategyPreset): Experiment {
  const [first] = experiment.stages;
  if (!first || strategyPresetOf(experiment.stages) === preset) return experiment;
  const { frozen: _, ...common } = first;
  const fullRate = first.optimizer.learningRate / relativeRates[common.strategy.kind];
  const stageOf = (kind: Strategy['kind']): Stage =>
    withRate(withStrategy(common, kind), fullRate * relativeRates[kind]);
  const [full, bitFit] = [stageOf('full'), stageOf('bitFit')];
  const stages = { full: [full], bitFit: [bitFit], lora: [stageOf('lora')], fullThenBitFit: [full, bitFit] }[preset];
  return { ...experiment, stages };
}

function withRate(stage: Stage, learningRate: number): Stage {
  const rounded = Math.min(1, Number(learningRate.toPrecision(6)));
  return { ...stage, optimizer: { ...stage.optimizer, learningRate: rounded } };
}
