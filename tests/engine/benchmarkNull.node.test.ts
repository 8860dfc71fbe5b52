import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  benchmarkConfigs,
  meanTextTokens,
  type BenchmarkOptions,
  type BenchmarkProgress,
} from '../../src/domain/benchmark/benchmark';
import { stepFlops } from '../../src/domain/benchmark/flops';
import { closeDevice, currentEngine, currentWebGpu, openDevice } from '../../workers/engine/device';
import { benchmarkDevice } from '../../workers/services/benchmark/benchmarkDevice';
import { measureSteps } from '../../workers/services/benchmark/benchmarkSteps';
import { RunControl } from '../../workers/services/train/runControl';
import { nullAdapter } from './nullDevice';
import { backendBytes, liveArrays } from './support';

/** A browser whose only adapter is Dawn's null backend. It gives out 512 MiB: what it says of arrays beyond that is not listened to. */
async function browserWithNullAdapter({ unheard = false } = {}): Promise<void> {
  const adapter = await nullAdapter();
  const requestDevice = adapter.requestDevice.bind(adapter);
  vi.spyOn(adapter, 'requestDevice').mockImplementation(async (descriptor) => {
    const device = await requestDevice(descriptor);
    if (unheard) hearNothingOf(device);
    return device;
  });
  vi.stubGlobal('navigator', { gpu: { requestAdapter: () => Promise.resolve(adapter) } });
}

/** Two scopes that stay open hear all; whoever opens one of its own hears nothing. */
function hearNothingOf(device: GPUDevice): void {
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

describe('the benchmark on a WebGPU device that checks everything and computes nothing', () => {
  beforeEach(() => browserWithNullAdapter());

  it('tunes products, runs the demo model and gives the device back, without a complaint of the device', async () => {
    const result = await measured({});
    expect(result.device).toMatchObject({ backend: 'webgpu', reason: 'webgpu-chosen' });
    expect(result.measured).toBeGreaterThan(0);
    expect(result.steps).toMatchObject([{ shape: 'demo', way: 'plain', layers: 3, layersRun: 3, pairs: 2, steps: 1 }]);
    expect(result.skipped).toEqual([]);
    expect(currentWebGpu()).toBeNull();
  });

  it('leaves out a model that fits the memory budget in no way, and says what it needs; the others are measured', async () => {
    const budgetBytes = 1e9;
    const { steps, skipped } = await measured({ shapes: ['bertBase', 'demo'], budgetBytes });
    expect(steps.map(({ shape }) => shape)).toEqual(['demo']);
    expect(skipped).toMatchObject([{ shape: 'bertBase', budgetBytes }]);
    // 16 bytes for each of 102 million parameters.
    expect(skipped[0]?.neededBytes).toBeGreaterThan(1.63e9);
  });

  it('tells of a lost device, also where what failed first was something else', async () => {
    const losing = measured({}, ({ phase }) => {
      if (phase === 'demo') currentWebGpu()?.device.destroy();
    });
    await expect(losing).rejects.toMatchObject({ details: { kind: 'gpu-device-lost' } });
    expect(currentWebGpu()).toBeNull();
  });
});

describe("BERT-base's step in the benchmark", () => {
  beforeEach(async () => {
    await browserWithNullAdapter({ unheard: true });
    await openDevice('webgpu', '');
  });

  it.each([
    { budget: 8e9, way: 'plain', passes: 3 },
    { budget: 2.2e9, way: 'recompute', passes: 4 },
    { budget: 1.75e9, way: 'gradCache', passes: 4 },
  ] as const)(
    'is taken as a run would with $budget bytes ($way), and keeps to them',
    async ({ budget, way, passes }) => {
      const limits = { budgetBytes: budget, arrayBytes: 2 ** 27 };
      const between = () => Promise.resolve();
      const step = await measureSteps(currentEngine(), 'bertBase', {
        peakGflops: 1e4,
        limits,
        budgetMs: 0,
        brief: false,
        between,
      });
      if (!('stepMs' in step)) throw new Error('not measured');
      expect(step).toMatchObject({ way, layers: 12, layersRun: 12, pairs: 16, tokens: 2048 });
      expect(step.bytes).toBeLessThanOrEqual(budget);
      const plain = stepFlops(benchmarkConfigs.bertBase, step.tokens, meanTextTokens);
      expect((step.gflops * step.stepMs * 1e6) / plain).toBeCloseTo(passes / 3, 6);
      expect(liveArrays()).toBe(0);
      expect(backendBytes()).toBe(0);
    },
  );
});
