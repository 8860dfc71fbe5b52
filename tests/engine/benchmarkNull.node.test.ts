import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  benchmarkConfigs,
  meanTextTokens,
  type BenchmarkOptions,
  type BenchmarkProgress,
} from '../../src/domain/benchmark/benchmark';
import { stepFlops } from '../../src/domain/benchmark/flops';
import { closeDevice, deviceEngine, deviceWebGpu, openDevice } from '../../workers/services/device/openDevice';
import { benchmarkDevice } from '../../workers/services/benchmark/benchmarkDevice';
import { benchmarkSteps } from '../../workers/services/benchmark/benchmarkSteps';
import { RunControl } from '../../workers/services/train/runControl';
import { nullAdapter, useShortMeasurements } from './nullDevice';
import { testDeviceBytes, testDeviceLiveArrays } from './testDevice';

/**
 * Stubs a browser whose only adapter is Dawn's null backend. `ignoreErrors` hides the device's errors, because arrays
 * may exceed its 512 MiB.
 */
async function browserWithNullAdapter({ ignoreErrors = false, withoutTimestamps = false } = {}): Promise<void> {
  const adapter = await nullAdapter();
  const requestDevice = adapter.requestDevice.bind(adapter);
  vi.spyOn(adapter, 'requestDevice').mockImplementation(async (descriptor) => {
    // Reading timestamps back takes memory, of which there may be none left.
    const requiredFeatures = [...(descriptor?.requiredFeatures ?? [])].filter((name) => name !== 'timestamp-query');
    const untimed = ignoreErrors || withoutTimestamps;
    const device = await requestDevice(untimed ? { ...descriptor, requiredFeatures } : descriptor);
    if (ignoreErrors) hideErrorsOf(device);
    return device;
  });
  vi.stubGlobal('navigator', { gpu: { requestAdapter: () => Promise.resolve(adapter) } });
}

/** Hides all errors of the device: two scopes that stay open catch them, and the engine's own scopes are stubbed. */
function hideErrorsOf(device: GPUDevice): void {
  for (const kind of ['out-of-memory', 'validation'] as const) device.pushErrorScope(kind);
  vi.spyOn(device, 'pushErrorScope').mockReturnValue(undefined);
  vi.spyOn(device, 'popErrorScope').mockResolvedValue(null);
}

const measured = (
  options: Partial<BenchmarkOptions>,
  onProgress: (progress: BenchmarkProgress) => void = () => undefined,
) =>
  benchmarkDevice(
    { shapes: ['demo'], device: 'webgpu', budgetBytes: null, brief: true, ...options },
    { control: new RunControl(), wasmBaseUrl: '', browser: 'a browser', onProgress },
  );

afterEach(() => {
  closeDevice();
  vi.unstubAllGlobals();
});

useShortMeasurements();

describe("the benchmark on Dawn's null backend", () => {
  beforeEach(() => browserWithNullAdapter());

  it('tunes matrix products, runs the demo model and releases the device without device errors', async () => {
    const result = await measured({});
    expect(result.device).toMatchObject({ backend: 'webgpu', reason: 'webgpu-chosen' });
    expect(result.measured).toBeGreaterThan(0);
    expect(result.steps).toMatchObject([
      { shape: 'demo', stepStrategy: 'plain', layers: 3, layersRun: 3, pairs: 2, steps: 1 },
    ]);
    expect(result.skipped).toEqual([]);
    expect(deviceWebGpu()).toBeNull();
  });

  it("times a step's kernels", async () => {
    const { steps } = await measured({});
    const names = steps[0]?.profile?.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['attention forward', 'adamW']));
  });

  it('reports no time by kernel if the device has no timestamp queries', async () => {
    await browserWithNullAdapter({ withoutTimestamps: true });
    expect((await measured({})).steps).toMatchObject([{ shape: 'demo', steps: 1, profile: null }]);
  });

  it('skips a model whose every step strategy exceeds the budget, reports its need and measures the rest', async () => {
    const budgetBytes = 1e9;
    const { steps, skipped } = await measured({ shapes: ['bertBase', 'demo'], budgetBytes });
    expect(steps.map(({ shape }) => shape)).toEqual(['demo']);
    expect(skipped).toMatchObject([{ shape: 'bertBase', budgetBytes }]);
    // 102 million parameters at 16 bytes each.
    expect(skipped[0]?.neededBytes).toBeGreaterThan(1.63e9);
  });

  it('reports a lost device even if another error comes first', async () => {
    const losing = measured({}, ({ phase }) => {
      if (phase === 'demo') deviceWebGpu()?.device.destroy();
    });
    await expect(losing).rejects.toMatchObject({ details: { kind: 'gpu-device-lost' } });
    expect(deviceWebGpu()).toBeNull();
  });
});

describe('the BERT-base step of the benchmark', () => {
  beforeEach(async () => {
    await browserWithNullAdapter({ ignoreErrors: true });
    await openDevice('webgpu', '');
  });

  it.each([
    ['plain', 8e9, 3],
    ['recompute', 2.2e9, 4],
    ['gradCache', 1.75e9, 4],
  ] as const)(
    'uses the same step strategy as a run (%s) and stays within its budget of %i bytes',
    async (stepStrategy, budget, passes) => {
      const limits = { budgetBytes: budget, arrayBytes: 2 ** 27 };
      const between = () => Promise.resolve();
      const step = await benchmarkSteps(deviceEngine(), 'bertBase', {
        peakGflops: 1e4,
        limits,
        budgetMs: 0,
        brief: false,
        between,
      });
      if (!('stepMs' in step)) throw new Error('not measured');
      expect(step).toMatchObject({ stepStrategy, layers: 12, layersRun: 12, pairs: 16, tokens: 2048 });
      expect(step.bytes).toBeLessThanOrEqual(budget);
      const plain = stepFlops(benchmarkConfigs.bertBase, step.tokens, meanTextTokens);
      expect((step.gflops * step.stepMs * 1e6) / plain).toBeCloseTo(passes / 3, 6);
      expect(testDeviceLiveArrays()).toBe(0);
      expect(testDeviceBytes()).toBe(0);
    },
  );
});
