import type { BenchmarkOptions, BenchmarkProgress, BenchmarkResult } from '../domain/benchmark/benchmark';
import { benchmarkFailure } from '../domain/benchmark/failure';
import { AppError, toAppError } from '../domain/errors';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';
import { whileAwake } from './wakeLock';

/** The benchmark of this device. It keeps running when the user leaves the benchmark screen. */
class BenchmarkState {
  progress = $state.raw<BenchmarkProgress | null>(null);
  /** Whether a cancel was requested. The worker checks for it before each product or step. */
  cancelling = $state(false);
  result = $state.raw<BenchmarkResult | null>(null);

  /** Runs the benchmark. Throws `device-busy` or `benchmark-stopped`. */
  async run(options: BenchmarkOptions): Promise<void> {
    await deviceJob.during('benchmark', () => this.#measure(options));
  }

  async #measure(options: BenchmarkOptions): Promise<void> {
    this.progress = { phase: 'open', share: 0, leftMs: 0 };
    this.cancelling = false;
    this.result = null;
    try {
      const gpu = await gateway.gpu();
      this.result = await whileAwake(() => {
        // The worker ignores a cancel that arrives before its benchmark has started.
        if (this.cancelling) throw new AppError({ kind: 'cancelled' });
        return gpu.benchmark(options, (progress) => (this.progress = progress));
      });
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') throw new AppError(benchmarkFailure(details), { cause: thrown });
    } finally {
      this.progress = null;
      this.cancelling = false;
    }
  }

  async cancel(): Promise<void> {
    this.cancelling = true;
    await (await gateway.gpu()).cancelBenchmark();
  }
}

export const benchmark = new BenchmarkState();
