import { expect, it } from 'vitest';
import { deviceWebGpu } from '../../workers/services/device/openDevice';
import { benchmarkDevice } from '../../workers/services/benchmark/benchmarkDevice';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';

it("the benchmark runs to completion on the browser's own WebGPU adapter and releases the device", async () => {
  const result = await benchmarkDevice(
    { shapes: ['demo'], device: 'webgpu', budgetBytes: null, brief: true },
    { control: new RunControl(), wasmBaseUrl: wasmBase, browser: navigator.userAgent, onProgress: () => undefined },
  );
  expect(result.device.backend).toBe('webgpu');
  expect(result.peakGflops).toBeGreaterThan(0);
  expect(result.steps).toMatchObject([
    { shape: 'demo', stepStrategy: 'plain', layers: 3, layersRun: 3, pairs: 2, tokens: 256 },
  ]);
  expect(result.steps[0]?.stepMs).toBeGreaterThan(0);
  expect(deviceWebGpu()).toBeNull();
});
