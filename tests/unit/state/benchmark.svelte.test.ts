import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { BenchmarkOptions } from '../../../src/domain/benchmark/benchmark';
import { AppError, type AppErrorDetails } from '../../../src/domain/errors';

const gpu = { benchmark: vi.fn<() => Promise<unknown>>(), cancelBenchmark: vi.fn<() => Promise<void>>() };
vi.mock('../../../src/state/gateway', () => ({ gateway: { gpu: () => Promise.resolve(gpu) } }));
vi.mock('../../../src/state/wakeLock', () => ({ whileAwake: (work: () => Promise<unknown>) => work() }));
const { benchmark } = await import('../../../src/state/benchmark.svelte');
const { deviceJob } = await import('../../../src/state/deviceJob.svelte');

const options: BenchmarkOptions = { shapes: ['demo'], device: 'wasm', budgetBytes: null, brief: true };

beforeEach(() => {
  gpu.benchmark.mockReset();
  gpu.cancelBenchmark.mockReset().mockResolvedValue();
});

describe('the device benchmark', () => {
  it('shows a cancel at once, before the worker stops, and does not treat it as a failure', async () => {
    let stop = (_reason: AppError): void => undefined;
    gpu.benchmark.mockReturnValue(new Promise((_, reject) => (stop = reject)));
    const measuring = benchmark.run(options);
    expect(deviceJob.current).toBe('benchmark');
    await vi.waitFor(() => expect(gpu.benchmark).toHaveBeenCalled());
    const cancelling = benchmark.cancel();
    expect(benchmark.cancelling).toBe(true);
    await cancelling;
    expect(benchmark.progress).not.toBeNull();
    stop(new AppError({ kind: 'cancelled' }));
    await measuring;
    expect(benchmark).toMatchObject({ cancelling: false, progress: null, result: null });
    expect(deviceJob.current).toBeNull();
  });

  it('can be cancelled before the worker has started', async () => {
    const measuring = benchmark.run(options);
    await benchmark.cancel();
    await measuring;
    expect(gpu.benchmark).not.toHaveBeenCalled();
    expect(benchmark).toMatchObject({ cancelling: false, progress: null, result: null });
  });

  it.each<[AppErrorDetails, string]>([
    [{ kind: 'gpu-out-of-memory' }, 'memory'],
    [{ kind: 'gpu-device-lost', reason: 'gone' }, 'device'],
    [{ kind: 'worker-crashed', worker: 'gpu', reason: 'gone' }, 'worker'],
  ])('fails with a benchmark error instead of a run error: %o', async (details, cause) => {
    gpu.benchmark.mockRejectedValue(new AppError(details));
    await expect(benchmark.run(options)).rejects.toMatchObject({ details: { kind: 'benchmark-stopped', cause } });
    expect(benchmark.progress).toBeNull();
  });
});
