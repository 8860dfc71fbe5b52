import type { WayChoice, Proposal, Settings } from './chooseWay';
import type { StepWay } from './stepWay';
import type { BatchShape } from './plan';

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
