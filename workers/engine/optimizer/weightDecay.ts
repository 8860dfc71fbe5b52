import { prefixRowsName } from '../../../src/domain/train/prefix';

/**
 * Whether weight decay applies: to everything except biases, LayerNorm and a prefix's embeddings. The latter have no
 * gradient before their first stage, and must not change until then.
 */
export function hasWeightDecay(name: string): boolean {
  return !name.endsWith('bias') && !name.includes('LayerNorm') && name !== prefixRowsName;
}
