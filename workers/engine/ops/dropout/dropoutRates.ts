import type { Stage } from '../../../../src/domain/experiment';
import type { EncoderConfig } from '../../../../src/domain/model';

/**
 * BERT has one rate for attention probabilities and another for the outputs of embeddings, attention and feed-forward.
 */
export interface DropoutRates {
  hidden: number;
  attention: number;
  /** Rate at the inputs of adapters; 0 if absent. */
  adapters?: number;
}

/** Returns the dropout rates of a stage, or undefined if all are zero. `adapters` is the rate of its adapters. */
export function dropoutRates(dropout: Stage['dropout'], config: EncoderConfig, adapters = 0): DropoutRates | undefined {
  const rates =
    dropout === 'model'
      ? { hidden: config.hiddenDropout, attention: config.attentionDropout }
      : { hidden: dropout, attention: dropout };
  return rates.hidden > 0 || rates.attention > 0 || adapters > 0 ? { ...rates, adapters } : undefined;
}
