import * as tf from '@tensorflow/tfjs-core';
import { getThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { AppError } from '../../src/domain/errors';
import type { DeviceInfo, DevicePreference } from '../../src/domain/run';
import { replaceSlowWasmKernels } from './wasmKernels';

/**
 * The device under the tensors, and the one bridge into tfjs's private parts. One device is open at a time: the GPU worker owns it.
 */
interface OpenDevice {
  info: DeviceInfo;
  gpu: GPUDevice | null;
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
  if (!gpu) return;
  tf.removeBackend('webgpu');
  gpu.destroy();
}

/** Resolves with the reason when the open device is lost; never on wasm. */
export function deviceLost(): Promise<AppError> {
  return open?.lost ?? new Promise<AppError>(() => undefined);
}

/** Throws what the GPU has reported since the device was opened: out of memory silently drops work, so every readback asks. */
export function checkDevice(): void {
  if (failure) throw failure;
}

/** Bytes held by the backend: of all buffers on WebGPU (free ones too), of live tensors on wasm. */
export function backendBytes(): number {
  const backend = tf.getBackend() === 'webgpu' ? tf.backend() : null;
  return backend instanceof WebGPUBackend ? backend.memory().numBytesAllocatedInGPU : tf.memory().numBytes;
}

export function numTensors(): number {
  return tf.memory().numTensors;
}

/**
 * The tensor's values on the host, a copy of its own. // GPU→CPU sync
 * Throws what the GPU reported meanwhile (`gpu-out-of-memory`, `gpu-device-lost`).
 */
export async function readTensor(tensor: tf.Tensor): Promise<Float32Array> {
  let values: Float32Array;
  try {
    values = await tensor.data<'float32'>();
  } catch (thrown) {
    checkDevice();
    throw thrown;
  }
  checkDevice();
  const backend = tf.getBackend() === 'webgpu' ? tf.backend() : null;
  if (!(backend instanceof WebGPUBackend)) return values;
  const data = backend.tensorMap.get(tensor.dataId);
  if (!data.resource) return values.slice();
  // tfjs keeps what was read beside the buffer: a second copy of every weight on the host.
  Reflect.set(data, 'values', null);
  return values;
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
  const gpu = await requestGpu(adapter);
  gpu.addEventListener('uncapturederror', ({ error }) => {
    failure ??=
      error instanceof GPUOutOfMemoryError
        ? new AppError({ kind: 'gpu-out-of-memory' }, { cause: error })
        : new AppError({ kind: 'unexpected', reason: error.message }, { cause: error });
  });
  const lost = new Promise<AppError>((resolve) => {
    void gpu.lost.then(({ reason, message }) => {
      if (open?.gpu !== gpu) return; // given back by closeDevice
      failure = new AppError({ kind: 'gpu-device-lost', reason: message || reason });
      resolve(failure);
    });
  });
  if (tf.engine().registryFactory['webgpu']) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(gpu, adapter.info));
  await tf.setBackend('webgpu');
  return { info: webGpuInfo(choice, adapter), gpu, lost };
}

/** tfjs would leave most limits at their defaults; a large vocabulary needs the adapter's own. */
async function requestGpu(adapter: GPUAdapter): Promise<GPUDevice> {
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
  try {
    return await adapter.requestDevice({ requiredLimits });
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
