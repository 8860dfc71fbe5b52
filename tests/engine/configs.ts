import type { EncoderConfig } from '../../src/domain/model';
import type { TrainerOptions } from '../../workers/engine/trainer';

type Sizes = Pick<
  EncoderConfig,
  'layers' | 'hiddenSize' | 'heads' | 'intermediateSize' | 'vocabularySize' | 'maxPositions'
>;

/** Returns the config of a BERT model with these sizes and without dropout. */
export function bertConfig(sizes: Sizes): EncoderConfig {
  return {
    ...sizes,
    typeVocabularySize: 2,
    layerNormEpsilon: 1e-12,
    hiddenDropout: 0,
    attentionDropout: 0,
    padTokenId: 0,
  };
}

/** bert-base-chinese, without dropout. */
export const bertBase = bertConfig({
  layers: 12,
  hiddenSize: 768,
  heads: 12,
  intermediateSize: 3072,
  vocabularySize: 21_128,
  maxPositions: 512,
});

/** Options of AdamW with PyTorch's betas and epsilon, weight decay 0.01, and gradients clipped to norm 1. */
export function adamWConfig(learningRate: number): TrainerOptions['optimizer'] {
  return { kind: 'adamW', learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 };
}

/** Config for packing tokens in kernel tests. */
export const tinyConfig = bertConfig({
  layers: 1,
  hiddenSize: 8,
  heads: 2,
  intermediateSize: 8,
  vocabularySize: 31,
  maxPositions: 16,
});
