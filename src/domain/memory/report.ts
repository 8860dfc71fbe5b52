import type { StepWay } from './stepWay';

/** The sizes that decide how much memory a stage's largest batch needs. */
export interface BatchShape {
  /** Pairs in the batch. */
  pairs: number;
  /** Tokens of all texts in the batch. */
  tokens: number;
  /** Tokens of the longest text in the stage. */
  longest: number;
}

/** Peak memory of a run in bytes. */
export interface MemoryNeed {
  /** In mixed precision this includes the half-precision copy read by matrix products. */
  weights: number;
  gradients: number;
  /** AdamW's two moments. */
  moments: number;
  /**
   * Activations kept between the forward and the backward pass, the loss, and scratch for products split into parts. An
   * evaluation never overlaps a step, so if it needs more, this holds its need instead.
   */
  activations: number;
  total: number;
}

/** The limit that a run exceeds: the budget, or the largest array that the device allows. */
export interface Shortage {
  limit: 'budget' | 'array';
  neededBytes: number;
  limitBytes: number;
}

/** A step strategy that fits, with its need. If none fits: the one that needs the least, and the limit it exceeds. */
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

/** The nearest settings that fit. Any one change is enough: shorter texts, a smaller batch or mixed precision. */
export interface Proposal {
  maxTokens?: number;
  batchSize?: number;
  mixedStage?: number;
}

/**
 * The memory plan of a run. It is stored in the run's record, so that a resumed run uses the same step strategies and
 * has the same bits.
 */
export interface RunMemory {
  budgetBytes: number;
  /** The step strategy of each stage. */
  ways: StepWay[];
  /** Largest number of tokens in a batch that is only encoded. */
  encodingTokens: number;
}

/** The need of the same run with other settings. */
export interface MemoryAlternative extends Settings {
  choice: WayChoice;
}

/** The memory that a run of the current experiment needs on this device. */
export interface MemoryReport {
  backend: 'webgpu' | 'wasm';
  budgetBytes: number;
  defaultBudgetBytes: number;
  /** The stage that needs most. */
  shape: BatchShape;
  choice: WayChoice;
  run: RunMemory;
  alternatives: MemoryAlternative[];
  /** Empty if the run fits. */
  proposal: Proposal;
  /** Whether the device accepts a budget as large as the need. It does not help if a single array is too large. */
  canRaise: boolean;
}
