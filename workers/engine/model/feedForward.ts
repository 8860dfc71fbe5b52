import type { DeviceArray } from '../arrays';
import { dropoutApply } from '../ops/dropout/dropout';
import { layerDropoutPlace } from '../ops/dropout/dropoutPlaces';
import type { LayerNormSaved } from '../ops/layerNorm/layerNorm';
import type { EncoderContext } from './encoderContext';
import type { GradientSink } from './gradientSink';
import { linearForward, linearInputGradient, linearParameterGradients } from './linear';
import { sublayerNormBackward, sublayerNormForward } from './sublayerNorm';

export type FeedForwardSaved = {
  /** Input of the feed-forward network: the middle of the layer, [T, H]. */
  middle: DeviceArray;
  /** Input (`pre`) and output of GELU, [T, F]. */
  pre: DeviceArray;
  gelu: DeviceArray;
  outputNorm: LayerNormSaved;
};

/** Computes y = LN(h + dropout(GELU(h·W₁ᵀ + b₁)·W₂ᵀ + b₂)) with h = `middle`, [T, H] → [T, H]. */
export function feedForwardForward(
  middle: DeviceArray,
  layer: number,
  context: EncoderContext,
): { y: DeviceArray; saved: FeedForwardSaved } {
  const { engine, config } = context;
  const { hiddenSize: H, intermediateSize: F } = config;
  const pre = engine.pool.allocate([middle.shape[0] ?? 0, F], middle.dtype); // [T, F]
  const gelu = linearForward(context, layer, 'intermediate', middle, [F, H], { gelu: pre }); // [T, F]
  const finish = { residual: middle, dropout: layerDropoutPlace(context.dropout, layer, 2) };
  const z = linearForward(context, layer, 'output', gelu, [H, F], finish); // [T, H]
  const norm = sublayerNormForward(context, layer, 'outputNorm', z);
  return { y: norm.y, saved: { middle, pre, gelu, outputNorm: norm.saved } };
}

/**
 * Writes the parameters' gradients from dy [T, H] and returns the gradient of `middle`, [T, H]. Frees dy and `saved`.
 */
export function feedForwardBackward(
  dy: DeviceArray,
  { middle, pre, gelu, outputNorm }: FeedForwardSaved,
  layer: number,
  context: EncoderContext,
  gradients: GradientSink,
): DeviceArray {
  const { engine, config } = context;
  const { pool } = engine;
  const { hiddenSize: H, intermediateSize: F } = config;
  const dz = sublayerNormBackward(context, layer, 'outputNorm', dy, outputNorm, gradients); // [T, H]
  for (const array of [dy, outputNorm.z, outputNorm.stats]) pool.free(array);
  const place = layerDropoutPlace(context.dropout, layer, 2);
  const dOutput = place ? dropoutApply(engine, dz, place) : dz; // [T, H]
  const ofOutput = linearParameterGradients(context, gradients, layer, 'output', dOutput, gelu, [H, F]);
  pool.free(gelu);
  const dPre = linearInputGradient(context, layer, 'output', dOutput, [H, F], ofOutput, { geluGradient: pre }); // [T, F]
  pool.free(pre);
  if (dOutput !== dz) pool.free(dOutput);
  const ofInput = linearParameterGradients(context, gradients, layer, 'intermediate', dPre, middle, [F, H]);
  const dMiddle = linearInputGradient(context, layer, 'intermediate', dPre, [F, H], ofInput, { residual: dz }); // [T, H]
  for (const array of [dPre, dz, middle]) pool.free(array);
  return dMiddle;
}
