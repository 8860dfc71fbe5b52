import { AppError, type AppErrorDetails } from '../../src/domain/errors';
import { own } from '../../src/domain/errorWords';
import type { DeviceInfo, DevicePreference } from '../../src/domain/device';
import { adapterKey, wasmKey } from './deviceKey';
import type { Engine } from './engine';
import { matrixFeature, matrixUnitsOf } from './matrixUnits';
import { WebGpuEngine } from './gpu/webGpuEngine';
import { openWasmEngine } from './wasm/openWasmEngine';
import { wasmFeatures } from './wasm/wasmFeatures';

/** A compute device with its engine: WebGPU, or the CPU through wasm. */
export interface Device {
  info: DeviceInfo;
  engine: Engine & { dispose: () => void };
  /** Resolves with the reason when the device is lost. Never resolves on wasm, or after `close`. */
  lost: Promise<AppError>;
  /** Throws the first failure that the GPU has reported, if any. */
  check: () => void;
  /** Frees all memory of the device. */
  close: () => void;
}

/** The backend to open for a preference; `adapter` is null on wasm. */
export type Choice = Pick<DeviceInfo, 'backend' | 'reason'> & { adapter: GPUAdapter | null };

/** Rules for choosing a backend, beyond what the browser offers. */
export interface ChoiceRules {
  /** Returns the error to throw instead of opening the device with this key, if it is refused. */
  refusal: (key: string) => AppErrorDetails | undefined;
  /** Whether an adapter can return a device. Tries it if this is not known yet. */
  adapterWorks: () => Promise<boolean>;
}

/**
 * Returns the backend to open. `auto` chooses wasm if the adapter returns no device or is refused. Throws
 * `gpu-unavailable` if WebGPU is preferred but there is no adapter, and the device's error if the preferred device is
 * refused.
 */
export async function chooseBackend(
  preference: DevicePreference,
  { refusal, adapterWorks }: ChoiceRules,
): Promise<Choice> {
  const wasm = (reason: DeviceInfo['reason']): Choice => {
    const wrong = refusal(wasmKey());
    if (wrong) throw new AppError(wrong);
    return { backend: 'wasm', reason, adapter: null };
  };
  if (preference === 'wasm') return wasm('wasm-chosen');
  const wanted = preference === 'webgpu';
  if (typeof navigator === 'undefined' || !('gpu' in navigator)) {
    if (wanted) throw new AppError({ kind: 'gpu-unavailable', reason: own('no-webgpu') });
    return wasm('no-webgpu');
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    if (wanted) throw new AppError({ kind: 'gpu-unavailable', reason: own('no-adapter') });
    return wasm('no-adapter');
  }
  if (!wanted && isSoftware(adapter.info)) return wasm('software-adapter');
  const wrong = refusal(await adapterKey(adapter));
  if (wanted && wrong) throw new AppError(wrong);
  if (wrong) return wasm('computes-wrongly');
  if (wanted) return { backend: 'webgpu', reason: 'webgpu-chosen', adapter };
  if (!(await adapterWorks())) return wasm('no-device');
  return { backend: 'webgpu', reason: 'webgpu-available', adapter };
}

/**
 * Whether an adapter can return a device. Tries this on a separate adapter, because an adapter returns only one device.
 */
export async function canRequestDevice(): Promise<boolean> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return false;
  try {
    (await requestDevice(adapter)).destroy();
    return true;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return false;
  }
}

/** Whether the adapter computes on the CPU. Such adapters are tens of times slower than wasm. */
function isSoftware(info: GPUAdapterInfo): boolean {
  if (Reflect.get(info, 'isFallbackAdapter') === true) return true;
  return /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.vendor} ${info.architecture} ${info.description}`);
}

/** Describes the device of a choice without opening it. */
export function describeChoice(choice: Choice): DeviceInfo {
  return choice.adapter ? webGpuInfo(choice, choice.adapter) : wasmInfo(choice);
}

function webGpuInfo({ reason }: Choice, { info }: GPUAdapter): DeviceInfo {
  const { vendor, architecture, description } = info;
  return { backend: 'webgpu', reason, adapter: { vendor, architecture, description }, threads: 0, simd: false };
}

/** Opens the adapter's device. Throws `gpu-unavailable` if the adapter can no longer return one. */
export async function openWebGpu(choice: Choice, adapter: GPUAdapter): Promise<Device> {
  const device = await requestDevice(adapter);
  // Events may still arrive after the device has been closed; they are ignored.
  let closed = false;
  let failure: AppError | null = null;
  const report = (error: GPUError): void => {
    if (closed) return;
    failure ??=
      error instanceof GPUOutOfMemoryError
        ? new AppError({ kind: 'gpu-out-of-memory' }, { cause: error })
        : new AppError({ kind: 'unexpected', reason: error.message }, { cause: error });
  };
  device.addEventListener('uncapturederror', ({ error }) => report(error));
  const lost = new Promise<AppError>((resolve) => {
    void device.lost.then(({ reason, message }) => {
      if (closed) return;
      failure = new AppError({ kind: 'gpu-device-lost', reason: message || reason });
      resolve(failure);
    });
  });
  // Some implementations list no subgroup matrices in the device's adapter info, so read the adapter's own.
  const matrixUnits = matrixUnitsOf(device.features, device.limits, adapter.info);
  const traits = { software: isSoftware(adapter.info), matrixUnits };
  const check = (): void => {
    if (failure) throw failure;
  };
  const engine = new WebGpuEngine(device, traits, { report, check });
  const close = (): void => {
    closed = true;
    failure = null;
    engine.dispose();
  };
  return { info: webGpuInfo(choice, adapter), engine, lost, check, close };
}

/**
 * Requests the adapter's own limits, because large vocabularies need more than the defaults, and the optional features
 * that fast kernels need.
 */
async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const { limits } = adapter;
  const requiredLimits = {
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    maxBufferSize: limits.maxBufferSize,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
  };
  const wanted: readonly string[] = ['shader-f16', 'timestamp-query', 'subgroups', matrixFeature];
  // This needs a cast because GPUFeatureName lacks Chromium's experimental feature.
  const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[];
  try {
    return await adapter.requestDevice({ requiredLimits, requiredFeatures });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : own('no-device');
    throw new AppError({ kind: 'gpu-unavailable', reason }, { cause: thrown });
  }
}

/** Opens the wasm engine. */
export async function openWasm(choice: Choice, wasmBaseUrl: string): Promise<Device> {
  const info = wasmInfo(choice);
  const engine = await openWasmEngine(wasmBaseUrl, info.threads);
  const lost = new Promise<AppError>(() => undefined);
  return { info, engine, lost, check: () => undefined, close: () => engine.dispose() };
}

/**
 * Returns the number of threads of the wasm engine, at most 8: half of the logical cores, because two of them often
 * share a physical core. A dual-core machine uses both. With more threads than free cores, every product waits for the
 * slowest thread.
 */
function wasmThreads(): number {
  const cores = navigator.hardwareConcurrency;
  return cores <= 2 ? cores : Math.min(8, Math.ceil(cores / 2));
}

function wasmInfo({ reason }: Choice): DeviceInfo {
  const { threads, simd, relaxed } = wasmFeatures();
  return { backend: 'wasm', reason, adapter: null, threads: threads ? wasmThreads() : 1, simd, relaxedSimd: relaxed };
}
