import type { BenchmarkOptions, BenchmarkProgress, BenchmarkResult, ExpectedWork } from '../domain/benchmark/benchmark';
import type { MemoryReport } from '../domain/memory/report';
import type { Pooling } from '../domain/model';
import type { DeviceInfo, DevicePreference, RunEvent } from '../domain/run';
import type { WorkerOptions } from './locks';

/** One batch for display. The negatives of an anchor are the positives of all other rows. */
export interface BatchView {
  step: number;
  rows: { pairId: string; anchor: string; positive: string }[];
}

/**
 * API of the GPU worker. The worker owns the device; weights leave it only to storage. A run, a benchmark and
 * `encodeTexts` need the device exclusively, and reject with `device-busy` while another of them is running.
 */
export interface GpuApi {
  /** Always the first call; made once per worker. */
  configure(options: WorkerOptions): Promise<void>;
  /**
   * Stores a new run of the current experiment and returns its id. Tokenizes missing texts, and computes nothing else.
   * Rejects with `memory-too-small` if the run does not fit `budgetBytes` (null: the device's default).
   */
  createRun(experimentId: string, device: DevicePreference, budgetBytes: number | null): Promise<string>;
  /** Returns the memory that a run of the current experiment would need. Rejects if it cannot run for other reasons. */
  planMemory(experimentId: string, device: DevicePreference, budgetBytes: number | null): Promise<MemoryReport>;
  describeDevice(preference: DevicePreference): Promise<DeviceInfo>;
  /**
   * Carries out a run: a new one from the start, an interrupted one from its last checkpoint. Resolves when the run is
   * done or cancelled. Calls `onEvents` with each batch of events once it is stored. Rejects with `run-elsewhere` if
   * another tab is carrying out the run.
   */
  startRun(runId: string, onEvents: (events: RunEvent[]) => void): Promise<void>;
  pauseRun(runId: string): Promise<void>;
  continueRun(runId: string): Promise<void>;
  cancelRun(runId: string): Promise<void>;
  /** Returns the batch of a step, counted from 0. Depends only on data, batching and seed. */
  viewBatch(experimentId: string, step: number): Promise<BatchView>;
  /** Returns vectors [text][E] of token ids, encoded with the kept weights of a run or with a base model. */
  encodeTexts(
    source: { runId: string } | { modelSha256: string; pooling: Pooling; normalize: boolean },
    tokenIds: number[][],
  ): Promise<Float32Array[]>;
  /** Measures matrix products and training steps on random weights for about a minute. Rejects with `cancelled`. */
  benchmark(options: BenchmarkOptions, onProgress: (progress: BenchmarkProgress) => void): Promise<BenchmarkResult>;
  cancelBenchmark(): Promise<void>;
  /** Returns the work that a run would do. Rejects if data or model is missing, or with `memory-too-small`. */
  expectedWork(experimentId: string, device: DevicePreference, budgetBytes: number | null): Promise<ExpectedWork>;
}
