import type { MemoryProposal } from '../../../src/domain/memory/proposal';
import type { BatchSettings } from '../../../src/domain/memory/report';
import { maxPassing } from './maxPassing';

/** Lowest token limit to propose. Shorter texts carry too little content to be worth training on. */
const minProposedTokens = 16;

/**
 * Returns a lower token limit and a smaller batch size; either one would make the run fit. Empty if weights, gradients
 * and moments alone exceed the budget.
 */
export function proposal(current: BatchSettings, fits: (settings: BatchSettings) => boolean): MemoryProposal {
  const maxTokens = maxPassing(current.maxTokens, minProposedTokens, (value) => fits({ ...current, maxTokens: value }));
  const batchSize = maxPassing(current.batchSize, 2, (value) => fits({ ...current, batchSize: value }));
  return { ...(maxTokens === null ? {} : { maxTokens }), ...(batchSize === null ? {} : { batchSize }) };
}
