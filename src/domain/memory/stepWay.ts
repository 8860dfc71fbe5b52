/**
 * How a training step goes through its batch. `plain` keeps what every layer computed until the backward pass; `recompute` keeps each layer's
 * input and computes the layer a second time; `gradCache` (Gao et al., arXiv 2101.06983) takes the batch in chunks of whole texts, twice, and
 * keeps no more than one chunk's numbers.
 */
export type StepWay =
  | {
      kind: 'plain' | 'recompute';
      /** The most tokens of a batch: arrays have room for so many in every step, so that memory stands still. */
      tokensPerPass?: number;
    }
  /** A chunk is filled up to so many tokens; a longer text is a chunk by itself. */
  | { kind: 'gradCache'; tokensPerPass: number };
