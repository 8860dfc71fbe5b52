import { create, globals } from 'webgpu';
import { afterEach, beforeEach, vi } from 'vitest';
import { closeDevice } from '../../workers/engine/device';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import type { Reports } from '../../workers/engine/gpu/reports';

/** Dawn's null backend: it checks all commands and compiles all shaders, and computes nothing. Held, for a collected instance takes its devices along. */
let instance: GPU | undefined;

export async function nullAdapter(): Promise<GPUAdapter> {
  Object.assign(globalThis, globals);
  instance ??= create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  const adapter = await instance.requestAdapter();
  if (!adapter) throw new Error('no null adapter');
  return adapter;
}

export async function nullDevice(features: readonly string[] = []): Promise<GPUDevice> {
  const adapter = await nullAdapter();
  const offered: ReadonlySet<string> = adapter.features;
  const missing = features.filter((feature) => !offered.has(feature));
  if (missing.length > 0) throw new Error(`the null adapter lacks ${missing.join()}`);
  return adapter.requestDevice({ requiredFeatures: features as GPUFeatureName[] });
}

/** The engine on that device, with WebGPU's lowest limits. Every complaint of the device is kept in `errors`. */
export async function nullGpu(features: readonly string[] = []): Promise<{ gpu: WebGpuEngine; errors: string[] }> {
  const device = await nullDevice(features);
  const errors: string[] = [];
  return { gpu: new WebGpuEngine(device, { software: false }, collecting(device, errors)), errors };
}

/** Collects all complaints of the device, and fails at none. */
export function collecting(device: GPUDevice, errors: string[]): Reports {
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
  return { report: ({ message }) => void errors.push(message), check: () => undefined };
}

/** In every test of the file a browser whose GPU is Dawn's null backend, without Chromium's experiments; devices are given back behind each. */
export function useNullBrowser(navigator: object = {}): GPU {
  const gpu = create(['backend=null']);
  beforeEach(() => {
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
    vi.stubGlobal('navigator', { gpu, ...navigator });
  });
  afterEach(() => {
    closeDevice();
    vi.unstubAllGlobals();
  });
  return gpu;
}
