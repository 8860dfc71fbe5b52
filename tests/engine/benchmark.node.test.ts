import { beforeAll, describe, expect, it, vi } from 'vitest';
import { benchmarkConfigs, meanTextTokens, type BenchmarkProgress } from '../../src/domain/benchmark/benchmark';
import { stepFlops } from '../../src/domain/benchmark/flops';
import { deviceWebGpu } from '../../workers/services/device/openDevice';
import { benchmarkDevice } from '../../workers/services/benchmark/benchmarkDevice';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';

const device = 'wasm';

// Node has no navigator before version 21.
beforeAll(() => void vi.stubGlobal('navigator', { userAgent: 'node', hardwareConcurrency: 1 }));

describe('the benchmark on wasm', () => {
  it('measures matrix products and a training step, reports progress and releases the device', async () => {
    const reports: BenchmarkProgress[] = [];
    const deps = {
      control: new RunControl(),
      wasmBaseUrl: wasmBase,
      browser: 'a browser',
      onProgress: (p: BenchmarkProgress) => reports.push(p),
    };
    const result = await benchmarkDevice({ shapes: ['demo'], device, budgetBytes: null, brief: true }, deps);
    expect(result.device.backend).toBe(device);
    expect(result.peakGflops).toBeGreaterThan(0);
    const [step] = result.steps;
    expect(step).toMatchObject({
      shape: 'demo',
      stepStrategy: 'plain',
      layers: 3,
      layersRun: 3,
      pairs: 2,
      tokens: 256,
      steps: 1,
      profile: null,
    });
    if (!step) throw new Error('no step was measured');
    const flops = stepFlops(benchmarkConfigs.demo, 256, meanTextTokens);
    expect(step.gflops).toBeCloseTo(flops / step.stepMs / 1e6, 6);
    // A step takes at least as long as its products: no CPU reaches a TFLOP/s with one thread.
    expect(step.gflops).toBeLessThan(1000);
    expect(step.tokensPerSecond).toBeCloseTo((256 / step.stepMs) * 1000, 6);
    // Weights, gradients and two moments alone take 16 bytes per parameter.
    expect(step.bytes).toBeGreaterThan(16 * 4.5e6);
    expect(new Set(reports.map(({ phase }) => phase))).toEqual(new Set(['open', 'products', 'demo']));
    expect(reports.every(({ share }) => share >= 0 && share <= 1)).toBe(true);
    expect(deviceWebGpu()).toBeNull();
  });

  it('stops when cancelled and releases the device', async () => {
    const control = new RunControl();
    control.cancel();
    const run = benchmarkDevice(
      { shapes: ['demo'], device, budgetBytes: null, brief: true },
      { control, wasmBaseUrl: wasmBase, browser: 'a browser', onProgress: () => undefined },
    );
    await expect(run).rejects.toMatchObject({ details: { kind: 'cancelled' } });
    expect(deviceWebGpu()).toBeNull();
  });
});
