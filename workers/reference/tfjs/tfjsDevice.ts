import * as tf from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

const backendName = 'webgpu';

/** Limits that tfjs requests when it creates its own device (tfjs-backend-webgpu 4.22, base.ts). */
const limitNames = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/**
 * A device for tfjs's WebGPU backend, on the adapter that the engine uses. It is requested as tfjs would request it,
 * but its errors are recorded; tfjs itself ignores them.
 */
export class TfjsDevice {
  #failure: Error | undefined;

  private constructor(private readonly device: GPUDevice) {
    device.addEventListener('uncapturederror', ({ error }) => (this.#failure ??= new Error(error.message)));
    void device.lost.then(({ reason, message }) => (this.#failure ??= new Error(message || reason)));
  }

  /** Opens a new device and makes tfjs compute on it. Throws if there is no adapter or tfjs does not start. */
  static async open(): Promise<TfjsDevice> {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) throw new Error('no WebGPU adapter');
    const requiredLimits = Object.fromEntries(limitNames.map((name) => [name, adapter.limits[name]]));
    const device = await adapter.requestDevice({ requiredLimits });
    const opened = new TfjsDevice(device);
    try {
      removeBackend();
      tf.registerBackend(backendName, () => new WebGPUBackend(device, adapter.info));
      if (!(await tf.setBackend(backendName))) throw new Error('tfjs did not start on WebGPU');
      return opened;
    } catch (thrown) {
      opened.close();
      throw thrown;
    }
  }

  /** Throws the first error that the device has reported, such as a shader compilation error. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  close(): void {
    removeBackend();
    this.device.destroy();
  }
}

/** Unregisters the backend of this name: either tfjs's own or the one that an earlier check registered. */
function removeBackend(): void {
  if (tf.findBackendFactory(backendName)) tf.removeBackend(backendName);
}
