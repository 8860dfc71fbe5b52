import type { Experiment } from '../../experiment';
import type { AbovePositive } from '../../negatives/abovePositive';
import type { Pooling } from '../../model';
import type { Strategy } from '../strategySchema';
import type { ExperimentFacts } from './facts';
import type { ModelSize } from './recommended';

/**
 * `stops`: a run would be refused; the refusal itself says why. `warns`: the result will probably be worse than it
 * could be. `advises`: a setting that is usually better.
 */
export type Severity = 'stops' | 'warns' | 'advises';

/** Which texts a finding is about: those that are searched with, or those that are found. */
export type TextSide = 'questions' | 'passages';

/** How many pairs and how many scored pairs a finding is about. */
export interface RowsByData {
  pairs: number;
  scored: number;
}

/** The numbers in each kind of finding's sentences. */
export interface FindingFacts {
  /** Each question is compared with fewer negatives than usual. */
  smallBatch: { batchSize: number; enough: number };
  /** The batch is larger than the number of different passages or questions. */
  fewDistinct: { batchSize: number; distinct: number; of: 'passages' | 'anchors' };
  /** Share of the rows whose own passage is also in the batch as a negative. */
  duplicatePositives: { repeated: number; share: number };
  /** `weight`: how much a negative that scores 0.1 below the positive counts, relative to the positive. */
  temperatureLow: { temperature: number; weight: number };
  temperatureHigh: { temperature: number; weight: number };
  learningRateLow: RateFacts;
  learningRateHigh: RateFacts;
  /** `limit`: the maximum tokens that the model can read. */
  truncated: { side: TextSide; truncated: number; texts: number; maxTokens: number; limit: number };
  /** Mined negatives of a stage that score above the positive of their question. */
  negativesAbove: AbovePositive;
  /** The teacher of a distillation is the base model itself. */
  teacherIsBase: Record<never, never>;
  /** The guide that recognizes false negatives is the base model itself. */
  guideIsBase: Record<never, never>;
  nearDuplicates: RowsByData;
  /** Pairs with the same question as a dev or test question, which a batch list trains on. */
  listedLeaks: { pairs: number };
  /** `by`: whether the usual setting comes from the model's folder or only from the catalogue. */
  pooling: { pooling: Pooling; usual: Pooling; by: 'model' | 'catalogue' };
  prefixes: { usualQuery: string; usualPassage: string; by: 'model' | 'catalogue' };
  /** Shares of the texts that begin with the prompt. */
  promptMismatch: { side: TextSide; prompt: string; training: number; evaluation: number };
  /** The texts already begin with the prefix, so it is added a second time. */
  promptTwice: { side: TextSide; prompt: string; share: number };
  fewSteps: { steps: number; enough: number; pairs: number };
  manyEpochs: { epochs: number; most: number; pairs: number };
  /**
   * `share`: of the time of training and dev evaluations together. `sample`: number of passages that `limit` would
   * leave.
   */
  devTakesLong: { share: number; passages: number; sample: number; limit: number };
  /** The limit `limit` can't be kept even on the smallest sample, of `passages`, with the fewest evaluations. */
  devAboveLimit: { share: number; limit: number; passages: number };
  /** `initial`: share of the stage's average that still comes from the weights before the stage. */
  emaTooSlow: { decay: number; steps: number; initial: number };
  memoryShort: { neededBytes: number; limitBytes: number };
  /** `shorter`: a length limit that 99% of the texts satisfy and that lets a step encode its batch only once. */
  chunkedSteps: { neededBytes: number; maxTokens: number; shorter: number };
}

export interface RateFacts {
  learningRate: number;
  recommended: number;
  parameters: number;
  size: ModelSize;
  rateKind: Strategy['kind'];
}

/**
 * A change of the experiment that removes a finding. Plain data, because it is shown on a button and written to
 * metrics.json.
 */
export type Fix =
  /** `bytes`: the memory that a run would then need, if known. */
  | { setting: 'batchSize'; value: number; bytes?: number }
  /** In every stage with larger batches. */
  | { setting: 'mostBatchSize'; value: number }
  | { setting: 'precision'; value: 'mixed' }
  /** The usual settings of a strategy, in every stage. `bytes`: the memory that the run then needs. */
  | { setting: 'strategy'; value: 'bitFit' | 'lora'; bytes: number }
  | { setting: 'temperature'; value: number }
  | { setting: 'learningRate'; value: number }
  | { setting: 'epochs'; value: number }
  | { setting: 'maxTokens'; value: number }
  | { setting: 'devTimeShare'; value: number }
  | { setting: 'emaDecay'; value: number }
  /** Excludes mined negatives by a margin relative to the positive's score. */
  | { setting: 'negativesMargin'; value: number }
  /** Recognizes false negatives by the scores of the trained model instead of a guide's. */
  | { setting: 'ownScores' }
  | { setting: 'loss'; value: 'inBatchInfoNce' }
  | { setting: 'avoidDuplicates' }
  | { setting: 'removeNearDuplicates' }
  | { setting: 'pooling'; value: Pooling }
  | { setting: 'prefixes'; queryPrefix: string; passagePrefix: string };

export type FindingKind = keyof FindingFacts;
export interface FindingOf<Kind extends FindingKind> {
  kind: Kind;
  severity: Severity;
  /** The stage that the finding is about; absent if it is about the whole experiment. */
  stage?: number;
  facts: FindingFacts[Kind];
  fix?: Fix;
}
export type Finding = { [Kind in FindingKind]: FindingOf<Kind> }[FindingKind];

/** Examines an experiment. A check whose facts are not known yet finds nothing. */
export type Check = (experiment: Experiment, facts: ExperimentFacts) => Finding[];
