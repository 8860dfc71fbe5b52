import type * as tf from '@tensorflow/tfjs-core';

/** Returns a copy of the tensor's values on the host. GPU→CPU sync. */
export async function readTensor(tensor: tf.Tensor): Promise<Float32Array> {
  return (await tensor.data<'float32'>()).slice();
}
