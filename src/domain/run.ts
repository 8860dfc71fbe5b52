import type { AppErrorDetails } from './errors';
import type { Experiment, MetricName } from './experiment';
import type { RunMemory } from './memory/report';

/** The steps of one run, in order. */
export const runPhases = ['prepare', 'evaluateBefore', 'train', 'evaluateAfter', 'done'] as const;
export type RunPhase = (typeof runPhases)[number];

/** `interrupted` is what a run is found to be when its worker is gone: it offers to resume. */
export type RunStatus = 'queued' | 'running' | 'paused' | 'interrupted' | 'cancelled' | 'failed' | 'done';

export type DevicePreference = 'auto' | 'webgpu' | 'wasm';

export interface DeviceInfo {
  backend: 'webgpu' | 'wasm';
  /** Why this one: a key of the i18n table. */
  reason: 'webgpu-chosen' | 'webgpu-available' | 'wasm-chosen' | 'no-webgpu' | 'no-adapter' | 'software-adapter';
  adapter: { vendor: string; architecture: string; description: string } | null;
  /** wasm only. */
  threads: number;
  simd: boolean;
  /** wasm only: fused multiply-add, which gives other bits. Runs of earlier versions do not tell. */
  relaxedSimd?: boolean;
}

export interface RunRecord {
  runId: string;
  experimentId: string;
  /** The experiment as it was when the run began, with all defaults written out. */
  experiment: Experiment;
  experimentHash: string;
  /** Version of the program and what the numbers were computed with: two runs with equal records have equal bits. */
  build: string;
  device: DeviceInfo | null;
  devicePreference: DevicePreference;
  /** Canonical JSON of the KernelPlan; empty before the run has begun. A run that goes on keeps it. */
  kernelPlan: string;
  /** Chosen before the run. Runs of earlier versions have none: all their steps are plain. */
  memory?: RunMemory;
  status: RunStatus;
  phase: RunPhase;
  step: number;
  steps: number;
  createdAt: number;
  finishedAt?: number;
  /** SHA-256 over the final weights in parameter order. */
  weightsSha256?: string;
  /** Step whose weights were kept. */
  keptStep?: number;
  /** How often the device was lost and the run went on by itself. */
  deviceLosses?: number;
  /** Steps after which the run went on on another device or with other kernels: valid, but not the bits of one device. */
  deviceChanges?: number[];
  error?: AppErrorDetails;
}

/** What one training step was. */
export interface StepReport {
  step: number;
  stage: number;
  epoch: number;
  loss: number;
  learningRate: number;
  /** L2 norm of all gradients before clipping. */
  gradientNorm: number;
  /** Share of anchors whose own positive scores highest in the batch. */
  inBatchAccuracy: number;
  positiveScore: number;
  negativeScore: number;
  tokens: number;
  stepMs: number;
  backendBytes: number;
  /** In mixed precision: the scale of this step's gradients. */
  lossScale?: number;
  /** Gradients overflowed in half precision, so that the step changed nothing; its norm is not finite. */
  skipped?: true;
}

export type Metrics = Record<MetricName, number> & { questions: number; passages: number };

export interface Interval {
  low: number;
  high: number;
}

/** A question's result: the ranks of its relevant passages and what stood on top. */
export interface QuestionResult {
  questionId: string;
  /** Ranks of the relevant passages, ascending, from 1. */
  ranks: number[];
  top: { passageId: string; score: number }[];
}

export type EvaluationMoment = 'before' | 'after';

/** A reading of the metrics on a part of the data; stored under [runId, part, moment or step]. */
export interface Evaluation {
  runId: string;
  part: 'dev' | 'test';
  moment: EvaluationMoment;
  metrics: Metrics;
  /** General values for the experiment's own `ks`. */
  hitRateAtK: Record<number, number>;
  recallAtK: Record<number, number>;
  precisionAtK: Record<number, number>;
  /** 95 % Wilson interval of each hit rate, by k. */
  hitRateIntervals: Record<number, Interval>;
  results: QuestionResult[];
  createdAt: number;
  encodeMs: number;
}

/** What a run reports progress of. */
export const progressKinds = ['tokenize', 'tune', 'load', 'encodePassages', 'encodeQuestions', 'checkpoint'] as const;
export type ProgressKind = (typeof progressKinds)[number];

/** Everything that happens in a run; appended to storage in batches by the worker, read by every page. */
export type RunEvent = { runId: string; seq: number; at: number } & (
  | { type: 'phase'; phase: RunPhase }
  | { type: 'status'; status: RunStatus; error?: AppErrorDetails }
  | { type: 'device'; device: DeviceInfo }
  /** The run goes on from its last checkpoint, on a device that is opened anew. */
  | { type: 'deviceLost'; reason: string }
  /** From here on another device, or other kernels, compute: see `deviceChanges`. */
  | { type: 'deviceChanged'; step: number }
  | ({ type: 'step' } & StepReport)
  /** Progress inside a phase; `of` = 0 where the total is unknown. */
  | {
      type: 'progress';
      what: ProgressKind;
      done: number;
      of: number;
    }
  | { type: 'devEvaluation'; step: number; metrics: Metrics; best: boolean }
  | { type: 'testEvaluation'; moment: EvaluationMoment; metrics: Metrics }
  | { type: 'checkpoint'; step: number; generation: number; writeMs: number; bytes: number }
);
export type RunEventBody = RunEvent extends infer E
  ? E extends RunEvent
    ? Omit<E, 'runId' | 'seq' | 'at'>
    : never
  : never;
