import type { BenchmarkOptions, BenchmarkProgress, BenchmarkResult, ExpectedWork } from '../domain/benchmark/benchmark';
import type { MemoryReport } from '../domain/memory/report';
import type { Pooling } from '../domain/model';
import type { DeviceInfo, DevicePreference, RunEvent } from '../domain/run';
import type { WorkerOptions } from './locks';

/** One batch as triplets: row i of anchors belongs to row i of positives, all other rows are its negatives. */
export interface BatchView {
  step: number;
  rows: { pairId: string; anchor: string; positive: string }[];
}

/**
 * What the GPU worker does. It owns the device; weights never leave it but to storage. A run, a benchmark and `encodeTexts` each take the device for
 * themselves: beside another of them they reject with `device-busy`.
 */
export interface GpuApi {
  /** Called once, first. */
  configure(options: WorkerOptions): Promise<void>;
  /**
   * Writes down a new run of the experiment as it stands now; texts are tokenized where they are not yet, and nothing else is computed. Returns
   * the run's id. Refuses with `memory-too-small` what does not fit into the budget (null: the device's default).
   */
  createRun(experimentId: string, device: DevicePreference, budgetBytes: number | null): Promise<string>;
  /** What a run of the experiment as it stands would need. Refuses what cannot run for other reasons. */
  planMemory(experimentId: string, device: DevicePreference, budgetBytes: number | null): Promise<MemoryReport>;
  describeDevice(preference: DevicePreference): Promise<DeviceInfo>;
  /**
   * Carries out the run from where storage says it stands: a new one from the start, an interrupted one from its last
   * checkpoint. Resolves when it is done or cancelled. `onEvents` gets each batch of events after it was stored. Rejects with
   * `run-elsewhere` where another tab carries it out.
   */
  startRun(runId: string, onEvents: (events: RunEvent[]) => void): Promise<void>;
  pauseRun(runId: string): Promise<void>;
  continueRun(runId: string): Promise<void>;
  cancelRun(runId: string): Promise<void>;
  /** What a step of the experiment sees, from 0; computed from data, batching and seed alone. */
  viewBatch(experimentId: string, step: number): Promise<BatchView>;
  /** Vectors [text][E] of token ids by the run's kept weights (or the base model's, where no run is named). */
  encodeTexts(
    source: { runId: string } | { modelSha256: string; pooling: Pooling; normalize: boolean },
    tokenIds: number[][],
  ): Promise<Float32Array[]>;
  /** Measures matrix products and training steps of random weights for about a minute. Rejects with `cancelled`. */
  benchmark(options: BenchmarkOptions, onProgress: (progress: BenchmarkProgress) => void): Promise<BenchmarkResult>;
  cancelBenchmark(): Promise<void>;
  /** What a run of the experiment would compute. Rejects where its data or model are missing, or with `memory-too-small`. */
  expectedWork(experimentId: string, device: DevicePreference, budgetBytes: number | null): Promise<ExpectedWork>;
}
