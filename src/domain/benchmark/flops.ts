import type { StepWay } from '../memory/stepWay';
import type { EncoderConfig } from '../model';

type Sizes = Pick<EncoderConfig, 'layers' | 'hiddenSize' | 'intermediateSize'>;

/** Numbers of the weights that a token is multiplied with: query, key, value and output of attention, both ways of the feed-forward part. */
export function multipliedWeights({ layers, hiddenSize: H, intermediateSize: F }: Sizes): number {
  return layers * (4 * H * H + 2 * H * F);
}

/**
 * FLOPs of the encoder's forward pass over so many tokens in texts of about `textTokens` each: two for each weight and token, and for each pair
 * of tokens of a text two in the scores and two in the weighted sum, for each number of a row.
 */
export function forwardFlops(sizes: Sizes, tokens: number, textTokens: number): number {
  return tokens * (2 * multipliedWeights(sizes) + 4 * sizes.layers * textTokens * sizes.hiddenSize);
}

/**
 * Of a training step: forward, and twice as much backward, for the gradients of inputs and of weights. What is not kept is computed a second time:
 * forward once more.
 */
export function stepFlops(sizes: Sizes, tokens: number, textTokens: number, way: StepWay['kind'] = 'plain'): number {
  return (way === 'plain' ? 3 : 4) * forwardFlops(sizes, tokens, textTokens);
}
