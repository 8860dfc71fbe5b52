import type { Candidate } from './candidate';
import type { Interval } from './statistics';
import type { VectorForm } from './vectorForm';
import type { AppErrorDetails } from '../errors';
import type { DeviceInfo } from '../device';
import { lowerMedian } from '../lowerMedian';

/** How thoroughly speed is measured: a quick look leaves out the largest knowledge base. */
export type SpeedPlan = 'full' | 'quick';

export interface SpeedSteps {
  /** Tokens per text at which encoding is measured. Longer texts than a model can read are left out. */
  lengths: readonly number[];
  /** Sizes of the knowledge bases that are searched. */
  passages: readonly number[];
  /** Rounds in which the models take turns. */
  rounds: number;
  /** About how long a round encodes texts of one length. */
  roundMs: number;
}

const lengths = [16, 64, 256, 512] as const;
export const speedSteps: Record<SpeedPlan, SpeedSteps> = {
  full: { lengths, passages: [1000, 100_000, 1_000_000], rounds: 5, roundMs: 500 },
  quick: { lengths, passages: [1000, 100_000], rounds: 3, roundMs: 100 },
};
/** Returns the rounds of a search. A search of a million vectors takes seconds on a slow device. */
export const searchRounds = (passages: number, rounds: number): number =>
  passages >= 1_000_000 ? Math.min(rounds, 3) : rounds;
/** Most memory of a search in total. Vectors that need more are searched in pieces, one of them in memory at a time. */
export const searchLimitBytes = 600_000_000;

/** Median, and the fastest and the slowest round. */
export interface Spread {
  median: number;
  low: number;
  high: number;
  rounds: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  return { median: lowerMedian(values), low, high, rounds: values.length };
}

/** Speed of encoding texts of one length. */
export interface EncodeSpeed {
  tokens: number;
  /** Texts per round. */
  texts: number;
  textsPerSecond: Spread;
}

export const tokensPerSecond = ({ tokens, textsPerSecond }: EncodeSpeed): number => tokens * textsPerSecond.median;

/** Bytes that a user of the model downloads. */
export interface ModelSizes {
  float32: number;
  float16: number;
  tokenizer: number;
}

/** What a form of the vectors keeps of the retrieval on the dev questions. */
export interface FormFigures {
  form: VectorForm;
  hitRateAt1: number;
  recallAt10: number;
  mrrAt10: number;
  /** Questions whose right passage comes first in this form but not with the whole vectors, and the reverse. */
  won: number;
  lost: number;
  /** 95% bootstrap interval of the change in recall@10; null for the whole vectors. */
  recallChange: Interval | null;
}

export interface MeasuredModel {
  id: string;
  candidate: Candidate;
  /** Name of the model when it was measured. */
  name: string;
  dimension: number;
  sizes: ModelSizes;
  encoding: EncodeSpeed[];
  /** Lengths that the model can't read. */
  tooLong: number[];
  /** Null until they are measured. */
  forms: FormFigures[] | null;
}

/** Time of the search for one question over synthetic vectors. */
export interface SearchSpeed {
  dimension: number;
  passages: number;
  ms: Spread;
  /** Bytes that the search held at most: vectors in memory, and arrays on the device. */
  bytes: number;
  /** Pieces that the vectors came in, one at a time; 1 if all were in memory. */
  pieces: number;
}

/** A search that would need too much memory. */
export interface SkippedSearch {
  dimension: number;
  passages: number;
  neededBytes: number;
  limitBytes: number;
}

/** A search that failed, because memory ran out for example. */
export interface FailedSearch {
  dimension: number;
  passages: number;
  error: AppErrorDetails;
}

/** A model that could not be measured, or not on the dev questions. */
export interface FailedModel {
  id: string;
  name: string;
  error: AppErrorDetails;
}

/** Speed and size of several models, all measured in one run on one device. */
export interface SpeedResult {
  device: DeviceInfo;
  browser: string;
  build: string;
  createdAt: number;
  models: MeasuredModel[];
  searches: SearchSpeed[];
  skipped: SkippedSearch[];
  /** Results of earlier versions have none. */
  failedSearches?: FailedSearch[];
  failures: FailedModel[];
  /**
   * The questions that the forms were measured on, with the SHA-256 of the data, which results of earlier versions
   * lack; null if they were not measured.
   */
  questions: { questions: number; passages: number; sha256?: string } | null;
  /** Why there are no figures on questions, if there are none. */
  questionsError: AppErrorDetails | null;
  /** Set if the measurement was cancelled or failed before its end. */
  incomplete: boolean;
}
