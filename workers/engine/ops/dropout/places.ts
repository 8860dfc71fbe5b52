import type { EncoderConfig } from '../../../../src/domain/model';
import type { Stage } from '../../../../src/domain/experiment';

/** Selects a mask's random numbers. The same key yields the same mask on every device and after a resume. */
export interface DropoutKey {
  seed: number;
  step: number;
  /** Number of the place in the network that applies dropout. */
  op: number;
}

/**
 * One place in the network that applies dropout. `firstRow` is the position of the arrays' row 0 in the whole batch, 0
 * by default: random numbers depend on that position, so that chunks get the same mask as the whole batch.
 */
export type DropoutPlace = DropoutKey & { rate: number; firstRow?: number };

/** BERT has one rate for attention probabilities, another for the outputs of embeddings, attention and feed-forward. */
export interface DropoutRates {
  hidden: number;
  attention: number;
}

/** Dropout of one training step, at all places. */
export type Dropout = { rates: DropoutRates } & Omit<DropoutPlace, 'op' | 'rate'>;

/** Returns the dropout rates of a stage, or undefined if both are zero. */
export function dropoutRates(dropout: Stage['dropout'], config: EncoderConfig): DropoutRates | undefined {
  const rates =
    dropout === 'model'
      ? { hidden: config.hiddenDropout, attention: config.attentionDropout }
      : { hidden: dropout, attention: dropout };
  return rates.hidden > 0 || rates.attention > 0 ? rates : undefined;
}

/** Returns the place at the output of the embeddings, or undefined if nothing is dropped there. */
export function embeddingPlace(dropout: Dropout | undefined): DropoutPlace | undefined {
  return placeOf(dropout, 'hidden', 0);
}

/**
 * Returns a place in a layer. `drop`: 0 for attention probabilities, 1 for attention output, 2 for feed-forward output.
 */
export function layerPlace(dropout: Dropout | undefined, layer: number, drop: 0 | 1 | 2): DropoutPlace | undefined {
  return placeOf(dropout, drop === 0 ? 'attention' : 'hidden', 1 + layer * 3 + drop);
}

function placeOf(dropout: Dropout | undefined, which: keyof DropoutRates, op: number): DropoutPlace | undefined {
  if (!dropout) return undefined;
  const { rates, ...key } = dropout;
  return rates[which] > 0 ? { ...key, op, rate: rates[which] } : undefined;
}

/** Returns the 32-bit threshold: an element is dropped if its random number is below it. */
export function dropoutThreshold(rate: number): number {
  return Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32));
}
