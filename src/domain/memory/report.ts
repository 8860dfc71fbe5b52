import type { NegativesReport } from '../negatives/report';
import type { DevPlan } from '../train/devPlan';
import type { LossSettings } from '../train/lossSchema';
import type { MemoryProposal } from './proposal';
import type { StepStrategy } from './stepStrategy';

/** Sizes of a stage's largest batch, which determine the stage's memory need. */
export interface BatchShape {
  /** Pairs in the batch. */
  pairs: number;
  /** Passages that each anchor is compared with: the pairs' positives and all explicit negatives. */
  candidates: number;
  /** Tokens of all texts in the batch. */
  tokens: number;
  /** Tokens of the longest text in the stage. */
  longest: number;
  /**
   * The loss, because some losses need further arrays. If absent, assumes one that needs only scores and statistics.
   */
  loss?: LossSettings | undefined;
}

/** Peak memory of a run in bytes. */
export interface MemoryNeed {
  /** In mixed precision, includes the half-precision copies that matrix products read. */
  weights: number;
  gradients: number;
  /** The two moments of AdamW, and the average of the weights if a stage keeps one. */
  moments: number;
  /**
   * Activations kept between the forward and the backward pass, the loss, and scratch for products split into parts. If
   * an evaluation needs more than these together, its need is counted instead, because it never overlaps a step.
   */
  activations: number;
  /**
   * Copy of weights and moments that is written as a checkpoint while steps continue. 0 if it does not fit the budget.
   */
  snapshot: number;
  total: number;
}

/** A limit that a run exceeds: the budget, or the largest array that the device allows. */
export interface MemoryShortage {
  limit: 'budget' | 'array';
  neededBytes: number;
  limitBytes: number;
}

/**
 * A step strategy that fits, with its memory need. If none fits: the strategy that needs the least, and the limit that
 * it exceeds.
 */
export interface StepStrategyChoice {
  fits: boolean;
  stepStrategy: StepStrategy;
  need: MemoryNeed;
  shortage?: MemoryShortage;
}

export interface BatchSettings {
  batchSize: number;
  maxTokens: number;
}

/**
 * The memory plan of a run. It is stored in the run's record, so that a resumed run uses the same step strategies and
 * has the same bits.
 */
export interface RunMemory {
  budgetBytes: number;
  /** The step strategy of each stage. Named `ways` because the records of older runs use this name. */
  ways: StepStrategy[];
  /** Maximum tokens in a batch that is only encoded. */
  encodingTokens: number;
  /** Like `encodingTokens`, for batches that a guide encodes before the run. Absent if no stage has a guide. */
  guideTokens?: number;
  /** Bytes of the copy that is written as a checkpoint while steps continue. If absent, steps wait during the write. */
  snapshotBytes?: number;
}

/** The memory need of the same run with other settings. */
export interface MemoryAlternative extends BatchSettings {
  choice: StepStrategyChoice;
}

/** The memory that a run of the current experiment needs on this device, and its steps. */
export interface MemoryReport {
  steps: number;
  /** For each stage, the rows left out of each epoch; see `BatchPlan`. */
  leftOut: number[][];
  /** Explicit negatives of each stage; null for stages without. Absent if no stage has any. */
  negatives?: (NegativesReport | null)[];
  /** How dev is evaluated during training, with the experiment's limit. Absent without dev questions. */
  devPlan?: DevPlan;
  /** The plan under the usual limit. Absent if the experiment sets a limit or already meets the usual one. */
  limitedDevPlan?: DevPlan;
  backend: 'webgpu' | 'wasm';
  budgetBytes: number;
  defaultBudgetBytes: number;
  /** Shape of the largest batch in the most demanding stage. */
  shape: BatchShape;
  choice: StepStrategyChoice;
  run: RunMemory;
  alternatives: MemoryAlternative[];
  /** Empty if the run fits. */
  proposal: MemoryProposal;
  /**
   * Whether the device accepts a budget as large as the need. Raising the budget does not help if a single array is too
   * large.
   */
  canRaise: boolean;
}
