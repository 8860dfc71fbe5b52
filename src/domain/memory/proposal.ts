/**
 * The nearest settings that fit. Any one of the changes is enough: shorter texts, a smaller batch, mixed precision, or
 * BitFit.
 */
export interface MemoryProposal {
  maxTokens?: number;
  batchSize?: number;
  /** The stage to switch to mixed precision. */
  mixedStage?: number;
  /** Set if the run fits once every stage trains only biases. */
  bitFit?: true;
}
