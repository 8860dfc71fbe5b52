import type { EncoderConfig } from '../../../src/domain/model';

/**
 * Parameter counts of a model: all parameters, and those that have gradients and moments. Those are the trained ones,
 * and the frozen parts of matrices that also have trained parts.
 */
export interface ParameterCount {
  all: number;
  trained: number;
}

/** Returns the number of an encoder's parameters: those of BertModel without the pooler. */
export function parameterCount(config: EncoderConfig): number {
  const { layers, hiddenSize: H, intermediateSize: F } = config;
  const norm = 2 * H;
  const tables = (config.vocabularySize + config.maxPositions + config.typeVocabularySize) * H;
  const layer = 4 * (H * H + H) + (H * F + F) + (F * H + H) + 2 * norm;
  return tables + norm + layers * layer;
}
