import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from '../../../src/domain/model';
import { attentionBackward, attentionForward, type AttentionSaved, type AttentionMask } from './ops/attention';
import { hiddenDropoutMask, probabilityDropoutMask } from './ops/dropout';
import {
  layerDropoutPlace,
  type DropoutPlaces,
  type DropoutPlace,
} from '../../../workers/engine/ops/dropout/dropoutPlaces';
import { geluBackward, geluForward, type GeluSaved } from './ops/gelu';
import { residualLayerNormBackward, residualLayerNormForward, type LayerNormSaved } from './ops/residualLayerNorm';
import { linearBackward, linearForward, type LinearSaved } from './ops/linear';
import { layerParameterName, type LayerModuleName } from '../../../workers/engine/model/parameterNames';
import type { IsTrainable } from '../../../workers/engine/model/isTrainable';
import type { PackedTokens } from '../../../workers/engine/model/packedTokens';
import type { TensorTable } from './tensorTable';
import type { Gradients } from './gradients';

export interface LayerContext {
  parameters: TensorTable;
  config: EncoderConfig;
  tokens: PackedTokens;
  dropout: DropoutPlaces | undefined;
}

type NormModule = 'attentionNorm' | 'outputNorm';
type LinearModule = Exclude<LayerModuleName, NormModule>;

export type LayerSaved = {
  query: LinearSaved;
  key: LinearSaved;
  value: LinearSaved;
  attention: AttentionSaved;
  attentionOutput: LinearSaved;
  attentionNorm: LayerNormSaved;
  intermediate: LinearSaved;
  gelu: GeluSaved;
  output: LinearSaved;
  outputNorm: LayerNormSaved;
};

/** One BERT layer, post-LayerNorm: x [T, H] → y [T, H]. */
export function layerForward(x: tf.Tensor, layer: number, context: LayerContext): { y: tf.Tensor; saved: LayerSaved } {
  return tf.tidy(() => {
    const linear = (input: tf.Tensor, module: LayerModuleName) => {
      const weight = context.parameters.tensor(layerParameterName(layer, module, 'weight'));
      return linearForward(input, weight, context.parameters.tensor(layerParameterName(layer, module, 'bias')));
    };
    const norm = (input: tf.Tensor, residual: tf.Tensor, module: LayerModuleName, drop: 1 | 2) =>
      residualLayerNormForward({
        x: input,
        residual,
        mask: hiddenDropoutMask(input.shape, layerDropoutPlace(context.dropout, layer, drop)),
        gamma: context.parameters.tensor(layerParameterName(layer, module, 'weight')),
        beta: context.parameters.tensor(layerParameterName(layer, module, 'bias')),
        epsilon: context.config.layerNormEpsilon,
      });
    const [query, key, value] = [linear(x, 'query'), linear(x, 'key'), linear(x, 'value')]; // [T, H] each
    const { tokens, config } = context;
    const attention = attentionForward({
      q: query.y,
      k: key.y,
      v: value.y,
      tokens,
      heads: config.heads,
      dropout: probabilityMask(layerDropoutPlace(context.dropout, layer, 0)),
    });
    const attentionOutput = linear(attention.y, 'attentionOutput'); // [T, H]
    const attentionNorm = norm(attentionOutput.y, x, 'attentionNorm', 1); // [T, H]
    const intermediate = linear(attentionNorm.y, 'intermediate'); // [T, F]
    const gelu = geluForward(intermediate.y); // [T, F]
    const output = linear(gelu.y, 'output'); // [T, H]
    const outputNorm = norm(output.y, attentionNorm.y, 'outputNorm', 2); // [T, H]
    const saved: LayerSaved = {
      query: query.saved,
      key: key.saved,
      value: value.saved,
      attention: attention.saved,
      attentionOutput: attentionOutput.saved,
      attentionNorm: attentionNorm.saved,
      intermediate: intermediate.saved,
      gelu: gelu.saved,
      output: output.saved,
      outputNorm: outputNorm.saved,
    };
    return { y: outputNorm.y, saved };
  });
}

/** Returns the layer's gradients from dy [T, H], and dx [T, H] if `needX`. */
export function layerBackward(
  dy: tf.Tensor,
  saved: LayerSaved,
  layer: number,
  tokens: PackedTokens,
  need: IsTrainable,
  needX: boolean,
): { dx: tf.Tensor | undefined; gradients: Gradients } {
  return tf.tidy(() => {
    const gradients: Gradients = {};
    const name = (module: LayerModuleName, part: 'weight' | 'bias'): string => layerParameterName(layer, module, part);
    const wants = (module: LayerModuleName) => ({
      weight: need(name(module, 'weight')),
      bias: need(name(module, 'bias')),
    });
    const put = (module: LayerModuleName, weight?: tf.Tensor, bias?: tf.Tensor): void => {
      if (weight) gradients[name(module, 'weight')] = weight;
      if (bias) gradients[name(module, 'bias')] = bias;
    };
    const linear = (gradient: tf.Tensor, module: LinearModule, x = true): tf.Tensor => {
      const result = linearBackward(gradient, saved[module], { x, ...wants(module) });
      put(module, result.weight, result.bias);
      return result.x ?? gradient;
    };
    const norm = (gradient: tf.Tensor, module: NormModule): { x: tf.Tensor; sum: tf.Tensor } => {
      const { weight, bias } = wants(module);
      const result = residualLayerNormBackward(gradient, saved[module], { x: true, gamma: weight, beta: bias });
      put(module, result.gamma, result.beta);
      return { x: result.x ?? gradient, sum: result.sum ?? gradient };
    };
    const outer = norm(dy, 'outputNorm'); // [T, H]
    const dGelu = linear(outer.x, 'output'); // [T, F]
    const dIntermediate = geluBackward(dGelu, saved.gelu); // [T, F]
    dGelu.dispose();
    const dMiddle = tf.add(linear(dIntermediate, 'intermediate'), outer.sum); // [T, H]
    dIntermediate.dispose();
    const inner = norm(dMiddle, 'attentionNorm'); // [T, H]
    const dAttention = linear(inner.x, 'attentionOutput'); // [T, H]
    const { q, k, v } = attentionBackward(dAttention, saved.attention, tokens); // [T, H] each
    const parts = [linear(q, 'query', needX), linear(k, 'key', needX), linear(v, 'value', needX)];
    const dx = needX ? parts.reduce((sum, part) => tf.add(sum, part), inner.sum) : undefined; // [T, H]
    return { dx, gradients };
  });
}

function probabilityMask(place: DropoutPlace | undefined): AttentionMask | undefined {
  return place && ((text) => tf.tensor2d(probabilityDropoutMask(text, place.rate, place), [text.length, text.length]));
}
