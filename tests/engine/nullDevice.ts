import { create, globals } from 'webgpu';
import { afterEach, beforeEach, vi } from 'vitest';
import { closeDevice } from '../../workers/services/device/openDevice';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { HostTimer, TimestampTimer, type WorkTimer } from '../../workers/engine/tuning/workTimer';
import { collectingReports } from './reports';

/**
 * Instance of Dawn's null backend, which validates all commands and compiles all shaders but computes nothing. Kept
 * here, because garbage-collecting the instance would destroy its devices.
 */
let instance: GPU | undefined;

/** The system clears larger memory when it hands it out. Smaller memory may have been used by this process before. */
const largestReusedBytes = 32 * 2 ** 20;

/**
 * Makes new buffers zero, as WebGPU requires. The null backend leaves in them what the process had in that memory.
 * Since it computes nothing, that would become results, for example a loss that is not finite.
 */
function clearNewBuffers(prototype: GPUDevice): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the device of each call
  const create = prototype.createBuffer;
  prototype.createBuffer = function (descriptor) {
    const { size, mappedAtCreation = false } = descriptor;
    if (mappedAtCreation || size % 4 > 0 || size > largestReusedBytes) return create.call(this, descriptor);
    try {
      const buffer = create.call(this, { ...descriptor, mappedAtCreation: true });
      new Uint8Array(buffer.getMappedRange()).fill(0);
      buffer.unmap();
      return buffer;
    } catch {
      return create.call(this, descriptor); // reports what is wrong, such as that the backend's 512 MiB are used up
    }
  };
}

clearNewBuffers((globals as { GPUDevice: { prototype: GPUDevice } }).GPUDevice.prototype);

/** Returns the null backend's adapter and makes WebGPU's globals available. */
export async function nullAdapter(): Promise<GPUAdapter> {
  Object.assign(globalThis, globals);
  instance ??= create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  const adapter = await instance.requestAdapter();
  if (!adapter) throw new Error('no null adapter');
  return adapter;
}

/** Returns a null device with the given features. Throws if the null adapter lacks one of them. */
export async function nullDevice(features: readonly string[] = []): Promise<GPUDevice> {
  const adapter = await nullAdapter();
  const offered: ReadonlySet<string> = adapter.features;
  const missing = features.filter((feature) => !offered.has(feature));
  if (missing.length > 0) throw new Error(`the null adapter lacks ${missing.join()}`);
  return adapter.requestDevice({ requiredFeatures: features as GPUFeatureName[] });
}

/** Opens an engine on a null device with WebGPU's lowest limits. `errors` collects every error of the device. */
export async function nullGpu(features: readonly string[] = []): Promise<{ gpu: WebGpuEngine; errors: string[] }> {
  const device = await nullDevice(features);
  const errors: string[] = [];
  return { gpu: new WebGpuEngine(device, { software: false }, collectingReports(device, errors)), errors };
}

/** Number of times that work is repeated to measure it on a null device. */
const maxRepetitions = 8;
const timers = [HostTimer.prototype, TimestampTimer.prototype].map((timer: WorkTimer) => ({
  timer,
  times: timer.times,
}));

/**
 * Measures work with few repetitions in every test of the file. A kernel takes no time on a null device, so a
 * measurement of useful length would record it thousands of times.
 */
export function useShortMeasurements(): void {
  beforeEach(() => {
    for (const { timer, times } of timers)
      vi.spyOn(timer, 'times').mockImplementation(function (this: WorkTimer, works) {
        const few = works.map((work) => ({ ...work, repetitions: Math.min(work.repetitions, maxRepetitions) }));
        return Reflect.apply(times, this, [few]);
      });
  });
}

/**
 * Gives every test of the file a browser whose GPU is Dawn's null backend, without Chromium's experimental features.
 * Closes the device after each test. Measurements are short.
 */
export function useNullBrowser(navigator: object = {}): GPU {
  useShortMeasurements();
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
