/**
 * The step strategy: how a training step processes its batch. `plain` keeps all activations until the backward pass.
 * `recompute` keeps only each layer's input and computes the layer again in the backward pass. `gradCache` (Gao et al.,
 * arXiv 2101.06983) runs the batch twice in chunks of whole texts, and keeps the activations of one chunk at a time.
 */
export type StepWay =
  | {
      kind: 'plain' | 'recompute';
      /** Tokens of the largest batch. Every step sizes its arrays for it, so that memory use stays constant. */
      tokensPerPass?: number;
    }
  /** Chunks are filled up to `tokensPerPass` tokens. A longer text is a chunk on its own. */
  | { kind: 'gradCache'; tokensPerPass: number };
