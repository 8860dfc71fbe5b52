import type { MemoryReport } from '../../memory/report';
import type { StoredModel } from '../../model';
import type { CommonSetName, ScoredSetName } from '../../tokenize/tokenSets';

/** Results of splitting an experiment's data: the part of `SplitCounts` that the checks need. */
export interface SplitFacts {
  train: number;
  trainPassages: number;
  trainAnchors: number;
  /** Scored pairs to train on; 0 if no stage does. */
  scored: number;
  dev: number;
  leaks: { exact: number; normalised: number };
  scoredLeaks: number;
  listedBatches: boolean;
  nearDuplicates: { count: number; removed: boolean };
  scoredNearDuplicates: { count: number; removed: boolean };
}

/** Lengths of one token set, in tokens. */
export interface LengthFacts {
  texts: number;
  truncated: number;
  /** The length that 99% of the texts do not exceed. */
  p99: number;
}

/** How many of the texts on one side begin with a prompt, in training and in evaluation. */
export interface PromptUse {
  prompt: string;
  training: number;
  evaluation: number;
}

/** Facts that only a reading of all texts shows. The data worker collects them. */
export interface TextFacts {
  /** Without scored pairs if no stage trains on them. */
  lengths: Record<CommonSetName, LengthFacts> & Partial<Record<ScoredSetName, LengthFacts>>;
  /** Number of training pairs whose passage also belongs to another pair. */
  repeated: number;
  /** Number of ways to choose two training pairs that have the same passage. */
  samePassage: number;
  prompts: { questions: PromptUse[]; passages: PromptUse[] };
}

/** Facts about an experiment's model, data and device. A null is not known yet. */
export interface ExperimentFacts {
  model: Pick<StoredModel, 'name' | 'hub' | 'config' | 'defaults' | 'totalFloats' | 'tensors'> | null;
  split: SplitFacts | null;
  texts: TextFacts | null;
  memory: MemoryReport | null;
}
