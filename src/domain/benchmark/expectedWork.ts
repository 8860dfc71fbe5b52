import type { StepStrategy } from '../memory/stepStrategy';
import type { EncoderConfig } from '../model';

/** The amount of computation in a run of an experiment. */
export interface ExpectedWork {
  config: EncoderConfig;
  steps: number;
  /** For each stage: total tokens of all its steps, and the planned step strategy. */
  stages: { trainingTokens: number; stepStrategy: StepStrategy['kind'] }[];
  /** Whether any stage uses mixed precision. The benchmark measures full precision only. */
  mixed: boolean;
  /** Tokens encoded per evaluation: the knowledge base and the questions. */
  encodingTokens: number;
  /** Number of evaluations. An evaluation on a sample of the knowledge base counts as the sample's share. */
  evaluations: number;
  /** Mean tokens per text. */
  textTokens: number;
}
