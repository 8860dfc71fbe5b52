import { AppError, type AppErrorDetails } from '../../src/domain/errors';
import { own } from '../../src/domain/errorWords';
import type { DeviceInfo, DevicePreference } from '../../src/domain/device';
import { adapterKey, wasmKey } from './deviceKey';
import type { Engine } from './engine';
import { matrixFeature, matrixUnitsOf } from './matrixUnits';
import { WebGpuEngine } from './gpu/webGpuEngine';
import { webGpuOf } from './gpu/webGpuOf';
import { openWasmEngine } from './wasm/openWasmEngine';
import { wasmFeatures } from './wasm/wasmFeatures';

/** The open compute device: WebGPU, or the CPU through wasm. The GPU worker owns it and opens only one at a time. */
interface OpenDevice {
  /** The preference with which the device was opened. */
  preference: DevicePreference;
  info: DeviceInfo;
  engine: Engine & { dispose: () => void };
  lost: Promise<AppError>;
}

type Opened = Omit<OpenDevice, 'preference'>;

type Choice = Pick<DeviceInfo, 'backend' | 'reason'> & { adapter: GPUAdapter | null };

let open: OpenDevice | null = null;
/**
 * The WebGPU device whose errors are reported. Set before its engine is created, because the device may be lost that
 * early.
 */
let current: GPUDevice | null = null;
/** The first failure that the GPU reported asynchronously. Results computed since then may be zeros. */
let failure: AppError | null = null;

/** Whether an adapter of this machine has returned a device. Spares `auto` another try before every plan. */
let adapterWorks = false;

/** Keys of refused devices, each with the error to throw instead of opening the device. */
let refused: ReadonlyMap<string, AppErrorDetails> = new Map();

/** Refuses these devices, and no others, from now on. The keys are those that `deviceKey` returns. */
export function refuseDevices(devices: ReadonlyMap<string, AppErrorDetails>): void {
  refused = devices;
}

/** `evenRefused` opens a device even if it is refused, in order to check or measure it. */
interface OpenOptions {
  evenRefused?: boolean;
}

/**
 * Closes the open device and opens the preferred one. `auto` opens wasm if the adapter returns no device or is refused.
 * Throws `gpu-unavailable` if WebGPU is preferred but there is no adapter or device, and the device's error if the
 * preferred device is refused.
 */
export async function openDevice(
  preference: DevicePreference,
  wasmBaseUrl: string,
  options: OpenOptions = {},
): Promise<DeviceInfo> {
  closeDevice();
  const choice = await chooseBackend(preference, options);
  const opened = choice.adapter
    ? await openWebGpuOr(choice, choice.adapter, preference, wasmBaseUrl)
    : await openWasm(choice, wasmBaseUrl);
  open = { preference, ...opened };
  return open.info;
}

/**
 * Returns the open device if it was opened with this preference, else null. A run may be using one device while the
 * user plans for another.
 */
function currentFor(preference: DevicePreference): OpenDevice | null {
  return open?.preference === preference ? open : null;
}

/** Describes the device that `openDevice` would open, without opening it. */
export async function describeDevice(preference: DevicePreference): Promise<DeviceInfo> {
  const known = currentFor(preference);
  if (known) return known.info;
  const choice = await chooseBackend(preference);
  if (choice.adapter) return webGpuInfo(choice, choice.adapter);
  return wasmInfo(choice);
}

/** Returns the key of the device that `openDevice` would open, even if it is refused. */
export async function deviceKey(preference: DevicePreference): Promise<{ key: string } & Pick<DeviceInfo, 'backend'>> {
  const { adapter, backend } = await chooseBackend(preference, { evenRefused: true });
  return { key: adapter ? await adapterKey(adapter) : wasmKey(), backend };
}

/** Returns the size of the largest array that the preferred device allows, in bytes; Infinity on wasm. */
export async function deviceMaxArrayBytes(preference: DevicePreference): Promise<number> {
  const known = currentFor(preference);
  const limits = known ? webGpuOf(known.engine)?.device.limits : (await chooseBackend(preference)).adapter?.limits;
  return limits ? Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) : Infinity;
}

/** Whether the preferred device supports half precision. Always false on wasm. */
export async function deviceOffersHalf(preference: DevicePreference): Promise<boolean> {
  const known = currentFor(preference);
  if (known) return known.engine.hasHalf ?? false;
  return (await chooseBackend(preference)).adapter?.features.has('shader-f16') ?? false;
}

/** Whether the preferred device offers matrix units that the kernels can use. Always false on wasm. */
export async function deviceOffersMatrices(preference: DevicePreference): Promise<boolean> {
  const known = currentFor(preference);
  if (known) return (known.engine.traits.matrixUnits ?? []).length > 0;
  const { adapter } = await chooseBackend(preference);
  return adapter !== null && matrixUnitsOf(adapter.features, adapter.limits, adapter.info).length > 0;
}

/** Closes the open device and frees all its memory. */
export function closeDevice(): void {
  const engine = open?.engine;
  open = null;
  current = null;
  failure = null;
  engine?.dispose();
}

/** Returns the engine of the open device. Throws RangeError if no device is open. */
export function deviceEngine(): Engine {
  if (!open) throw new RangeError('no device is open');
  return open.engine;
}

/** Returns the engine of the open device if that is a WebGPU device, else null. */
export function deviceWebGpu(): WebGpuEngine | null {
  return open && webGpuOf(open.engine);
}

/** Resolves with the reason when the open device is lost. Never resolves on wasm. */
export function deviceLost(): Promise<AppError> {
  return open?.lost ?? new Promise<AppError>(() => undefined);
}

/**
 * Throws the first failure that the GPU has reported since the device was opened, if any. Call this at every readback:
 * a GPU that runs out of memory silently drops work.
 */
export function throwGpuFailure(): void {
  if (failure) throw failure;
}

async function chooseBackend(preference: DevicePreference, { evenRefused = false }: OpenOptions = {}): Promise<Choice> {
  const refusal = (key: string): AppErrorDetails | undefined => (evenRefused ? undefined : refused.get(key));
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
  if (!(await canRequestDevice())) return wasm('no-device');
  return { backend: 'webgpu', reason: 'webgpu-available', adapter };
}

/**
 * Whether an adapter can return a device. Tries this on a separate adapter, because an adapter returns only one device.
 */
async function canRequestDevice(): Promise<boolean> {
  if (adapterWorks) return true;
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return false;
  try {
    (await requestDevice(adapter)).destroy();
    adapterWorks = true;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
  }
  return adapterWorks;
}

/** Whether the adapter computes on the CPU. Such adapters are tens of times slower than wasm. */
function isSoftware(info: GPUAdapterInfo): boolean {
  if (Reflect.get(info, 'isFallbackAdapter') === true) return true;
  return /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.vendor} ${info.architecture} ${info.description}`);
}

function webGpuInfo({ reason }: Choice, { info }: GPUAdapter): DeviceInfo {
  const { vendor, architecture, description } = info;
  return { backend: 'webgpu', reason, adapter: { vendor, architecture, description }, threads: 0, simd: false };
}

/** Opens the adapter's device. If the adapter can no longer return one, `auto` opens wasm instead. */
async function openWebGpuOr(
  choice: Choice,
  adapter: GPUAdapter,
  preference: DevicePreference,
  wasmBaseUrl: string,
): Promise<Opened> {
  try {
    return await openWebGpu(choice, adapter);
  } catch (thrown) {
    adapterWorks = false;
    const refused = thrown instanceof AppError && thrown.details.kind === 'gpu-unavailable';
    if (preference !== 'auto' || !refused) throw thrown;
    return openWasm({ backend: 'wasm', reason: 'no-device', adapter: null }, wasmBaseUrl);
  }
}

async function openWebGpu(choice: Choice, adapter: GPUAdapter): Promise<Opened> {
  const device = await requestDevice(adapter);
  // Events of this device may still arrive after it has been closed and another one has been opened.
  current = device;
  const report = (error: GPUError): void => {
    if (current !== device) return;
    failure ??=
      error instanceof GPUOutOfMemoryError
        ? new AppError({ kind: 'gpu-out-of-memory' }, { cause: error })
        : new AppError({ kind: 'unexpected', reason: error.message }, { cause: error });
  };
  device.addEventListener('uncapturederror', ({ error }) => report(error));
  const lost = new Promise<AppError>((resolve) => {
    void device.lost.then(({ reason, message }) => {
      if (current !== device) return;
      failure = new AppError({ kind: 'gpu-device-lost', reason: message || reason });
      resolve(failure);
    });
  });
  // Not every implementation lists subgroup matrices in the device's adapter info, so read the adapter's own.
  const matrixUnits = matrixUnitsOf(device.features, device.limits, adapter.info);
  const traits = { software: isSoftware(adapter.info), matrixUnits };
  const gpu = new WebGpuEngine(device, traits, { report, check: throwGpuFailure });
  return { info: webGpuInfo(choice, adapter), engine: gpu, lost };
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

async function openWasm(choice: Choice, wasmBaseUrl: string): Promise<Opened> {
  const info = wasmInfo(choice);
  const engine = await openWasmEngine(wasmBaseUrl, info.threads);
  return { info, engine, lost: new Promise<AppError>(() => undefined) };
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
