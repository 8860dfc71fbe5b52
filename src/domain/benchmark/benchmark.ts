import type { StepWay } from '../memory/stepWay';
import type { EncoderConfig } from '../model';
import type { DeviceInfo, DevicePreference } from '../run';
import { forwardFlops, stepFlops } from './flops';

export const benchmarkShapes = ['bertBase', 'demo'] as const;
export type BenchmarkShape = (typeof benchmarkShapes)[number];

/** The sizes of bge-base-zh-v1.5 and m3e-base, and of the demo's model. Weights are drawn, so no model is needed. */
export const benchmarkConfigs: Record<BenchmarkShape, EncoderConfig> = {
  bertBase: {
    layers: 12, hiddenSize: 768, heads: 12, intermediateSize: 3072, vocabularySize: 21_128, maxPositions: 512,
    typeVocabularySize: 2, layerNormEpsilon: 1e-12, hiddenDropout: 0.1, attentionDropout: 0.1, padTokenId: 0,
  },
  demo: {
    layers: 3, hiddenSize: 256, heads: 4, intermediateSize: 1024, vocabularySize: 8286, maxPositions: 512,
    typeVocabularySize: 2, layerNormEpsilon: 1e-12, hiddenDropout: 0.1, attentionDropout: 0.1, padTokenId: 0,
  },
}; // prettier-ignore

/** Tokens of a question and of a passage: about those of short passages in Chinese. */
export const benchmarkTexts = { question: 24, passage: 104 } as const;
export const meanTextTokens = (benchmarkTexts.question + benchmarkTexts.passage) / 2;

export interface BenchmarkOptions {
  shapes: BenchmarkShape[];
  device: DevicePreference;
  /** What a run may take on this machine; null: the device's default. */
  budgetBytes: number | null;
  /** Only to see that all works: one step each, hardly any measuring. */
  brief: boolean;
}

/** `share` of all that is to do; `leftMs` to its end, as far as it is known. */
export interface BenchmarkProgress {
  phase: 'open' | 'products' | BenchmarkShape;
  share: number;
  leftMs: number;
}

/** One model's training step. */
export interface StepSpeed {
  shape: BenchmarkShape;
  /** Layers of the shape, and those that were run: a processor gets few of BERT-base's. */
  layers: number;
  layersRun: number;
  /** Chosen as for a run: the fastest that fits the memory budget. */
  way: StepWay['kind'];
  pairs: number;
  tokens: number;
  steps: number;
  /** Median, of the layers that were run. */
  stepMs: number;
  /** Of all that was computed: in other ways than plain, the second forward pass too. */
  gflops: number;
  /** Of the whole shape: estimated by FLOPs where not all layers were run. */
  tokensPerSecond: number;
  bytes: number;
}

/** A model whose training step fits the memory budget in no way, so that it was not measured. */
export interface SkippedShape {
  shape: BenchmarkShape;
  /** The least that it needs. */
  neededBytes: number;
  budgetBytes: number;
}

export interface BenchmarkResult {
  device: DeviceInfo;
  browser: string;
  /** GFLOP/s of the fastest matrix product: the device's peak, as far as these kernels reach it. `fixedGflops`: of the same product by fixed rules. */
  peakGflops: number;
  fixedGflops: number;
  /** Products whose kernels were chosen by measuring. */
  measured: number;
  subgroups: boolean;
  steps: StepSpeed[];
  skipped: SkippedShape[];
  /** Of the submits to the GPU that were timed; 0 where none was. */
  longestSubmitMs: number;
}

/** What an experiment has to compute. */
export interface ExpectedWork {
  config: EncoderConfig;
  steps: number;
  /** Of each stage: the tokens of all its steps together, and how its steps are planned to take their batches. */
  stages: { trainingTokens: number; way: StepWay['kind'] }[];
  /** Some stage computes in mixed precision; what was measured is in full. */
  mixed: boolean;
  /** Of the knowledge base and the questions once. */
  encodingTokens: number;
  /** Times that these are encoded. */
  evaluations: number;
  textTokens: number;
}

/** Milliseconds that an experiment will take, in the ways that are planned for it, at the speed of the step that is most like its own. */
export function expectedMs(work: ExpectedWork, steps: readonly StepSpeed[]): number | null {
  const { config, stages, encodingTokens, evaluations, textTokens } = work;
  const distance = ({ shape }: StepSpeed): number =>
    Math.abs(Math.log(benchmarkConfigs[shape].hiddenSize / config.hiddenSize));
  const like = steps.toSorted((a, b) => distance(a) - distance(b))[0];
  if (!like || !(like.gflops > 0)) return null;
  const training = stages.reduce(
    (sum, { trainingTokens, way }) => sum + stepFlops(config, trainingTokens, textTokens, way),
    0,
  );
  const encoding = evaluations * forwardFlops(config, encodingTokens, textTokens);
  return (training + encoding) / (like.gflops * 1e6);
}
