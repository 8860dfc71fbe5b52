import type { Strategy } from '../strategySchema';

/**
 * A model's size by its number of parameters: up to 15 million (the demo model has 4.6 million), up to 80 million
 * (bge-small, MiniLM), up to 200 million (BERT-base: 102 to 118 million), and larger (BERT-large, XLM-RoBERTa).
 */
export type ModelSize = 'tiny' | 'small' | 'base' | 'large';

export function modelSize(parameters: number): ModelSize {
  if (parameters <= 15e6) return 'tiny';
  if (parameters <= 80e6) return 'small';
  return parameters <= 200e6 ? 'base' : 'large';
}

/** How much training data there is: fewer than 1,000 pairs, fewer than 10,000, or more. */
export type DataSize = 'little' | 'some' | 'much';

export function dataSize(pairs: number): DataSize {
  if (pairs < 1000) return 'little';
  return pairs < 10_000 ? 'some' : 'much';
}

/**
 * Peak learning rates if all parameters are trained.
 * - tiny: the rate that the demo model was tuned with. Its matrices are small, so a larger step disturbs it less.
 * - small: the default of sentence-transformers' trainer (5e-5); uniem takes 1e-4 up to 80 million parameters.
 * - base: the default of RAG-Retrieval (2e-5); FlagEmbedding takes 1e-5 to 3e-5.
 * - large: FlagEmbedding's lower value; uniem takes 8e-6 above 200 million parameters.
 */
const fullRates: Record<ModelSize, number> = { tiny: 2e-4, small: 5e-5, base: 2e-5, large: 1e-5 };

/**
 * Learning rates relative to that of all parameters.
 * - bitFit: BitFit's own example trains the biases of BERT-base with 1e-3 where it trains all of BERT-base with 1e-5
 *   (README of github.com/benzakenelad/BitFit; Ben Zaken et al., arXiv 2106.10199). Biases are few and each moves by at
 *   most about the rate per step. Since 2e-5 is usual for retrieval models, 20 times that stays below 1e-3.
 * - lora: the best rate is about ten times that of full training (Schulman et al., "LoRA Without Regret", 2025).
 * - prefix: chosen, not measured. The new tokens are few, and begin at the mean of all others.
 */
const relativeRates: Readonly<Record<Strategy['kind'], number>> = { full: 1, bitFit: 20, lora: 10, prefix: 5 };
const largestBitFitRate = 1e-3;

/** Returns the usual learning rate of a strategy as a multiple of the rate at which all parameters are trained. */
export function relativeRate(kind: Strategy['kind'], size: ModelSize): number {
  const factor = relativeRates[kind];
  return kind === 'bitFit' ? Math.min(factor, largestBitFitRate / fullRates[size]) : factor;
}

/**
 * A learning rate up to this factor above or below the recommended one is not reported, because the published defaults
 * for one model size differ by as much.
 */
export const rateTolerance = 4;

/**
 * Batch sizes. With fewer than 20 batches an epoch has too few steps. A batch of 64 therefore needs 1,280 pairs, and
 * larger batches gain less and less (Karpukhin et al., arXiv 2004.04906, table 3).
 */
const batchesPerEpoch = 20;
const batchBounds = { low: 8, high: 64 };

/** Epochs by amount of data. uniem and sentence-transformers take 3, RAG-Retrieval 2; little data needs more passes. */
const epochsOf: Record<DataSize, number> = { little: 5, some: 3, much: 2 };
/** Epochs beyond which a model tends to memorise its pairs. Chosen, not measured: at least twice `epochsOf`. */
export const mostEpochs: Record<DataSize, number> = { little: 10, some: 6, much: 5 };

export interface RecommendedSettings {
  learningRate: number;
  batchSize: number;
  epochs: number;
}

/** Returns usual settings for a model of this many parameters, this many training pairs and a strategy. */
export function recommendedSettings(parameters: number, pairs: number, kind: Strategy['kind']): RecommendedSettings {
  const size = modelSize(parameters);
  return {
    learningRate: Number((fullRates[size] * relativeRate(kind, size)).toPrecision(6)),
    batchSize: Math.min(batchBounds.high, Math.max(batchBounds.low, powerOfTwo(pairs / batchesPerEpoch))),
    epochs: epochsOf[dataSize(pairs)],
  };
}

/** Returns the largest power of two up to the value, but at least 1. */
function powerOfTwo(value: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, value))));
}
