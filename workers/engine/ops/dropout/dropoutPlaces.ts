import type { LayerModuleName } from '../../model/parameterNames';
import type { DropoutRates } from './dropoutRates';

/** Selects a mask's random numbers. The same key yields the same mask on every device and after a resume. */
export interface DropoutPlaceKey {
  seed: number;
  step: number;
  /** Number of the place in the network that applies dropout. */
  op: number;
}

/**
 * One place in the network that applies dropout. `firstRow` is the position of the arrays' row 0 in the whole batch, 0
 * by default. Random numbers depend on it, so that chunks get the same mask as the whole batch.
 */
export type DropoutPlace = DropoutPlaceKey & { rate: number; firstRow?: number };

/** Dropout of one training step at all places of the network. */
export type DropoutPlaces = { rates: DropoutRates } & Omit<DropoutPlace, 'op' | 'rate'>;

/** Returns the place at the output of the embeddings, or undefined if nothing is dropped there. */
export function embeddingDropoutPlace(dropout: DropoutPlaces | undefined): DropoutPlace | undefined {
  return placeOf(dropout, 'hidden', 0);
}

/**
 * Returns one of a layer's dropout places, or undefined if nothing is dropped there. `drop` is 0 for attention
 * probabilities, 1 for attention output, and 2 for feed-forward output.
 */
export function layerDropoutPlace(
  dropout: DropoutPlaces | undefined,
  layer: number,
  drop: 0 | 1 | 2,
): DropoutPlace | undefined {
  return placeOf(dropout, drop === 0 ? 'attention' : 'hidden', 1 + layer * 3 + drop);
}

/** Number of the first adapter's place, above all places of the deepest model. */
const firstAdapterOp = 4096;
const adaptedModules: readonly LayerModuleName[] = [
  'query',
  'key',
  'value',
  'attentionOutput',
  'intermediate',
  'output',
];

/** Returns the place at the input of a module's adapter, or undefined if nothing is dropped there. */
export function adapterDropoutPlace(
  dropout: DropoutPlaces | undefined,
  layer: number,
  module: LayerModuleName,
): DropoutPlace | undefined {
  const op = firstAdapterOp + layer * adaptedModules.length + adaptedModules.indexOf(module);
  return placeOf(dropout, 'adapters', op);
}

function placeOf(dropout: DropoutPlaces | undefined, which: keyof DropoutRates, op: number): DropoutPlace | undefined {
  if (!dropout) return undefined;
  const { rates, ...key } = dropout;
  const rate = rates[which] ?? 0;
  return rate > 0 ? { ...key, op, rate } : undefined;
}
