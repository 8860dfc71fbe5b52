import type { StepStrategy } from '../memory/stepStrategy';
import { matrixParameters, type EncoderConfig } from '../model';

type Sizes = Pick<EncoderConfig, 'layers' | 'hiddenSize' | 'intermediateSize'>;

/**
 * Returns the FLOPs of the encoder's forward pass over `tokens` tokens, in texts of about `textTokens` each. Every
 * token costs 2 FLOPs per weight. In attention, every pair of tokens of a text costs 2·H for the score and 2·H for the
 * weighted sum, per layer.
 */
export function forwardFlops(sizes: Sizes, tokens: number, textTokens: number): number {
  return tokens * (2 * matrixParameters(sizes) + 4 * sizes.layers * textTokens * sizes.hiddenSize);
}

/**
 * Returns the FLOPs of training steps over `tokens` tokens. The backward pass costs twice the forward pass: it computes
 * gradients of inputs and gradients of weights. All strategies but plain repeat the forward pass.
 */
export function stepFlops(
  sizes: Sizes,
  tokens: number,
  textTokens: number,
  stepStrategy: StepStrategy['kind'] = 'plain',
): number {
  return (stepStrategy === 'plain' ? 3 : 4) * forwardFlops(sizes, tokens, textTokens);
}
