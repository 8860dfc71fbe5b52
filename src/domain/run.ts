import type { AppErrorDetails } from './errors';
import type { DeviceInfo, DevicePreference } from './device';
import type { EvaluationMoment } from './evaluate/evaluation';
import type { DevScores } from './evaluate/devScores';
import type { Metrics } from './evaluate/metrics';
import type { Experiment } from './experiment';
import type { KernelTuning } from './kernelTuning';
import type { NegativesReport } from './negatives/report';
import type { RunMemory } from './memory/report';
import type { Alarm } from './train/alarm';
import type { DevPlan } from './train/devPlan';
import type { EarlyStop } from './train/earlyStop';
import type { TrainScores } from './train/trainScores';

/** The phases of a run, in order. */
export type RunPhase = 'prepare' | 'evaluateBefore' | 'train' | 'evaluateAfter' | 'done';

/** `interrupted`: the worker that executed the run is gone, and the user can resume the run. */
export type RunStatus = 'queued' | 'running' | 'paused' | 'interrupted' | 'cancelled' | 'failed' | 'done';

/** Statuses of a run that has not ended. If no worker holds such a run, its page or command was closed or killed. */
export const unfinishedStatuses: ReadonlySet<RunStatus> = new Set(['queued', 'running', 'paused']);

export interface RunRecord {
  runId: string;
  experimentId: string;
  /** Copy of the experiment from the start of the run, with all defaults filled in. */
  experiment: Experiment;
  experimentHash: string;
  /**
   * Set if the run only compares settings, which differ from those of its experiment. It is evaluated on dev only, and
   * is not the experiment's result. It keeps no weights once it is done.
   */
  trial?: true;
  /** The sweep that a trial belongs to. */
  sweepId?: string;
  /**
   * SHA-256 of the rows that the run trains and evaluates on. Missing in runs of earlier versions until they resume.
   */
  rowsSha256?: string;
  /** Version and source hash of the app. Runs with equal experiment, build, device and kernel plan have equal bits. */
  build: string;
  device: DeviceInfo | null;
  devicePreference: DevicePreference;
  /** Canonical JSON of the KernelPlan; empty until the run starts. A resumed run keeps it. */
  kernelPlan: string;
  /** Memory plan made before the run. Missing in runs of earlier versions, whose steps are all plain. */
  memory?: RunMemory;
  status: RunStatus;
  phase: RunPhase;
  step: number;
  steps: number;
  /** For each stage, the rows left out of each epoch; see `BatchPlan`. Missing in runs of earlier versions. */
  leftOut?: number[][];
  /** How dev is evaluated during training. Missing unless the experiment limits the time for it. */
  devPlan?: DevPlan;
  /** Explicit negatives of each stage, null for stages without. Absent if all stages are without. */
  negatives?: (NegativesReport | null)[];
  createdAt: number;
  finishedAt?: number;
  /** SHA-256 of the kept weights in parameter order. */
  weightsSha256?: string;
  /** The step whose weights are kept. */
  keptStep?: number;
  /** The last step of a run that stopped early. */
  stoppedStep?: number;
  /** How often the device was lost and the run resumed automatically. */
  deviceLosses?: number;
  /**
   * Steps after which the run continued on another device or with other kernels. The result is still valid, but no
   * single device reproduces its bits.
   */
  deviceChanges?: number[];
  /** The builds that resumed the run, if they differ from `build`, and the steps after which they continued it. */
  buildChanges?: { step: number; build: string }[];
  error?: AppErrorDetails;
}

/** Measurements of one training step. */
export interface StepReport {
  step: number;
  stage: number;
  epoch: number;
  loss: number;
  learningRate: number;
  /** L2 norm of all gradients before clipping. */
  gradientNorm: number;
  /**
   * In losses over in-batch candidates: the share of anchors whose own positive scores highest, and the mean cosines of
   * positives and negatives.
   */
  inBatchAccuracy?: number;
  positiveScore?: number;
  negativeScore?: number;
  /** In losses of scored pairs: the share of comparisons whose cosines are in the order of the scores. */
  orderedShare?: number;
  tokens: number;
  stepMs: number;
  backendBytes: number;
  /** Mixed precision only: the loss scale of this step. */
  lossScale?: number;
  /**
   * Set if gradients overflowed in half precision. The weights then did not change, and `gradientNorm` is not finite.
   */
  skipped?: true;
}

/** A dev evaluation before or during training. */
export interface DevEvaluation {
  metrics: Metrics;
  /** The size of the knowledge base, if dev was evaluated on a sample of it. */
  sampleOf?: number;
  /** Missing in runs of earlier versions. */
  scores?: DevScores;
}

/** The kinds of work for which a run reports progress. */
export const progressKinds = [
  ...(['tokenize', 'tune', 'encodeGuide', 'load'] as const),
  ...(['encodePassages', 'encodeQuestions', 'checkpoint'] as const),
] as const;
export type ProgressKind = (typeof progressKinds)[number];

/** An entry in a run's event log. The worker appends events to storage in batches, and pages read them from storage. */
export type RunEvent = { runId: string; seq: number; at: number } & (
  | { type: 'phase'; phase: RunPhase }
  | { type: 'status'; status: RunStatus; error?: AppErrorDetails }
  /** The batches of the run, planned before its first step; `leftOut` as in `RunRecord`. */
  | { type: 'batchPlan'; steps: number; leftOut: number[][] }
  | { type: 'device'; device: DeviceInfo }
  /** How the kernels were chosen. Logged only on GPUs, and not by earlier versions. */
  | ({ type: 'kernels' } & KernelTuning)
  /** The device was lost; the run resumes from its last checkpoint on a reopened one. */
  | { type: 'deviceLost'; reason: string }
  /**
   * The run continues from its checkpoint after `step`. The steps from there to `reached` were computed before and are
   * computed again.
   */
  | { type: 'resumed'; step: number; reached: number }
  /** The run continues after `step` with another build of the app; see `RunRecord.buildChanges`. */
  | { type: 'buildChanged'; step: number; build: string }
  /** The run continues after `step` on another device or with other kernels; see `RunRecord.deviceChanges`. */
  | { type: 'deviceChanged'; step: number }
  | ({ type: 'step' } & StepReport)
  /** Progress within a phase; `of` is 0 if the total is unknown. */
  | {
      type: 'progress';
      what: ProgressKind;
      done: number;
      of: number;
    }
  | ({ type: 'devEvaluation'; step: number; best: boolean } & DevEvaluation)
  /** Scores that the loss saw in a batch of training pairs, logged from time to time. */
  | ({ type: 'trainScores' } & TrainScores)
  /** A sign that the run is going wrong. It does not affect the run. */
  | ({ type: 'alarm' } & Alarm)
  | ({ type: 'earlyStop' } & EarlyStop)
  | { type: 'testEvaluation'; moment: EvaluationMoment; metrics: Metrics }
  /**
   * A checkpoint of the state after `step` is stored; later steps may have been reported already. The write took
   * `writeMs`, and steps waited for `waitedMs` of it. Earlier versions did not record `waitedMs`: steps waited for the
   * whole write.
   */
  | { type: 'checkpoint'; step: number; generation: number; writeMs: number; waitedMs?: number; bytes: number }
);
export type RunEventBody = RunEvent extends infer E
  ? E extends RunEvent
    ? Omit<E, 'runId' | 'seq' | 'at'>
    : never
  : never;
