import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { testDeviceLiveArrays } from './testDevice';

/** Runs `work` and asserts that it leaks neither engine arrays nor tensors of the tfjs reference. */
export async function expectNoLeak<T>(work: () => Promise<T> | T): Promise<T> {
  const held = (): number[] => [testDeviceLiveArrays(), tf.engine().state.numTensors];
  const before = held();
  const result = await work();
  expect(held()).toEqual(before);
  return result;
}
