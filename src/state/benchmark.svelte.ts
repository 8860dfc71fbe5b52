import {
  expectedMs,
  type BenchmarkOptions,
  type BenchmarkProgress,
  type BenchmarkResult,
  type ExpectedWork,
} from '../domain/benchmark/benchmark';
import { toAppError } from '../domain/errors';
import { deviceJob } from './deviceJob.svelte';
import { services } from './services';
import { whileAwake } from './wakeLock';

/** Measuring this device, and what the measure says of an experiment. It goes on when the screen is left. */
class BenchmarkState {
  progress = $state.raw<BenchmarkProgress | null>(null);
  result = $state.raw<BenchmarkResult | null>(null);
  work = $state.raw<ExpectedWork | null>(null);

  /** Null where no step was measured or the experiment cannot be run yet. */
  readonly expectedMs = $derived(this.work && this.result ? expectedMs(this.work, this.result.steps) : null);

  /** Throws `device-busy`. */
  async run(options: BenchmarkOptions): Promise<void> {
    await deviceJob.during('benchmark', () => this.#measure(options));
  }

  async #measure(options: BenchmarkOptions): Promise<void> {
    this.progress = { phase: 'open', share: 0, leftMs: 0 };
    this.result = null;
    try {
      const gpu = await services.gpu();
      this.result = await whileAwake(() => gpu.benchmark(options, (progress) => (this.progress = progress)));
    } catch (thrown) {
      if (toAppError(thrown).details.kind !== 'cancelled') throw thrown;
    } finally {
      this.progress = null;
    }
  }

  async cancel(): Promise<void> {
    await (await services.gpu()).cancelBenchmark();
  }

  /** An experiment without data or model has no expected time. */
  async estimate(experimentId: string | null): Promise<void> {
    this.work = null;
    if (experimentId === null) return;
    try {
      this.work = await (await services.gpu()).expectedWork(experimentId);
    } catch (thrown) {
      const { kind } = toAppError(thrown).details;
      if (kind !== 'model-missing' && kind !== 'data-missing' && kind !== 'too-few-pairs') throw thrown;
    }
  }
}

export const benchmark = new BenchmarkState();
