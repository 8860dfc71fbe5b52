/**
 * The nearest settings that fit. Any one of the changes is enough: shorter texts, a smaller batch, mixed precision, or
 * a strategy that trains less.
 */
export interface MemoryProposal {
  maxTokens?: number;
  batchSize?: number;
  /** The stage to switch to mixed precision. */
  mixedStage?: number;
  /** Bytes that the run needs if every stage trains only biases; absent if it does not fit then. */
  bitFit?: number;
  /** Bytes that the run needs if every stage trains the usual adapters; absent if it does not fit then. */
  lora?: number;
}
