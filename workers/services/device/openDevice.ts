import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import type { DeviceInfo, DevicePreference } from '../../../src/domain/device';
import {
  canRequestDevice,
  chooseBackend,
  describeChoice,
  openWasm,
  openWebGpu,
  type Choice,
  type ChoiceRules,
  type Device,
} from '../../engine/device';
import { adapterKey, wasmKey } from '../../engine/deviceKey';
import type { Engine } from '../../engine/engine';
import { webGpuOf } from '../../engine/gpu/webGpuOf';
import type { WebGpuEngine } from '../../engine/gpu/webGpuEngine';
import { matrixUnitsOf } from '../../engine/matrixUnits';

/** The open device. The GPU worker owns it and opens only one at a time. */
interface OpenDevice extends Device {
  /** The preference with which the device was opened. */
  preference: DevicePreference;
}

let open: OpenDevice | null = null;

/**
 * Whether an adapter of this machine has already returned a device, so that `auto` need not try again for every plan.
 */
let adapterWorks = false;

/** Keys of refused devices, each with the error to throw instead of opening the device. */
let refused: ReadonlyMap<string, AppErrorDetails> = new Map();

/** From now on, refuses exactly these devices. The keys are those that `deviceKey` returns. */
export function refuseDevices(devices: ReadonlyMap<string, AppErrorDetails>): void {
  refused = devices;
}

/** `evenRefused` opens a device even if it is refused, in order to check or measure it. */
export interface OpenOptions {
  evenRefused?: boolean;
}

/** Returns the current rules for choosing a backend. */
function rules({ evenRefused = false }: OpenOptions = {}): ChoiceRules {
  return {
    refusal: (key) => (evenRefused ? undefined : refused.get(key)),
    adapterWorks: async () => (adapterWorks ||= await canRequestDevice()),
  };
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
  const choice = await chooseBackend(preference, rules(options));
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
  return describeChoice(await chooseBackend(preference, rules()));
}

/** Returns the key of the device that `openDevice` would open, even if it is refused. */
export async function deviceKey(preference: DevicePreference): Promise<{ key: string } & Pick<DeviceInfo, 'backend'>> {
  const { adapter, backend } = await chooseBackend(preference, rules({ evenRefused: true }));
  return { key: adapter ? await adapterKey(adapter) : wasmKey(), backend };
}

/** Returns the size of the largest array that the preferred device allows, in bytes; Infinity on wasm. */
export async function deviceMaxArrayBytes(preference: DevicePreference): Promise<number> {
  const known = currentFor(preference);
  const limits = known
    ? webGpuOf(known.engine)?.device.limits
    : (await chooseBackend(preference, rules())).adapter?.limits;
  return limits ? Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) : Infinity;
}

/** Whether the preferred device supports half precision. Always false on wasm. */
export async function deviceOffersHalf(preference: DevicePreference): Promise<boolean> {
  const known = currentFor(preference);
  if (known) return known.engine.hasHalf ?? false;
  return (await chooseBackend(preference, rules())).adapter?.features.has('shader-f16') ?? false;
}

/** Whether the preferred device offers matrix units that the kernels can use. Always false on wasm. */
export async function deviceOffersMatrices(preference: DevicePreference): Promise<boolean> {
  const known = currentFor(preference);
  if (known) return (known.engine.traits.matrixUnits ?? []).length > 0;
  const { adapter } = await chooseBackend(preference, rules());
  return adapter !== null && matrixUnitsOf(adapter.features, adapter.limits, adapter.info).length > 0;
}

/** Closes the open device and frees all its memory. */
export function closeDevice(): void {
  const closing = open;
  open = null;
  closing?.close();
}

/** Whether the device of an engine is still the open one. */
export function isOpen(engine: Engine): boolean {
  return open?.engine === engine;
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
  open?.check();
}

/** Opens the adapter's device. If the adapter can no longer return one, `auto` opens wasm instead. */
async function openWebGpuOr(
  choice: Choice,
  adapter: GPUAdapter,
  preference: DevicePreference,
  wasmBaseUrl: string,
): Promise<Device> {
  try {
    return await openWebGpu(choice, adapter);
  } catch (thrown) {
    adapterWorks = false;
    const unavailable = thrown instanceof AppError && thrown.details.kind === 'gpu-unavailable';
    if (preference !== 'auto' || !unavailable) throw thrown;
    return openWasm({ backend: 'wasm', reason: 'no-device', adapter: null }, wasmBaseUrl);
  }
}
