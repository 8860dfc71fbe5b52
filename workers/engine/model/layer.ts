import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import type { EncoderContext } from './encoderContext';
import { feedForwardBackward, feedForwardForward, type FeedForwardSaved } from './feedForward';
import type { GradientSink } from './gradientSink';
import { selfAttentionBackward, selfAttentionForward, type SelfAttentionSaved } from './selfAttention';

export type LayerSaved = SelfAttentionSaved & FeedForwardSaved;

/**
 * Computes one BERT layer with post-LayerNorm (Devlin et al., arXiv 1810.04805, §3; Vaswani et al., arXiv 1706.03762,
 * fig. 1): x [T, H] → y [T, H], first self-attention, then the feed-forward network. `saved` holds x itself, not a
 * copy.
 */
export function layerForward(
  x: DeviceArray,
  layer: number,
  context: EncoderContext,
): { y: DeviceArray; saved: LayerSaved } {
  const attended = selfAttentionForward(x, layer, context); // y [T, H]
  const fed = feedForwardForward(attended.y, layer, context); // y [T, H]
  return { y: fed.y, saved: { ...attended.saved, ...fed.saved } };
}

/** Writes the layer's gradients from dy [T, H]; returns dx [T, H] if `needX`. Frees dy and `saved`, including x. */
export function layerBackward(
  dy: DeviceArray,
  saved: LayerSaved,
  layer: number,
  context: EncoderContext,
  gradients: GradientSink,
  needX: boolean,
): DeviceArray | undefined {
  const dMiddle = feedForwardBackward(dy, saved, layer, context, gradients); // [T, H]
  return selfAttentionBackward(dMiddle, saved, layer, context, gradients, needX);
}

/** Frees everything that a layer saved, except its input. */
export function freeLayerActivations(
  engine: Engine,
  { attention, attentionNorm, outputNorm, middle, pre, gelu }: LayerSaved,
): void {
  const inner = [attention.qkv, attention.y, attention.lse, middle, pre, gelu];
  for (const norm of [attentionNorm, outputNorm]) inner.push(norm.z, norm.stats);
  for (const array of inner) engine.pool.free(array);
}
