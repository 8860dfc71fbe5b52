import { embeddingParameterNames } from '../../engine/model/parameterNames';
import { weightsOfParameter } from '../trainingStep';
import type { EncoderContext } from './layer';
import { layerNormBackward, layerNormForward, type LayerNormSaved } from './layerNorm';
import { addScaledRow, columnSums, matrixOf, zeros, type Matrix } from './matrix';

const { words, positions, types, gamma, beta } = embeddingParameterNames;

/** Returns BERT's input, LayerNorm(words[id] + positions[position] + types[0]), [T, H]. */
export function embeddingForward(
  ids: readonly number[],
  { step, texts }: EncoderContext,
): { y: Matrix; saved: LayerNormSaved } {
  const { hiddenSize, layerNormEpsilon } = step.config;
  const table = (name: string): Matrix => matrixOf(weightsOfParameter(step, name), hiddenSize);
  const [wordTable, positionTable, typeTable] = [table(words), table(positions), table(types)];
  const sum = zeros(ids.length, hiddenSize); // [T, H]
  for (const { first, rows } of texts)
    for (let row = first; row < first + rows; row++) {
      addScaledRow(sum, row, wordTable, ids[row] ?? 0, 1);
      addScaledRow(sum, row, positionTable, row - first, 1);
      addScaledRow(sum, row, typeTable, 0, 1);
    }
  return layerNormForward(sum, weightsOfParameter(step, gamma), weightsOfParameter(step, beta), layerNormEpsilon);
}

/** Adds the gradients of the tables and of the LayerNorm to `gradients`. */
export function embeddingBackward(
  dy: Matrix,
  ids: readonly number[],
  saved: LayerNormSaved,
  { step, texts }: EncoderContext,
  gradients: Map<string, Float64Array>,
): void {
  const { hiddenSize, vocabularySize, maxPositions, typeVocabularySize } = step.config;
  const norm = layerNormBackward(dy, weightsOfParameter(step, gamma), saved);
  gradients.set(gamma, norm.gamma);
  gradients.set(beta, norm.beta);
  const [dWords, dPositions] = [zeros(vocabularySize, hiddenSize), zeros(maxPositions, hiddenSize)];
  for (const { first, rows } of texts)
    for (let row = first; row < first + rows; row++) {
      addScaledRow(dWords, ids[row] ?? 0, norm.x, row, 1);
      addScaledRow(dPositions, row - first, norm.x, row, 1);
    }
  const dTypes = zeros(typeVocabularySize, hiddenSize);
  dTypes.values.set(columnSums(norm.x)); // all tokens have type 0
  gradients.set(words, dWords.values);
  gradients.set(positions, dPositions.values);
  gradients.set(types, dTypes.values);
}
