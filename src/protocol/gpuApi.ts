import type { BenchmarkOptions, BenchmarkProgress, BenchmarkResult } from '../domain/benchmark/benchmark';
import type { CheckProgress, DeviceCheck, DeviceCheckState } from '../domain/deviceCheck/deviceCheck';
import type { DeviceReport } from '../domain/benchmark/deviceReport';
import type { ExpectedWork } from '../domain/benchmark/expectedWork';
import type { Experiment } from '../domain/experiment';
import type { MemoryReport } from '../domain/memory/report';
import type { Pooling } from '../domain/model';
import type { ComparedRow, ComparedRows } from '../domain/negatives/batchTriplets';
import type { TripletFormat } from '../domain/negatives/triplets';
import type { RunEvent } from '../domain/run';
import type { DeviceInfo, DevicePreference } from '../domain/device';
import type { BlendsToEvaluate } from './blends';
import type { CompareProgress, CompareReports, CompareRequest } from './compareApi';
import type { Progress } from './dataApi';
import type { MapProgress, MapRequest, MapView } from './mapApi';
import type { PlaygroundRequest, PlaygroundResult } from './playground';
import type { SpeedResult } from '../domain/evaluate/speed';
import type { SpeedProgress, SpeedRequest } from './speedApi';
import type { SearchRequest, SearchResult } from './search';
import type { WorkerOptions } from './workerOptions';

/** A row of a step's batch. In a scored pair, `anchor` and `positive` are the two sentences. */
interface BatchRow extends ComparedRow {
  pairId: string;
  /** Only in scored pairs. */
  score?: number;
}

/**
 * The pairs of one step, for display. `contrast` says which texts are the negatives of an anchor; an explicit negative
 * that answers its question never is.
 */
export interface BatchView extends ComparedRows {
  step: number;
  /** Whether the loss also leaves out negatives by a model's scores. Only a run knows which, so `rows` has them. */
  masksByScore: boolean;
  rows: BatchRow[];
}

/**
 * API of the GPU worker. The worker owns the device, and weights leave the worker only for storage. A run, a benchmark,
 * a check, `encodeTexts`, `searchPassages`, `searchByCandidates`, `mineNegatives`, `evaluateBlends`, `compareModels`,
 * `scorePairs`, `measureSpeed` and `drawMap` each need the device exclusively and reject with `device-busy` while
 * another job is using it.
 */
export interface GpuApi {
  /** Configures the worker. Call it first, and only once. */
  configure(options: WorkerOptions): Promise<void>;
  /**
   * Stores a new run of the current experiment and returns the run's id. Tokenizes missing texts but computes nothing
   * else. Rejects with `memory-too-small` if the run does not fit `budgetBytes` (null: the device's default). `trial`
   * replaces the experiment's settings by others; such a run is evaluated on dev only and keeps no weights once it is
   * done. `sweepId` is the sweep that a trial belongs to.
   */
  createRun(
    experimentId: string,
    device: DevicePreference,
    budgetBytes: number | null,
    trial?: Experiment,
    sweepId?: string,
  ): Promise<string>;
  /** Returns the memory that a run of the current experiment would need. Rejects only for reasons other than memory. */
  planMemory(experimentId: string, device: DevicePreference, budgetBytes: number | null): Promise<MemoryReport>;
  describeDevice(preference: DevicePreference): Promise<DeviceInfo>;
  /** Describes the device and what it can train, without opening it. `budgetBytes` as in `createRun`. */
  reportDevice(preference: DevicePreference, budgetBytes: number | null): Promise<DeviceReport>;
  /**
   * Executes a run: a new one from the start, an interrupted one from its last checkpoint. Resolves when the run is
   * done or cancelled. Calls `onEvents` with each batch of events after storing it. Rejects with `run-elsewhere` if
   * another tab is executing the run.
   */
  startRun(runId: string, onEvents: (events: RunEvent[]) => void): Promise<void>;
  pauseRun(runId: string): Promise<void>;
  continueRun(runId: string): Promise<void>;
  cancelRun(runId: string): Promise<void>;
  /** Returns the batch of a step, counted from 0. It depends only on data, batching and seed. */
  viewBatch(experimentId: string, step: number): Promise<BatchView>;
  /** Returns a file of the step's triplets; see `batchTriplets`. */
  exportBatch(experimentId: string, step: number, format: TripletFormat): Promise<Blob>;
  /**
   * Returns one vector per text [text][E] from token ids, encoded with the kept weights of a run, with a blend of them
   * with the base model's, or with a base model.
   */
  encodeTexts(
    source: { runId: string; ratio?: number } | { modelSha256: string; pooling: Pooling; normalize: boolean },
    tokenIds: number[][],
  ): Promise<Float32Array[]>;
  /**
   * Searches a knowledge base for one question. The first question encodes the knowledge base and reports progress in
   * passages. The worker keeps the vectors of the last knowledge base. Rejects with `cancelled` after `cancelSearch`.
   */
  searchPassages(request: SearchRequest, device: DevicePreference, progress: Progress): Promise<SearchResult>;
  cancelSearch(): Promise<void>;
  /**
   * Finds the first passages for a question by each candidate, in the order of `candidates`. The models stay on the
   * device for a minute or until another job needs it, which makes searching while typing possible. Reports progress
   * while passages are encoded. Rejects with `cancelled` after `cancelSearch`.
   */
  searchByCandidates(
    request: PlaygroundRequest,
    device: DevicePreference,
    progress: (what: CompareProgress['what'], done: number, of: number) => void,
  ): Promise<PlaygroundResult>;
  /**
   * Mines and stores negatives for all stages of the current experiment that use mined ones, unless they are stored
   * already; or for the stages of `trials`, which have the experiment's data and model. Searches once for all of them.
   * Reports progress in texts and questions. Rejects with `cancelled` after `cancelMining`.
   */
  mineNegatives(
    experimentId: string,
    device: DevicePreference,
    progress: Progress,
    trials?: readonly Experiment[],
  ): Promise<void>;
  cancelMining(): Promise<void>;
  /**
   * Evaluates candidates on an experiment's dev or test questions and stores their results one by one, reusing stored
   * vectors. Skips candidates with stored results. Calls `ended` for each candidate; if one fails, the others are still
   * evaluated. Rejects with `cancelled` after `cancelComparison`.
   */
  compareModels(
    request: CompareRequest,
    device: DevicePreference,
    progress: CompareReports['progress'],
    ended: CompareReports['ended'],
  ): Promise<void>;
  /**
   * Scores an experiment's scored pairs with candidates, as `compareModels` does: skips those with stored scores, calls
   * `ended` for each, and `cancelComparison` cancels it. Ignores fused candidates.
   */
  scorePairs(
    request: Pick<CompareRequest, 'experimentId' | 'candidates'>,
    device: DevicePreference,
    progress: CompareReports['progress'],
    ended: CompareReports['ended'],
  ): Promise<void>;
  cancelComparison(): Promise<void>;
  /**
   * Measures the speed of models that take turns, of searches with their vectors, and what smaller vectors cost on dev,
   * and stores the result with the experiment. Rejects with `cancelled` after `cancelSpeed`; what was measured until
   * then stays stored, unless the models were not all measured.
   */
  measureSpeed(
    request: SpeedRequest,
    device: DevicePreference,
    progress: (progress: SpeedProgress) => void,
  ): Promise<SpeedResult>;
  cancelSpeed(): Promise<void>;
  /**
   * Returns the map of an experiment's passages and dev questions by a model, which is computed once and kept. Rejects
   * with `cancelled` after `cancelMap`.
   */
  drawMap(request: MapRequest, device: DevicePreference, progress: (progress: MapProgress) => void): Promise<MapView>;
  /** Returns a kept map, or null if there is none. Needs no device, so it also answers during a job. */
  keptMap(request: MapRequest, device: DevicePreference): Promise<MapView | null>;
  cancelMap(): Promise<void>;
  /**
   * Evaluates blends of a finished run's weights with those of its base model, and stores each under its ratio. Skips
   * blends that are evaluated already. On a probe set, both ends are evaluated like other ratios. Reports progress in
   * texts. Rejects with `blend-has-prefix` if the base model lacks rows of the run, and with `cancelled` after
   * `cancelBlends`; blends evaluated until then stay stored.
   */
  evaluateBlends(runId: string, wanted: BlendsToEvaluate, progress: Progress): Promise<void>;
  cancelBlends(): Promise<void>;
  /**
   * Measures matrix products and training steps with random weights, for about a minute. Rejects with `cancelled` after
   * `cancelBenchmark`.
   */
  benchmark(options: BenchmarkOptions, onProgress: (progress: BenchmarkProgress) => void): Promise<BenchmarkResult>;
  cancelBenchmark(): Promise<void>;
  /** Returns what is known about the device that the preference selects, even if runs refuse it. */
  deviceCheck(preference: DevicePreference): Promise<DeviceCheckState>;
  /**
   * Compares a training step on the device with double precision and with stock tfjs, and stores the result. A device
   * with wrong results is refused from then on: `webgpu` rejects with `device-wrong`, and `auto` falls back to wasm.
   * Rejects with `cancelled` after `cancelCheck`.
   */
  checkDevice(preference: DevicePreference, onProgress: (progress: CheckProgress) => void): Promise<DeviceCheck>;
  cancelCheck(): Promise<void>;
  /** Returns the amount of work in a run. Rejects if data or model is missing, or with `memory-too-small`. */
  expectedWork(experimentId: string, device: DevicePreference, budgetBytes: number | null): Promise<ExpectedWork>;
}
