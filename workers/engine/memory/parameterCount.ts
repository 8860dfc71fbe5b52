import type { Stage } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import type { StoredTensor } from '../../../src/domain/modelTensors';
import { adapterTensors } from '../../../src/domain/train/lora';
import type { LoraMatrix } from '../../../src/domain/train/loraSchema';
import { parameterAlignmentFloats } from '../alignment';

/**
 * Parameter counts of a model: all parameters, and those that have gradients and moments. Those are the trained ones,
 * and the frozen parts of matrices that also have trained parts.
 */
export interface ParameterCount {
  all: number;
  trained: number;
  /** Whether the stage keeps an average of what it trains. */
  averaged?: boolean | undefined;
  /** The adapters of a stage that trains with LoRA. They are part of both counts. */
  adapters?: AdapterMemory | undefined;
}

/** Sizes that determine the memory of adapters. */
export interface AdapterMemory {
  floats: number;
  rank: number;
  dropout: number;
  matrices: readonly LoraMatrix[];
}

/** Returns the count of a model's parameters with the adapters of a stage. */
export function withAdapters(parameters: ParameterCount, adapters: AdapterMemory | undefined): ParameterCount {
  if (!adapters) return parameters;
  return { ...parameters, all: parameters.all + adapters.floats, trained: adapters.floats, adapters };
}

/** Returns the memory that a stage's adapters need, or undefined if it does not train with LoRA. */
export function adapterMemory(
  tensors: readonly Pick<StoredTensor, 'name' | 'shape'>[],
  stage: Pick<Stage, 'strategy' | 'frozen'>,
): AdapterMemory | undefined {
  if (stage.strategy.kind !== 'lora') return undefined;
  const { rank, dropout, matrices } = stage.strategy;
  const padded = (length: number): number => Math.ceil(length / parameterAlignmentFloats) * parameterAlignmentFloats;
  const floats = adapterTensors(tensors, stage).reduce((sum, { length }) => sum + padded(length), 0);
  return { floats, rank, dropout, matrices };
}

/** Returns the number of an encoder's parameters: those of BertModel without the pooler. */
export function parameterCount(config: EncoderConfig): number {
  const { layers, hiddenSize: H, intermediateSize: F } = config;
  const norm = 2 * H;
  const tables = (config.vocabularySize + config.maxPositions + config.typeVocabularySize) * H;
  const layer = 4 * (H * H + H) + (H * F + F) + (F * H + H) + 2 * norm;
  return tables + norm + layers * layer;
}
