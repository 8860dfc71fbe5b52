import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { LossBridge, type LossDevice } from './lossBridge';

/** Numbers in the caller's memory, without a copy. */
export interface CpuLossArray {
  values: Float32Array;
  shape: readonly number[];
}

/** Opens a bridge that computes on the CPU. */
export function openCpuLosses(): Promise<LossBridge<CpuLossArray>> {
  return LossBridge.open(new CpuLossDevice());
}

/**
 * tfjs's backend in JavaScript. Vectors and gradients are copied; they are small compared with the encoder's arrays.
 */
class CpuLossDevice implements LossDevice<CpuLossArray> {
  readonly kernels = 'cpu';
  readonly backend = new MathBackendCPU();

  tensorOf({ values, shape }: CpuLossArray): tf.Tensor {
    return tf.tensor(values.slice(), [...shape], 'float32');
  }

  write(results: readonly (readonly [tf.Tensor, CpuLossArray])[]): void {
    for (const [tensor, { values }] of results) values.set(tensor.dataSync<'float32'>());
  }

  dispose(): void {
    // The bridge disposes of the backend; this device holds nothing else.
  }
}
