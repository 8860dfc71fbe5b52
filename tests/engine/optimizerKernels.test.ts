import { describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { adamWUpdate } from '../reference/engine/optimizer/adamW';
import { clipFactor } from '../reference/engine/optimizer/clipping';
import { adamW } from '../../workers/engine/optimizer/adamW';
import { engineKinds, useEngines, engineOf } from './engines';
import { takeArrays } from './takeArrays';
import { takeTensors } from './takeTensors';
import { randomDraws } from './random';
import { clipping } from '../../workers/engine/optimizer/clipping';
import { movingAverage } from '../../workers/engine/optimizer/movingAverage';
import { squarePartCount, sumSquares } from '../../workers/engine/optimizer/sumSquares';
import { distance, norm } from './differences';

useEngines();
const { draw } = randomDraws(25);

describe.each(engineKinds)('the kernels of the optimizer (%s)', (kind) => {
  const clipped = [2, 1000, 0].flatMap((clipNorm) => [true, false].map((decayed) => [clipNorm, decayed] as const));
  it.each(clipped)(
    'match the reference clipping to norm %f and AdamW step, weight decay: %s',
    async (clipNorm, decayed) => {
      const gpu = engineOf(kind);
      const length = 9000;
      const values = { weights: draw(length), gradients: draw(length), m: draw(length), v: draw(length).map(Math.abs) };
      const arrays = {
        weights: gpu.commands.upload(values.weights),
        gradients: gpu.commands.upload(values.gradients),
        m: gpu.commands.upload(values.m),
        v: gpu.commands.upload(values.v),
        numbers: gpu.commands.upload(new Float32Array(8)),
      };
      const parts = gpu.pool.allocate([squarePartCount(arrays.gradients)]);
      const options = {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0.1,
        learningRate: 0.02,
        step: 3,
        decayed,
      };
      sumSquares(gpu, arrays.gradients, parts, 0);
      clipping(gpu, parts, clipNorm, arrays.numbers, 4);
      adamW(gpu, arrays, options, 4);
      const [numbers = [], weights, m, v] = await takeArrays(gpu, arrays.numbers, arrays.weights, arrays.m, arrays.v);
      const gradientNorm = norm(values.gradients);
      expect(Math.abs((numbers[4] ?? NaN) / gradientNorm - 1)).toBeLessThan(1e-6);
      // The norm, about 55, is above the first limit and below the second; 0 turns clipping off.
      const gradientScale = clipNorm === 2 ? clipFactor(gradientNorm, 2) : 1;
      expect(numbers[5]).toBeCloseTo(gradientScale, 6);
      const next = tf.tidy(() => {
        const state = { parameter: tf.tensor1d(values.weights), m: tf.tensor1d(values.m), v: tf.tensor1d(values.v) };
        return adamWUpdate(state, tf.tensor1d(values.gradients), { ...options, gradientScale });
      });
      const expected = await takeTensors(next.parameter, next.m, next.v);
      [weights, m, v].forEach((own, i) =>
        expect(distance(own ?? [], expected[i] ?? [])).toBeLessThan(1e-6 * norm(expected[i] ?? [])),
      );
      for (const array of [arrays.gradients, parts]) gpu.pool.free(array);
    },
  );

  it('move an average towards the weights as a naive loop does, in the given ranges only', async () => {
    const gpu = engineOf(kind);
    const [weights, average] = [draw(9000), draw(9000)];
    for (const ranges of [undefined, [{ first: 8, end: 1100 }]]) {
      const arrays = {
        weights: gpu.commands.upload(weights),
        average: gpu.commands.upload(average),
        numbers: gpu.commands.upload(new Float32Array(2)),
      };
      movingAverage(gpu, arrays, 0.99, 0, ranges);
      const [after = []] = await takeArrays(gpu, arrays.average, arrays.weights, arrays.numbers);
      const { first, end } = ranges?.[0] ?? { first: 0, end: 9000 };
      average.forEach((old, i) => {
        const isIn = i >= first && i < end;
        const expected = isIn ? old + (1 - 0.99) * ((weights[i] ?? NaN) - old) : old;
        expect(Math.abs((after[i] ?? NaN) - expected), String(i)).toBeLessThanOrEqual(isIn ? 1e-6 : 0);
      });
    }
  });

  it.each([NaN, Infinity])('leave the average as it is at a step whose gradient norm is %f', async (gradientNorm) => {
    const gpu = engineOf(kind);
    const average = draw(256);
    const arrays = {
      average: gpu.commands.upload(average),
      weights: gpu.commands.upload(draw(256)),
      numbers: gpu.commands.upload(Float32Array.of(0, gradientNorm)),
    };
    movingAverage(gpu, arrays, 0.9, 1);
    const [after] = await takeArrays(gpu, arrays.average, arrays.weights, arrays.numbers);
    expect(after).toEqual(average);
  });

  it.each([NaN, Infinity])('leave all weights unchanged when the loss is %f', async (loss) => {
    const gpu = engineOf(kind);
    const weights = draw(256);
    const arrays = {
      weights: gpu.commands.upload(weights),
      gradients: gpu.commands.upload(draw(256)),
      m: gpu.commands.upload(draw(256)),
      v: gpu.commands.upload(draw(256)),
      numbers: gpu.commands.upload(Float32Array.of(loss, 0, 0, 0, 0, 0, 0, 0)),
    };
    const parts = gpu.pool.allocate([squarePartCount(arrays.gradients)]);
    sumSquares(gpu, arrays.gradients, parts, 0);
    clipping(gpu, parts, 1, arrays.numbers, 4);
    const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, learningRate: 0.02, step: 3 };
    adamW(gpu, arrays, { ...options, decayed: true }, 4);
    const [after] = await takeArrays(gpu, ...Object.values(arrays), parts);
    expect(after).toEqual(weights);
  });
});
