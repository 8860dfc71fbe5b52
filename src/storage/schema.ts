import type { DBSchema } from 'idb';
import type { Experiment } from '../domain/experiment';
import type { ExclusionCounts } from '../domain/negatives/chooseNegatives';
import type { NegativeDecision } from '../domain/negatives/judgedPairs';
import type { Sweep } from '../domain/sweep/sweep';
import type { HubListing } from '../domain/import/hub';
import type { BestDev } from '../domain/train/bestDev';
import type { EarlyStopState } from '../domain/train/earlyStop';
import type { LossScale } from '../domain/train/lossScale';
import type { DeviceCheck } from '../domain/deviceCheck/deviceCheck';
import type { StoredKernelPlan } from '../domain/kernelTuning';
import type { StoredModel } from '../domain/model';
import type { OnnxModel } from '../domain/onnxModel';
import type { Dataset, QuestionPart, Row } from '../domain/records';
import type { RunEvent, RunRecord } from '../domain/run';
import type { LabelDecision } from '../domain/evaluate/labelDecisions';
import type { ReviewDecision } from '../domain/evaluate/review';
import type { Candidate } from '../domain/evaluate/candidate';
import type { Evaluation, QuestionResult } from '../domain/evaluate/evaluation';
import type { SpeedResult } from '../domain/evaluate/speed';
import type { QuestionScores } from '../domain/evaluate/questionScores';

export const databaseName = 'recallsmith';
export const databaseVersion = 8;

export interface StoredExperiment {
  experimentId: string;
  name: string;
  experiment: Experiment;
  /**
   * The experiment as stated by the shared link that it was saved from. Its inputs are compared with the stored ones.
   */
  linked?: Experiment;
  /** The sweeps of the experiment, in the order in which they were started. Their runs are runs of the experiment. */
  sweeps?: Sweep[];
  /** The user's decisions about negatives, in the order in which they were made. Only ever appended to. */
  negativeDecisions?: NegativeDecision[];
  /**
   * Passages that the user has marked right or wrong for a question, in the order of marking. Only ever appended to.
   */
  reviewDecisions?: ReviewDecision[];
  /** What the user decided about the right passages of dev and test questions. Only ever appended to. */
  labelDecisions?: LabelDecision[];
  /** Content hash of the scored pairs that models are compared on. Nothing is trained on them. */
  comparedPairs?: string;
  createdAt: number;
  updatedAt: number;
  /** Whether the experiment began as the demo. Starting the demo again reuses it, unless the user has edited it. */
  demo: boolean;
  /** Set while the experiment is deleted but can still be restored. Only the storage screen lists it then. */
  deletedAt?: number;
}

/** A stored part of the weights. */
export interface WeightPart {
  bytes: number;
  sha256: string;
}

/** A checkpoint; `generation` numbers a run's checkpoints. The newest two and the best on dev are kept. */
export interface CheckpointManifest {
  runId: string;
  generation: number;
  step: number;
  /** Id of the stored parts, which hold weights, first moments, second moments and the average. */
  weightsId: string;
  floats: number;
  /** Floats in each of a `latest` checkpoint's moments. Absent if it equals the number of weights. */
  momentFloats?: number;
  /**
   * Set if the moments are followed by an average of the trained weights, as large as a moment. A stage with `ema` has
   * one until it ends.
   */
  averaged?: true;
  /**
   * Size and hash of each part. Weights, each of the moments and the average start new parts, so that each of them can
   * be read and verified separately. Missing in checkpoints of earlier versions, whose parts are 32 MiB each.
   */
  parts?: WeightPart[];
  /** SHA-256 of all bytes, or of the parts' hashes if `parts` is present. */
  sha256: string;
  /**
   * A `best` checkpoint holds only weights. So does a `kept` one, which holds the kept weights of a finished run from a
   * project saved without optimizer state; such a run has no other checkpoint.
   */
  role: 'latest' | 'best' | 'kept';
  /**
   * State of the training loop besides its tensors: the best dev evaluation and its step, elapsed time and, in mixed
   * precision, the loss scale. `devPending`: the run was paused during the dev evaluation after this step, so the
   * evaluation still has to be done. `stopped`: training ended early, so the run continues without its remaining steps.
   */
  loopState: BestDev & {
    bestStep: number | null;
    elapsedMs: number;
    lossScale?: LossScale;
    devPending?: boolean;
  } & EarlyStopState;
  createdAt: number;
}

/** A download from a hub that has not become a model yet. It owns its parts and is deleted with them. */
export interface StoredDownload {
  downloadId: string;
  listing: HubListing;
  /** Number of parts and bytes that have arrived, by path. */
  received: Record<string, { parts: number; bytes: number }>;
  createdAt: number;
}

/** Negatives that were mined for one stage; see `ChosenNegatives`. */
export interface StoredMinedNegatives {
  /** SHA-256 of everything that determines them: rows, model, settings, seed and stage. */
  key: string;
  perAnchor: number;
  /** [pairs × perAnchor]: 32-bit indexes into the knowledge base. */
  chosen: ArrayBuffer;
  /** The arrays of `MinedScores`. */
  positives: ArrayBuffer;
  negatives: ArrayBuffer;
  ranks: ArrayBuffer;
  random: ArrayBuffer;
  candidates: number;
  /** SHA-256 of all arrays. */
  sha256: string;
  excluded: ExclusionCounts;
  refilled: number;
  refilledRows: number;
}

/** What the results of a candidate have in common. An experiment owns its comparisons. */
interface CandidateResults {
  experimentId: string;
  /** SHA-256 of everything that determines the results: data, weights and the settings for encoding. */
  key: string;
  candidate: Candidate;
  /** Identifies the data, as the key does. Missing in results of earlier versions. */
  dataSha256?: string;
  createdAt: number;
}

/** The results of one candidate on the questions of a part, or on a probe set. */
export interface StoredComparison extends CandidateResults {
  part: QuestionPart | 'probe';
  results: QuestionResult[];
  /** Null if the vectors of the passages were reused, or if the candidate needs none. */
  passagesPerSecond: number | null;
  /**
   * Scores of right and wrong passages, including those of questions without an answer. Only for models that search by
   * vectors alone; missing in results of earlier versions.
   */
  scores?: QuestionScores[];
  /**
   * Set if the results only accompany a run, as those of its keyword search do. They don't count as a use of the part.
   */
  ofRun?: true;
}

/** The scores that one candidate gives to scored pairs, in the order of the pairs. */
export interface StoredPairScores extends CandidateResults {
  part: 'pairs';
  scores: number[];
}

/** Vectors of a list of texts, kept so that a later comparison need not encode them again. */
export interface StoredVectorSet {
  /** SHA-256 of the texts and of everything else that their vectors depend on, including the device. */
  key: string;
  /** Name of the model, for the storage screen. */
  name: string;
  count: number;
  width: number;
  /** Rows of float32 [count, width], in pieces of at most 32 MiB. */
  pieces: Blob[];
  /** SHA-256 of each piece. */
  hashes: string[];
  createdAt: number;
  /** When the vectors were last used, to the hour; absent if that was when they were stored. */
  usedAt?: number;
}

export interface DatasetBlock {
  contentSha256: string;
  block: number;
  rows: Row[];
  sha256: string;
}

export interface RecallsmithSchema extends DBSchema {
  experiments: { key: string; value: StoredExperiment; indexes: { updatedAt: number } };
  datasets: { key: string; value: Dataset };
  /** Key: [contentSha256, block]. */
  datasetBlocks: {
    key: [string, number];
    value: DatasetBlock;
  };
  models: { key: string; value: StoredModel };
  onnxModels: { key: string; value: OnnxModel };
  /**
   * Key: [weightsId, part]. At most 32 MiB each. Earlier versions stored array buffers, which take twice as long to
   * write.
   */
  weightParts: { key: [string, number]; value: { weightsId: string; part: number; bytes: Blob | ArrayBuffer } };
  tokenSets: { key: string; value: { key: string; ids: ArrayBuffer; offsets: ArrayBuffer; truncated: number } };
  /** Listed batch orders, keyed by the SHA-256 of their canonical JSON. */
  batchLists: { key: string; value: { sha256: string; batches: number[][] } };
  minedNegatives: { key: string; value: StoredMinedNegatives };
  vectorSets: { key: string; value: StoredVectorSet };
  /** Key: [experimentId, key]. */
  comparisons: { key: [string, string]; value: StoredComparison | StoredPairScores };
  /** The newest measurement of speed and size of each experiment, which owns it. */
  speeds: { key: string; value: { experimentId: string; result: SpeedResult } };
  runs: { key: string; value: RunRecord; indexes: { experimentId: string } };
  /** Key: [runId, seq]. */
  runEvents: { key: [string, number]; value: RunEvent };
  /** Key: [runId, generation]. */
  checkpoints: { key: [string, number]; value: CheckpointManifest };
  /** Key: [runId, part, moment]. */
  evaluations: { key: [string, string, string]; value: Evaluation };
  /** Measured kernel plans, keyed by adapter, browser, kernel version and shapes. */
  kernelPlans: { key: string; value: StoredKernelPlan & { key: string; measuredAt: number } };
  /** The last check of each device, by the device's key. */
  deviceChecks: { key: string; value: { key: string; check: DeviceCheck } };
  downloads: { key: string; value: StoredDownload };
  /**
   * Key: [downloadId, path, part]. Blobs stay on disk when they are read, so a whole file never has to fit in memory.
   */
  downloadParts: {
    key: [string, string, number];
    value: { downloadId: string; path: string; part: number; bytes: Blob };
  };
}
