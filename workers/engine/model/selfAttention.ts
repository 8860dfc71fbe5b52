import type { DeviceArray } from '../arrays';
import { attentionBackward, attentionForward, type AttentionSaved } from '../ops/attention/attention';
import { dropoutApply } from '../ops/dropout/dropout';
import { layerDropoutPlace } from '../ops/dropout/dropoutPlaces';
import type { LayerNormSaved } from '../ops/layerNorm/layerNorm';
import type { EncoderContext } from './encoderContext';
import type { GradientSink } from './gradientSink';
import { linearForward, linearInputGradient, linearParameterGradients } from './linear';
import { freeAdapterGradients } from './lora';
import { sublayerNormBackward, sublayerNormForward } from './sublayerNorm';

export type SelfAttentionSaved = { x: DeviceArray; attention: AttentionSaved; attentionNorm: LayerNormSaved };

/** Computes y = LN(x + dropout(attention(x)·Wᵀ + b)): x [T, H] → y [T, H]. `saved` holds x itself, not a copy. */
export function selfAttentionForward(
  x: DeviceArray,
  layer: number,
  context: EncoderContext,
): { y: DeviceArray; saved: SelfAttentionSaved } {
  const { engine, config, tokens } = context;
  const { hiddenSize: H } = config;
  const qkv = linearForward(context, layer, 'query', x, [3 * H, H]); // [T, 3H]
  const attention = attentionForward(engine, {
    qkv,
    blocks: tokens.blocks,
    heads: config.heads,
    longest: tokens.packed.longest,
    squaredLengths: tokens.packed.squaredLengths,
    dropout: layerDropoutPlace(context.dropout, layer, 0),
  });
  const finish = { residual: x, dropout: layerDropoutPlace(context.dropout, layer, 1) };
  const z = linearForward(context, layer, 'attentionOutput', attention.y, [H, H], finish); // [T, H]
  const norm = sublayerNormForward(context, layer, 'attentionNorm', z);
  return { y: norm.y, saved: { x, attention: attention.saved, attentionNorm: norm.saved } };
}

/** Writes the sub-layer's gradients from dy [T, H]; returns dx [T, H] if `needX`. Frees dy and `saved`, including x. */
export function selfAttentionBackward(
  dy: DeviceArray,
  { x, attention, attentionNorm }: SelfAttentionSaved,
  layer: number,
  context: EncoderContext,
  gradients: GradientSink,
  needX: boolean,
): DeviceArray | undefined {
  const { engine, config } = context;
  const { pool } = engine;
  const { hiddenSize: H } = config;
  const dz = sublayerNormBackward(context, layer, 'attentionNorm', dy, attentionNorm, gradients); // [T, H]
  for (const array of [dy, attentionNorm.z, attentionNorm.stats]) pool.free(array);
  const place = layerDropoutPlace(context.dropout, layer, 1);
  const dOutput = place ? dropoutApply(engine, dz, place) : dz; // [T, H]
  const ofOutput = linearParameterGradients(context, gradients, layer, 'attentionOutput', dOutput, attention.y, [H, H]);
  const dAttention = linearInputGradient(context, layer, 'attentionOutput', dOutput, [H, H], ofOutput); // [T, H]
  if (dOutput !== dz) pool.free(dOutput);
  const dqkv = attentionBackward(engine, dAttention, attention); // [T, 3H]
  for (const array of [dAttention, attention.qkv, attention.y, attention.lse]) pool.free(array);
  const ofInput = linearParameterGradients(context, gradients, layer, 'query', dqkv, x, [3 * H, H]);
  const finish = { residual: dz };
  const dx = needX ? linearInputGradient(context, layer, 'query', dqkv, [3 * H, H], ofInput, finish) : undefined; // [T, H]
  if (!needX) freeAdapterGradients(engine, ofInput);
  for (const array of [dqkv, dz, x]) pool.free(array);
  return dx;
}
