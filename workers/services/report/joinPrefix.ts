import type { Stage } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import { prefixOf, prefixRowsName, wordRowsName, wordRows } from '../../../src/domain/train/prefix';
import { withTokens } from '../tokenize/prefixTokens';

/**
 * Returns the model in its exported form: with the embeddings of a run's prefix below those of the words, in one
 * matrix, and the prefix tokens in the tokenizer. Replaces the two matrices in `weights`.
 */
export function joinPrefix(
  model: StoredModel,
  stages: readonly Stage[],
  weights: Map<string, Float32Array<ArrayBuffer>>,
): StoredModel {
  const prefix = prefixOf(stages);
  const [words, rows] = [weights.get(wordRowsName), weights.get(prefixRowsName)];
  if (!prefix || !words || !rows) return model;
  const joined = new Float32Array(words.length + rows.length);
  joined.set(words);
  joined.set(rows, words.length);
  weights.set(wordRowsName, joined);
  weights.delete(prefixRowsName);
  const shape = [model.config.vocabularySize, model.config.hiddenSize];
  return {
    ...model,
    files: withTokens(model.files, prefix.tokens, wordRows(model.tensors)),
    tensors: model.tensors
      .filter(({ name }) => name !== prefixRowsName)
      .map((tensor) => (tensor.name === wordRowsName ? { ...tensor, shape, length: joined.length } : tensor)),
  };
}
