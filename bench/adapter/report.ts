import type { KernelTime } from '../../src/domain/benchmark/kernelTime';

/** The JSON that `npm run bench -- --adapter` writes. Times are in milliseconds. */
export interface AdapterBenchmark {
  format: 'recallsmith adapter benchmark 1';
  /** The engine in Node, in Chromium, or in both. */
  engines: EngineReport[];
  /** PyTorch on the same card. */
  peers: PeerResult[];
  /** Why an engine or PyTorch was not measured. */
  missing: { what: string; reason: string }[];
}

export interface EngineReport {
  adapter: AdapterDescription;
  /** Name of the runtime: Node with Dawn, or the browser with its version. */
  runtime: string;
  kernels: number;
  /** `tiny`: sizes for a software adapter, which only prove that everything runs. */
  size: 'full' | 'tiny';
  results: EngineResult[];
  /** Tasks that failed, each with its error message. */
  failed: { task: string; reason: string }[];
  /** Tasks that the time limit left out. */
  leftOut: string[];
  elapsedMs: number;
}

interface AdapterDescription {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  features: string[];
  limits: Record<string, number>;
}

/** Origin of the tilings. `rules`: the fixed rules. `tuned`: the measurements of this report. */
export type PlanOrigin = 'rules' | 'tuned';

/** `mixed-matrices`: mixed precision with products on the adapter's matrix units. */
export type StepPrecision = 'full' | 'mixed' | 'mixed-matrices';

export interface StepResult {
  kind: 'step';
  task: string;
  precision: StepPrecision;
  plan: PlanOrigin;
  tokens: number;
  /** Time of the first step of this shape. On a fresh device it includes compiling the kernels. */
  firstMs: number;
  firstLoss: number;
  /**
   * Time of a step that waits for its own loss. In a run, the next step begins before the loss is read, as in
   * `medianMs` and `minMs`.
   */
  singleMs: number;
  steps: number;
  medianMs: number;
  minMs: number;
  gflops: number;
  dispatches: number;
  submits: number;
  poolBytes: number;
  /** GPU time of one step by kernel; null if the adapter has no timestamp queries. */
  profile: KernelTime[] | null;
}

interface ProductRow {
  name: string;
  ms: number;
  gflops: number;
  clock: 'gpu' | 'host';
}

interface ProductsResult {
  kind: 'products';
  task: string;
  plan: PlanOrigin;
  rows: ProductRow[];
}

interface TuningResult {
  kind: 'tuning';
  task: string;
  ms: number;
  shapes: number;
  rows: { name: string; tiling: string; gflops: number; defaultGflops: number }[];
}

export interface TimesResult {
  kind: 'times';
  task: string;
  what: string;
  plan: PlanOrigin;
  firstMs: number;
  medianMs: number;
  minMs: number;
  rounds: number;
  profile: KernelTime[] | null;
}

/** A time of PyTorch on the same card, for the task with the same name. */
export interface PeerResult {
  task: string;
  precision: string;
  medianMs: number;
  minMs: number;
}

export type EngineResult = StepResult | ProductsResult | TuningResult | TimesResult;
