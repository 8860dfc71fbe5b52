import type { StepWay } from './stepWay';

/** What decides how much memory the largest batch of a stage needs. */
export interface BatchShape {
  /** Pairs of the batch. */
  pairs: number;
  /** Tokens of all its texts. */
  tokens: number;
  /** Tokens of the longest text of the stage. */
  longest: number;
}

/** Bytes that a training step holds at its peak. */
export interface MemoryNeed {
  /** In mixed precision with the copy that products read. */
  weights: number;
  gradients: number;
  /** AdamW's two moments. */
  moments: number;
  /**
   * What is kept of the batch between the forward and the backward pass, the loss, and what products that are cut into parts may take; or what
   * an evaluation needs in their place, where that is more.
   */
  activations: number;
  total: number;
}

/** Which limit a run does not keep, and by how much: the budget, or the largest array that the device allows. */
export interface Shortage {
  limit: 'budget' | 'array';
  neededBytes: number;
  limitBytes: number;
}

/** A way that fits, and what it needs; or the way that needs least of all, and why it does not fit. */
export interface WayChoice {
  fits: boolean;
  way: StepWay;
  need: MemoryNeed;
  shortage?: Shortage;
}

export interface Settings {
  batchSize: number;
  maxTokens: number;
}

/** The nearest settings that fit, each by itself: a shorter limit of tokens, a smaller batch, or mixed precision in a stage. */
export interface Proposal {
  maxTokens?: number;
  batchSize?: number;
  mixedStage?: number;
}

/** What a run was planned with: kept in its record, so that a resumed run takes the same ways and gives the same bits. */
export interface RunMemory {
  budgetBytes: number;
  /** One for each stage. */
  ways: StepWay[];
  /** The most tokens of a batch that is only encoded. */
  encodingTokens: number;
}

/** What the same run would need at other settings. */
export interface MemoryAlternative extends Settings {
  choice: WayChoice;
}

/** What a run of the experiment as it stands needs on this device. */
export interface MemoryReport {
  backend: 'webgpu' | 'wasm';
  budgetBytes: number;
  defaultBudgetBytes: number;
  /** The stage that needs most. */
  shape: BatchShape;
  choice: WayChoice;
  run: RunMemory;
  alternatives: MemoryAlternative[];
  /** Where it does not fit. */
  proposal: Proposal;
  /** Whether a budget as large as the run's need may be set. Where an array is too large it does not help. */
  canRaise: boolean;
}
