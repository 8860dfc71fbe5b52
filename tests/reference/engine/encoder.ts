import * as tf from '@tensorflow/tfjs-core';
import { embeddingParameterNames, layerParameterNames } from '../../../workers/engine/model/parameterNames';
import type { IsTrainable } from '../../../workers/engine/model/isTrainable';
import { embeddingBackward, embeddingForward } from './ops/embedding';
import { residualLayerNormBackward, residualLayerNormForward, type LayerNormSaved } from './ops/residualLayerNorm';
import { embeddingDropoutPlace } from '../../../workers/engine/ops/dropout/dropoutPlaces';
import { layerBackward, layerForward, type LayerContext, type LayerSaved } from './layer';
import { hiddenDropoutMask } from './ops/dropout';
import type { Gradients } from './gradients';

type EncoderSaved = { embeddingNorm: LayerNormSaved; layers: LayerSaved[] };

/** Returns hidden [T, H] and the tensors that the backward pass needs. Call this inside a tidy. */
export function encoderForward(context: LayerContext): { hidden: tf.Tensor; saved: EncoderSaved } {
  const embedded = embed(context);
  const layers: LayerSaved[] = [];
  let hidden = embedded.y; // [T, H]
  for (let layer = 0; layer < context.config.layers; layer++) {
    const { y, saved } = layerForward(hidden, layer, context);
    layers.push(saved);
    hidden = y;
  }
  return { hidden, saved: { embeddingNorm: embedded.saved, layers } };
}

/**
 * Returns the gradients of the parameters that `need` selects, from dHidden [T, H]. Starts at the last layer, frees
 * dHidden and the saved tensors along the way, and stops below the lowest layer that is needed.
 */
export function encoderBackward(
  dHidden: tf.Tensor,
  saved: EncoderSaved,
  context: LayerContext,
  need: IsTrainable,
): Gradients {
  const gradients: Gradients = {};
  const embeddingNeeded = Object.values(embeddingParameterNames).some(need);
  let dy: tf.Tensor | undefined = dHidden;
  for (let layer = context.config.layers - 1; layer >= 0 && dy; layer--) {
    const layerSaved = saved.layers.pop();
    if (!layerSaved) break;
    const lowerNeeded =
      embeddingNeeded ||
      Array.from({ length: layer }, (_, lower) => layerParameterNames(lower))
        .flat()
        .some(need);
    const result: ReturnType<typeof layerBackward> = layerBackward(
      dy,
      layerSaved,
      layer,
      context.tokens,
      need,
      lowerNeeded,
    );
    Object.assign(gradients, result.gradients);
    dy.dispose();
    disposeSaved(layerSaved);
    dy = result.dx;
  }
  if (dy && embeddingNeeded) Object.assign(gradients, embedBackward(dy, saved.embeddingNorm, context, need));
  return gradients;
}

function embed(context: LayerContext): { y: tf.Tensor; saved: LayerNormSaved } {
  const { parameters, config, tokens } = context;
  const [words, positions, types] = [
    embeddingParameterNames.words,
    embeddingParameterNames.positions,
    embeddingParameterNames.types,
  ].map((name) => parameters.tensor(name));
  if (!words || !positions || !types) throw new TypeError('an embedding table is missing');
  const sum = embeddingForward({ words, positions, types }, tokens); // [T, H]
  const [gamma, beta] = [
    parameters.tensor(embeddingParameterNames.gamma),
    parameters.tensor(embeddingParameterNames.beta),
  ];
  const { y, saved } = residualLayerNormForward({
    x: sum,
    residual: undefined,
    mask: undefined,
    gamma,
    beta,
    epsilon: config.layerNormEpsilon,
  });
  sum.dispose();
  const mask = hiddenDropoutMask(y.shape, embeddingDropoutPlace(context.dropout));
  // Unlike all others, this LayerNorm comes before dropout. The shared function applies dropout first, so the mask is
  // saved here.
  return mask ? { y: tf.mul(y, mask), saved: { ...saved, mask } } : { y, saved };
}

function embedBackward(
  dy: tf.Tensor,
  saved: LayerNormSaved,
  { config, tokens }: LayerContext,
  need: IsTrainable,
): Gradients {
  return tf.tidy(() => {
    const gradients: Gradients = {};
    const dNorm = saved.mask ? tf.mul(dy, saved.mask) : dy;
    const wanted = { x: true, gamma: need(embeddingParameterNames.gamma), beta: need(embeddingParameterNames.beta) };
    const norm = residualLayerNormBackward(dNorm, { ...saved, mask: undefined }, wanted);
    if (norm.gamma) gradients[embeddingParameterNames.gamma] = norm.gamma;
    if (norm.beta) gradients[embeddingParameterNames.beta] = norm.beta;
    const rows = { words: config.vocabularySize, positions: config.maxPositions, types: config.typeVocabularySize };
    const { words, positions, types } = embeddingParameterNames;
    const tables = embeddingBackward(norm.x ?? dNorm, rows, tokens, {
      words: need(words),
      positions: need(positions),
      types: need(types),
    });
    if (tables.words) gradients[words] = tables.words;
    if (tables.positions) gradients[positions] = tables.positions;
    if (tables.types) gradients[types] = tables.types;
    return gradients;
  });
}

/** Disposes the tensors that a layer saved, but not the parameters among them, which are marked as kept. */
function disposeSaved(saved: tf.TensorContainer): void {
  if (saved instanceof tf.Tensor) {
    if (!saved.kept) saved.dispose();
  } else if (typeof saved === 'object') {
    for (const inner of Object.values(saved)) disposeSaved(inner);
  }
}
