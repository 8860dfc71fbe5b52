import * as tf from '@tensorflow/tfjs-core';
import { getThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { AppError } from '../../src/domain/errors';
import type { DeviceInfo, DevicePreference } from '../../src/domain/run';
import { Gpu } from './gpu/gpu';
import { replaceSlowWasmKernels } from './wasmKernels';

/** The device that computes: WebGPU by our own kernels, or wasm by tfjs. One is open at a time: the GPU worker owns it. */
interface OpenDevice {
  info: DeviceInfo;
  gpu: Gpu | null;
  lost: Promise<AppError>;
}

type Choice = Pick<DeviceInfo, 'backend' | 'reason'> & { adapter: GPUAdapter | null };

let open: OpenDevice | null = null;
/** The first failure that the GPU reported on its own; all that was computed since may be zeros. */
let failure: AppError | null = null;

/** Opens the device that the preference names. Throws `gpu-unavailable` where WebGPU was asked for and no adapter or device is had. */
export async function openDevice(preference: DevicePreference, wasmBaseUrl: string): Promise<DeviceInfo> {
  closeDevice();
  const choice = await chooseBackend(preference);
  tf.enableProdMode();
  open = choice.adapter ? await openWebGpu(choice, choice.adapter) : await openWasm(choice, wasmBaseUrl);
  return open.info;
}

/** What `openDevice` would open; opens nothing. */
export async function describeDevice(preference: DevicePreference, wasmBaseUrl: string): Promise<DeviceInfo> {
  if (open) return open.info;
  const choice = await chooseBackend(preference);
  if (choice.adapter) return webGpuInfo(choice, choice.adapter);
  setWasmPaths(wasmBaseUrl);
  return wasmInfo(choice);
}

/** Gives the GPU back. The wasm backend stays loaded: its memory cannot be returned and tfjs cannot start it twice. */
export function closeDevice(): void {
  const gpu = open?.gpu ?? null;
  open = null;
  failure = null;
  gpu?.dispose();
  gpu?.device.destroy();
}

/** WebGPU, where it is open. */
export function openGpu(): Gpu | null {
  return open?.gpu ?? null;
}

/** Resolves with the reason when the open device is lost; never on wasm. */
export function deviceLost(): Promise<AppError> {
  return open?.lost ?? new Promise<AppError>(() => undefined);
}

/** Throws what the GPU has reported since the device was opened: out of memory silently drops work, so every readback asks. */
export function checkDevice(): void {
  if (failure) throw failure;
}

/** Bytes held: of all buffers on WebGPU (free ones too), of live tensors on wasm. */
export function backendBytes(): number {
  return open?.gpu ? open.gpu.pool.totalBytes : tf.memory().numBytes;
}

/** Arrays on WebGPU, tensors on wasm. */
export function numTensors(): number {
  return open?.gpu ? open.gpu.pool.liveArrays : tf.memory().numTensors;
}

/** The tensor's values on the host, a copy of its own. */
export async function readTensor(tensor: tf.Tensor): Promise<Float32Array> {
  return (await tensor.data<'float32'>()).slice();
}

async function chooseBackend(preference: DevicePreference): Promise<Choice> {
  const wasm = (reason: DeviceInfo['reason']): Choice => ({ backend: 'wasm', reason, adapter: null });
  if (preference === 'wasm') return wasm('wasm-chosen');
  const wanted = preference === 'webgpu';
  if (typeof navigator === 'undefined' || !('gpu' in navigator)) {
    if (wanted) throw new AppError({ kind: 'gpu-unavailable', reason: 'no-webgpu' });
    return wasm('no-webgpu');
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    if (wanted) throw new AppError({ kind: 'gpu-unavailable', reason: 'no-adapter' });
    return wasm('no-adapter');
  }
  if (wanted) return { backend: 'webgpu', reason: 'webgpu-chosen', adapter };
  return isSoftware(adapter.info)
    ? wasm('software-adapter')
    : { backend: 'webgpu', reason: 'webgpu-available', adapter };
}

/** Adapters that compute on the CPU: tens of times slower than wasm. */
function isSoftware(info: GPUAdapterInfo): boolean {
  if (Reflect.get(info, 'isFallbackAdapter') === true) return true;
  return /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.vendor} ${info.architecture} ${info.description}`);
}

function webGpuInfo({ reason }: Choice, { info }: GPUAdapter): DeviceInfo {
  const { vendor, architecture, description } = info;
  return { backend: 'webgpu', reason, adapter: { vendor, architecture, description }, threads: 0, simd: false };
}

async function openWebGpu(choice: Choice, adapter: GPUAdapter): Promise<OpenDevice> {
  const device = await requestDevice(adapter);
  device.addEventListener('uncapturederror', ({ error }) => {
    failure ??=
      error instanceof GPUOutOfMemoryError
        ? new AppError({ kind: 'gpu-out-of-memory' }, { cause: error })
        : new AppError({ kind: 'unexpected', reason: error.message }, { cause: error });
  });
  const lost = new Promise<AppError>((resolve) => {
    void device.lost.then(({ reason, message }) => {
      if (open?.gpu?.device !== device) return; // given back by closeDevice
      failure = new AppError({ kind: 'gpu-device-lost', reason: message || reason });
      resolve(failure);
    });
  });
  const gpu = new Gpu(device, { software: isSoftware(adapter.info) }, checkDevice);
  return { info: webGpuInfo(choice, adapter), gpu, lost };
}

/** With all the adapter offers: a large vocabulary needs its limits, fast kernels its features. */
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
  const wanted: readonly string[] = ['shader-f16', 'timestamp-query', 'subgroups'];
  // The type's list of names is older than `subgroups`.
  const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[];
  try {
    return await adapter.requestDevice({ requiredLimits, requiredFeatures });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : 'requestDevice';
    throw new AppError({ kind: 'gpu-unavailable', reason }, { cause: thrown });
  }
}

async function openWasm(choice: Choice, wasmBaseUrl: string): Promise<OpenDevice> {
  setWasmPaths(wasmBaseUrl);
  const started = await withThreads(() => tf.setBackend('wasm'));
  if (!started) throw new AppError({ kind: 'unexpected', reason: `tfjs wasm did not start from ${wasmBaseUrl}` });
  replaceSlowWasmKernels();
  const info = await wasmInfo(choice);
  return { info: { ...info, threads: getThreadsCount() }, gpu: null, lost: new Promise<AppError>(() => undefined) };
}

/**
 * Threads of the wasm backend: half of the logical cores, for two of them often share one physical core, but both on a machine of two.
 * More threads than free cores are slow: they wait for each other at every product (eight on two cores: a sixth of the speed).
 */
function wasmThreads(): number {
  const cores = navigator.hardwareConcurrency;
  return cores <= 2 ? cores : Math.min(8, Math.ceil(cores / 2));
}

/** tfjs halves the number of cores that the browser names, and no setting goes beyond that half: while it starts, this names twice the threads. */
async function withThreads<T>(start: () => Promise<T>): Promise<T> {
  if (typeof navigator === 'undefined') return start();
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: 2 * wasmThreads(), configurable: true });
  try {
    return await start();
  } finally {
    Reflect.deleteProperty(navigator, 'hardwareConcurrency');
  }
}

async function wasmInfo({ reason }: Choice): Promise<DeviceInfo> {
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const threaded = await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
  const threads = threaded === true ? wasmThreads() : 1;
  return { backend: 'wasm', reason, adapter: null, threads, simd: simd === true };
}
