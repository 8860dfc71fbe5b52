import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { tensorErrors } from '../../src/domain/deviceCheck/tensorError';
import { float64Step } from '../../workers/reference/float64/float64Step';
import { TfjsStep } from '../../workers/reference/tfjs/tfjsStep';
import { checkStep } from '../../workers/services/deviceCheck/checkStep';

it('the step in stock tfjs has the loss and the gradients of the reference, at every run, and frees its tensors', async () => {
  expect(await tf.setBackend('cpu')).toBe(true);
  const step = checkStep('small');
  const before = tf.memory().numTensors;
  const stock = new TfjsStep(step);
  const first = await stock.run();
  const held = tf.memory().numTensors;
  const loss = await stock.run();
  expect([loss, tf.memory().numTensors]).toEqual([first, held]);
  const errors = tensorErrors({ loss, gradients: await stock.gradients() }, await float64Step(step));
  expect(errors).toHaveLength(1 + step.weights.size);
  expect(errors[0]?.error).toBeLessThan(1e-5);
  stock.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
