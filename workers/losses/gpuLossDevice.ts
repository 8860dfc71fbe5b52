import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { LossBridge, type LossDevice } from './lossBridge';

/** A whole buffer of float32 numbers, read from its first byte. */
export interface GpuLossArray {
  buffer: GPUBuffer;
  /** Byte offset of the numbers. Must be 0 for an array that tfjs reads, because tfjs binds whole buffers. */
  offset: number;
  shape: readonly number[];
}

/** Opens a bridge on a WebGPU device, which the caller keeps and closes. */
export function openGpuLosses(device: GPUDevice): Promise<LossBridge<GpuLossArray>> {
  return LossBridge.open(new GpuLossDevice(device));
}

/**
 * tfjs on the engine's own device. Vectors and gradients stay on it. Commands run in the order of submits: the caller's
 * before `run`, then tfjs's, then the copies of the results.
 */
class GpuLossDevice implements LossDevice<GpuLossArray> {
  readonly kernels = 'webgpu';
  readonly backend: WebGPUBackend;
  readonly #restoreFlags = setFlags();

  constructor(private readonly device: GPUDevice) {
    this.backend = new WebGPUBackend(device, device.adapterInfo);
  }

  tensorOf({ buffer, offset, shape }: GpuLossArray): tf.Tensor {
    if (offset !== 0) throw new RangeError('tfjs reads whole buffers');
    return tf.tensor({ buffer, zeroCopy: true }, [...shape], 'float32');
  }

  /** Submits tfjs's commands and the copies. Later commands reuse tfjs's buffers only after these copies. */
  write(results: readonly (readonly [tf.Tensor, GpuLossArray])[]): void {
    this.backend.endComputePassEncoder(); // submitQueue does not, and submitting an open pass is invalid
    this.backend.submitQueue();
    const encoder = this.device.createCommandEncoder();
    for (const [{ dataId, size }, { buffer, offset }] of results) {
      const { resource } = this.backend.tensorMap.get(dataId);
      if (!resource || !('mapState' in resource)) throw new RangeError('a result of tfjs is not on the device');
      encoder.copyBufferToBuffer(resource, 0, buffer, offset, 4 * size);
    }
    this.device.queue.submit([encoder.finish()]);
  }

  dispose(): void {
    this.#restoreFlags();
  }
}

const flags = {
  WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE: 1e6, // one submit per loss
  WEBGPU_CPU_FORWARD: false, // no result stays on the host
  WEBGPU_MATMUL_PROGRAM_TYPE: 3, // packed: the others may add with float atomics, in any order
} as const;

/** Sets the flags of tfjs's WebGPU backend. Returns a function that restores them, because they are global. */
function setFlags(): () => void {
  const env = tf.env();
  const before = Object.keys(flags).map((flag) => [flag, env.get(flag)] as const);
  for (const [flag, value] of Object.entries(flags)) env.set(flag, value);
  return () => {
    for (const [flag, value] of before) env.set(flag, value);
  };
}
