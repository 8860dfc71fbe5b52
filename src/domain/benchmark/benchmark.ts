import type { TunedProduct } from '../kernelTuning';
import type { StepStrategy } from '../memory/stepStrategy';
import type { EncoderConfig } from '../model';
import type { DeviceInfo, DevicePreference } from '../device';
import type { KernelTime } from './kernelTime';

export const benchmarkShapes = ['bertBase', 'demo'] as const;
export type BenchmarkShape = (typeof benchmarkShapes)[number];

/**
 * Sizes of two models: BERT-base, as in bge-base-zh-v1.5 and m3e-base, and the demo model. The benchmark uses random
 * weights, so it needs no model files.
 */
export const benchmarkConfigs: Record<BenchmarkShape, EncoderConfig> = {
  bertBase: {
    layers: 12,
    hiddenSize: 768,
    heads: 12,
    intermediateSize: 3072,
    vocabularySize: 21_128,
    maxPositions: 512,
    typeVocabularySize: 2,
    layerNormEpsilon: 1e-12,
    hiddenDropout: 0.1,
    attentionDropout: 0.1,
    padTokenId: 0,
  },
  demo: {
    layers: 3,
    hiddenSize: 256,
    heads: 4,
    intermediateSize: 1024,
    vocabularySize: 8286,
    maxPositions: 512,
    typeVocabularySize: 2,
    layerNormEpsilon: 1e-12,
    hiddenDropout: 0.1,
    attentionDropout: 0.1,
    padTokenId: 0,
  },
};

/** Tokens per question and per passage, typical of short Chinese passages. */
export const benchmarkTextTokens = { question: 24, passage: 104 } as const;
export const meanTextTokens = (benchmarkTextTokens.question + benchmarkTextTokens.passage) / 2;

export interface BenchmarkOptions {
  shapes: BenchmarkShape[];
  device: DevicePreference;
  /** Memory budget of a run on this machine, in bytes; null for the device's default. */
  budgetBytes: number | null;
  /** Whether to run only a smoke test: one step per shape and very short measurements. */
  brief: boolean;
}

/** `share`: the fraction of the whole benchmark that is done. `leftMs`: estimated milliseconds left. */
export interface BenchmarkProgress {
  phase: 'open' | 'products' | BenchmarkShape;
  share: number;
  leftMs: number;
}

/** Measured speed of one shape's training step. */
export interface StepSpeed {
  shape: BenchmarkShape;
  /** Number of layers of the shape, and how many of them were run. A CPU runs only some of BERT-base's layers. */
  layers: number;
  layersRun: number;
  /** Step strategy: the fastest one that fits the memory budget, as in a run. */
  stepStrategy: StepStrategy['kind'];
  pairs: number;
  tokens: number;
  steps: number;
  /** Median ms per step, for the layers that were run. */
  stepMs: number;
  /** GFLOP/s, including the second forward pass of strategies other than plain. */
  gflops: number;
  /** Tokens per second of the full model. Estimated by FLOPs if only some layers were run. */
  tokensPerSecond: number;
  bytes: number;
  /** GPU time of one step by kernel; null if the device cannot time kernels. */
  profile: KernelTime[] | null;
}

/** A shape that was not measured, because no step strategy fits the memory budget. */
export interface SkippedShape {
  shape: BenchmarkShape;
  /** Bytes needed by the step strategy that needs the least memory. */
  neededBytes: number;
  budgetBytes: number;
}

export interface BenchmarkResult {
  device: DeviceInfo;
  /** Whether it was only a smoke test, whose figures are too rough to estimate other times from. */
  brief: boolean;
  browser: string;
  /** GFLOP/s of the fastest matrix product: the highest rate that these kernels reach on the device. */
  peakGflops: number;
  /** GFLOP/s of the same product with the tiling that the fixed rules choose. */
  fixedGflops: number;
  /** Number of products whose tiling was chosen by measurement. */
  measured: number;
  subgroups: boolean;
  /** The products whose tiling was chosen by measurement. */
  products: (TunedProduct & { shape: BenchmarkShape })[];
  steps: StepSpeed[];
  skipped: SkippedShape[];
  /** Milliseconds of the longest GPU submit that was timed; 0 if none was. */
  longestSubmitMs: number;
}
