import * as tf from '@tensorflow/tfjs-core';
import { readTensor } from '../reference/engine/readTensor';

/** Reads the tensors back and disposes of them. */
export async function takeTensors(...tensors: tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map(readTensor));
  tf.dispose(tensors);
  return values;
}
