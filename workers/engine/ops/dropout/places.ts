import type { EncoderConfig } from '../../../../src/domain/model';
import type { Stage } from '../../../../src/domain/experiment';

/** Which random numbers: the same key gives the same mask on every device, also after a resume. */
export interface DropoutKey {
  seed: number;
  step: number;
  /** A different number for each place in the network that drops. */
  op: number;
}

/** One place that drops. Numbers are drawn by the row's place in the whole batch: `firstRow` is that of row 0 of the arrays (without it: the first). */
export type DropoutPlace = DropoutKey & { rate: number; firstRow?: number };

/** BERT drops attention probabilities at one rate, and the outputs of embeddings, attention and feed-forward at another. */
export interface DropoutRates {
  hidden: number;
  attention: number;
}

/** Dropout as one step of training does it, at all places. */
export type Dropout = { rates: DropoutRates } & Omit<DropoutPlace, 'op' | 'rate'>;

/** The rates that a stage asks for; nothing where it asks for none. */
export function dropoutRates(dropout: Stage['dropout'], config: EncoderConfig): DropoutRates | undefined {
  const rates =
    dropout === 'model'
      ? { hidden: config.hiddenDropout, attention: config.attentionDropout }
      : { hidden: dropout, attention: dropout };
  return rates.hidden > 0 || rates.attention > 0 ? rates : undefined;
}

/** The output of the embeddings. */
export function embeddingPlace(dropout: Dropout | undefined): DropoutPlace | undefined {
  return placeOf(dropout, 'hidden', 0);
}

/** Places in a layer that drop, in order: attention probabilities, attention output, feed-forward output. */
export function layerPlace(dropout: Dropout | undefined, layer: number, drop: 0 | 1 | 2): DropoutPlace | undefined {
  return placeOf(dropout, drop === 0 ? 'attention' : 'hidden', 1 + layer * 3 + drop);
}

function placeOf(dropout: Dropout | undefined, which: keyof DropoutRates, op: number): DropoutPlace | undefined {
  if (!dropout) return undefined;
  const { rates, ...key } = dropout;
  return rates[which] > 0 ? { ...key, op, rate: rates[which] } : undefined;
}

/** Random numbers below this are dropped. */
export function dropoutThreshold(rate: number): number {
  return Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32));
}
