import { benchmarkConfigs } from '../../src/domain/benchmark/benchmark';
import type { EncoderConfig } from '../../src/domain/model';
import { equalLengths } from '../../workers/services/benchmark/randomTexts';
import type { StepTexts } from '../../workers/services/benchmark/randomTraining';

export interface StepSize {
  /** Name of the task, which PyTorch's script uses too. */
  task: string;
  texts: StepTexts;
}

export interface Sizes {
  model: EncoderConfig;
  demo: EncoderConfig;
  /** Training steps, the most important first. */
  steps: StepSize[];
  demoStep: StepSize;
  encode: { texts: number; tokens: number };
  search: { passages: number; width: number; queries: number; k: number };
  /** Side of the square product. */
  square: number;
}

const pairs = (count: number, anchor: number, positive: number): StepSize => ({
  task: `step ${count} × (${anchor} + ${positive})`,
  texts: { anchors: equalLengths(count, anchor), positives: equalLengths(count, positive) },
});

/** Returns `count` text lengths between `min` and `max` tokens, the same on every call. */
const lengths = (count: number, min: number, max: number): number[] =>
  Array.from({ length: count }, (_, i) => min + ((i * 37) % (max - min + 1)));

/** Text lengths similar to the demo's questions and passages. */
const demoStep: StepSize = {
  task: 'step demo-zh',
  texts: { anchors: lengths(16, 9, 20), positives: lengths(16, 50, 110) },
};

/** The shapes of BERT-base that the engine's records use. */
const full: Sizes = {
  model: benchmarkConfigs.bertBase,
  demo: benchmarkConfigs.demo,
  steps: [pairs(16, 24, 104), pairs(16, 128, 512), pairs(64, 24, 104)],
  demoStep,
  encode: { texts: 1152, tokens: 100 },
  search: { passages: 100_000, width: 768, queries: 1000, k: 10 },
  square: 4096,
};

/** Sizes for an adapter that computes on the CPU. They prove that everything runs; their times mean nothing. */
const tiny: Sizes = {
  model: {
    ...benchmarkConfigs.bertBase,
    layers: 1,
    hiddenSize: 64,
    heads: 2,
    intermediateSize: 128,
    vocabularySize: 500,
  },
  demo: { ...benchmarkConfigs.demo, layers: 1, hiddenSize: 64, heads: 2, intermediateSize: 128, vocabularySize: 500 },
  steps: [pairs(2, 6, 10), pairs(2, 12, 20), pairs(4, 6, 10)],
  demoStep: { task: 'step demo-zh', texts: { anchors: [5, 7], positives: [11, 9] } },
  encode: { texts: 12, tokens: 10 },
  search: { passages: 400, width: 64, queries: 8, k: 10 },
  square: 128,
};

export const sizes: Record<'full' | 'tiny', Sizes> = { full, tiny };

export function tokenCount({ anchors, positives }: StepTexts): number {
  return [...anchors, ...positives].reduce((sum, length) => sum + length, 0);
}

/**
 * Returns the FLOPs of a training step: two per weight and token and four per pair of tokens of a text and hidden unit,
 * times three for the forward pass and the gradients of inputs and weights.
 */
export function stepFlops({ layers, hiddenSize: H, intermediateSize: F }: EncoderConfig, texts: StepTexts): number {
  const squares = [...texts.anchors, ...texts.positives].reduce((sum, length) => sum + length ** 2, 0);
  return 3 * layers * (tokenCount(texts) * 2 * (4 * H * H + 2 * H * F) + 4 * H * squares);
}
