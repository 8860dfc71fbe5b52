import type { EncoderConfig } from '../model';
import type { FloatLayout, StoredTensor } from '../modelTensors';
import { RandomStream } from '../random';
import type { PrefixStrategy } from './prefixSchema';
import type { Stage } from './stageSchema';

type Stages = readonly Pick<Stage, 'strategy'>[];

export const wordRowsName = 'embeddings.word_embeddings.weight';
/** The embeddings of the prefix's tokens, [tokens, H]. Their token ids come after those of the word embeddings. */
export const prefixRowsName = 'embeddings.prefix_embeddings.weight';

/** Multiples of 256 bytes, like the offsets of all stored tensors. */
const alignedFloats = 64;

/** Returns the names of a prefix's tokens. Generated names are in lower case, because some models lowercase texts. */
export function prefixTokens({ tokens }: Pick<PrefixStrategy, 'tokens'>): string[] {
  return typeof tokens === 'number' ? Array.from({ length: tokens }, (_, i) => `[prefix${i + 1}]`) : tokens;
}

/** The prefix of a run. It precedes texts from the first stage that trains it to the end of the run. */
export interface RunPrefix {
  tokens: string[];
  side: PrefixStrategy['side'];
  /** The first stage with the prefix. */
  stage: number;
}

/** Returns the prefix that a run trains, or null. All prefix stages of a run have the same one; see `prefixRefusal`. */
export function prefixOf(stages: Stages): RunPrefix | null {
  const stage = stages.findIndex(({ strategy }) => strategy.kind === 'prefix');
  const strategy = stages[stage]?.strategy;
  return strategy?.kind === 'prefix' ? { tokens: prefixTokens(strategy), side: strategy.side, stage } : null;
}

/** Returns the text put before the trained model's queries and passages: the new prefix, then the model's own. */
export function promptsAfter<Prompts extends { queryPrefix: string; passagePrefix: string }>(
  prompts: Prompts,
  stages: Stages,
): Prompts {
  const prefix = prefixOf(stages);
  if (!prefix) return prompts;
  const text = prefix.tokens.join('');
  const { queryPrefix, passagePrefix } = prompts;
  const ofPassages = prefix.side === 'both' ? text + passagePrefix : passagePrefix;
  return { ...prompts, queryPrefix: text + queryPrefix, passagePrefix: ofPassages };
}

/** Returns the tensor of a prefix's embeddings, or null if the model has no word embeddings. */
export function prefixTensor(
  tensors: readonly Pick<StoredTensor, 'name' | 'shape'>[],
  tokens: number,
  offset = 0,
): StoredTensor | null {
  const width = tensors.find(({ name }) => name === wordRowsName)?.shape[1];
  return width === undefined ? null : { name: prefixRowsName, shape: [tokens, width], offset, length: tokens * width };
}

/** Returns the model with space for the embeddings of the run's prefix, if it trains one. */
export function withPrefixRows<Model extends FloatLayout & { config: EncoderConfig }>(
  model: Model,
  stages: Stages,
): Model {
  const count = prefixOf(stages)?.tokens.length;
  const rows = count === undefined ? null : prefixTensor(model.tensors, count, model.totalFloats);
  if (count === undefined || !rows) return model;
  return {
    ...model,
    config: { ...model.config, vocabularySize: model.config.vocabularySize + count },
    tensors: [...model.tensors, rows],
    totalFloats: model.totalFloats + Math.ceil(rows.length / alignedFloats) * alignedFloats,
  };
}

/** Returns the number of rows of the word embeddings, which is also the id of the prefix's first token. */
export function wordRows(tensors: readonly Pick<StoredTensor, 'name' | 'shape'>[]): number {
  return tensors.find(({ name }) => name === wordRowsName)?.shape[0] ?? 0;
}

/** Share of the old rows' variance, as in `resize_token_embeddings` of transformers. */
const initialVariance = 1e-9;

/**
 * Returns the initial embeddings of a prefix: the mean of the old rows plus a little noise, as in
 * `resize_token_embeddings` of transformers 5. Only the noise differs: here it is uniform, and uncorrelated between
 * columns.
 */
export function initialPrefixRows(words: Float32Array, width: number, tokens: number, seed: number): Float32Array {
  const rows = words.length / width;
  const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < width; column++) {
      const value = words[row * width + column] ?? 0;
      sums[column] = (sums[column] ?? 0) + value;
      squares[column] = (squares[column] ?? 0) + value * value;
    }
  const random = new RandomStream(seed, 'prefix');
  return Float32Array.from({ length: tokens * width }, (_, i) => {
    const mean = (sums[i % width] ?? 0) / rows;
    const variance = Math.max(0, (squares[i % width] ?? 0) / rows - mean * mean);
    return mean + (2 * random.unit() - 1) * Math.sqrt(3 * initialVariance * variance);
  });
}
