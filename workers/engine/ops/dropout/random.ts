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

/** Philox4x32-10 (Salmon et al., SC 2011) of the counter (first, second, op, step) and the key (seed, 0). */
export function philox(first: number, second: number, { seed, step, op }: DropoutKey, into: Uint32Array): void {
  let [c0, c1, c2, c3] = [first >>> 0, second >>> 0, op >>> 0, step >>> 0];
  let [k0, k1] = [seed >>> 0, 0];
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = [mulHigh(0xd2511f53, c0), Math.imul(0xd2511f53, c0)];
    const [high1, low1] = [mulHigh(0xcd9e8d57, c2), Math.imul(0xcd9e8d57, c2)];
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1 >>> 0, (high0 ^ c3 ^ k1) >>> 0, low0 >>> 0];
    [k0, k1] = [(k0 + 0x9e3779b9) >>> 0, (k1 + 0xbb67ae85) >>> 0];
  }
  into[0] = c0;
  into[1] = c1;
  into[2] = c2;
  into[3] = c3;
}

/** The upper 32 bits of a product of two 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const [al, ah, bl, bh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const [lh, hl] = [al * bh, ah * bl];
  const middle = ((al * bl) >>> 16) + (lh & 0xffff) + (hl & 0xffff);
  return ah * bh + (lh >>> 16) + (hl >>> 16) + (middle >>> 16);
}
