import type { DeviceArray } from '../arrays';
import { layerNormBackward, layerNormForward, type LayerNormSaved } from '../ops/layerNorm/layerNorm';
import type { EncoderContext } from './encoderContext';
import type { GradientSink } from './gradientSink';
import { layerParameterName } from './parameterNames';

/** The LayerNorm after attention, or the one after the feed-forward network. */
type NormModule = 'attentionNorm' | 'outputNorm';

/** Applies a layer's LayerNorm to z [T, H]. */
export function sublayerNormForward(
  { engine, weights, config }: EncoderContext,
  layer: number,
  module: NormModule,
  z: DeviceArray,
): { y: DeviceArray; saved: LayerNormSaved } {
  return layerNormForward(engine, {
    z,
    gamma: weights.view(layerParameterName(layer, module, 'weight'), [config.hiddenSize]),
    beta: weights.view(layerParameterName(layer, module, 'bias'), [config.hiddenSize]),
    epsilon: config.layerNormEpsilon,
  });
}

/** Returns dz [T, H] from dy [T, H] and writes the gradients of γ and β if they are trained. */
export function sublayerNormBackward(
  { engine, config }: EncoderContext,
  layer: number,
  module: NormModule,
  dy: DeviceArray,
  saved: LayerNormSaved,
  { table, accumulate }: GradientSink,
): DeviceArray {
  const gradient = (part: 'weight' | 'bias'): DeviceArray | undefined => {
    const name = layerParameterName(layer, module, part);
    return table.has(name) ? table.view(name, [config.hiddenSize]) : undefined;
  };
  return layerNormBackward(engine, dy, saved, { gamma: gradient('weight'), beta: gradient('bias') }, accumulate);
}
