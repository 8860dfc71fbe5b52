/**
 * The step strategy: how a training step processes its batch. `plain` keeps all activations until the backward pass.
 * `recompute` keeps only each layer's input and computes the layer again in the backward pass. `gradCache` (Gao et al.,
 * arXiv 2101.06983) processes the batch twice, in chunks of whole texts, and holds the activations of only one chunk at
 * a time.
 */
export type StepStrategy =
  | {
      kind: 'plain' | 'recompute';
      /**
       * Tokens of the largest batch. Every step allocates its arrays for this size, so that memory use stays constant.
       */
      tokensPerPass?: number;
    }
  /** `tokensPerPass`: maximum tokens per chunk. A longer text is a chunk on its own. */
  | { kind: 'gradCache'; tokensPerPass: number };
