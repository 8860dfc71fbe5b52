import * as tf from '@tensorflow/tfjs-core';
import { absGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Abs_grad';
import { addGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Add_grad';
import { batchMatMulGradConfig } from '@tensorflow/tfjs-core/dist/gradients/BatchMatMul_grad';
import { concatGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Concat_grad';
import { expGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Exp_grad';
import { expandDimsGradConfig } from '@tensorflow/tfjs-core/dist/gradients/ExpandDims_grad';
import { identityGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Identity_grad';
import { multiplyGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Multiply_grad';
import { reluGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Relu_grad';
import { reshapeGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Reshape_grad';
import { sliceGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Slice_grad';
import { softplusGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Softplus_grad';
import { splitVGradConfig } from '@tensorflow/tfjs-core/dist/gradients/SplitV_grad';
import { subGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Sub_grad';
import type { Constants } from './vectorLoss';

/** Gradients of the operations that losses use. Importing all of tfjs's would make the chunk 50% larger. */
const stock = [
  absGradConfig,
  addGradConfig,
  batchMatMulGradConfig,
  concatGradConfig,
  expGradConfig,
  expandDimsGradConfig,
  identityGradConfig,
  multiplyGradConfig,
  reluGradConfig,
  reshapeGradConfig,
  sliceGradConfig,
  softplusGradConfig,
  splitVGradConfig,
  subGradConfig,
];

/**
 * Registers the gradients of the operations that losses use; tfjs-core registers none. Returns a function that restores
 * the gradients registered before, because the registry is shared with everything else that uses tfjs.
 */
export function registerLossGradients(constants: Constants): () => void {
  const configs = [...stock, ...leanGradients(constants)];
  const before = configs.map(({ kernelName }) => [kernelName, tf.getGradient(kernelName)] as const);
  for (const config of configs) tf.registerGradient(config);
  return () => {
    for (const [kernelName, config] of before) {
      if (config) tf.registerGradient(config);
      else tf.unregisterGradient(kernelName);
    }
  };
}

/**
 * Gradients of reductions and squared differences that upload nothing. In every step, tfjs's own gradients make
 * `ones(shape)` on the host or multiply by a plain number.
 */
function leanGradients(constants: Constants): tf.GradConfig[] {
  return [
    reduction(tf.Sum, () => null),
    reduction(tf.Mean, (count) => constants.number(1 / count)),
    {
      kernelName: tf.SquaredDifference,
      inputsToSave: ['a', 'b'],
      gradFunc: (dy, saved) => {
        const [a, b] = saved as [tf.Tensor, tf.Tensor];
        const da = (): tf.Tensor => tf.mul(dy as tf.Tensor, tf.mul(tf.sub(a, b), constants.number(2)));
        return { a: da, b: () => tf.neg(da()) };
      },
    },
  ];
}

/** Returns the gradient of a reduction: dy, times a factor if there is one, spread over the reduced axes. */
function reduction(kernelName: string, factor: (count: number) => tf.Scalar | null): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => {
      const [x] = saved as [tf.Tensor];
      const { axis } = attributes as { axis?: number | number[] };
      const axes = tf.util.parseAxisParam(axis ?? x.shape.map((_, i) => i), x.shape);
      const count = axes.reduce((product, each) => product * (x.shape[each] ?? 1), 1);
      const by = factor(count);
      return { x: () => spread(by ? tf.mul(dy as tf.Tensor, by) : (dy as tf.Tensor), x.shape, axes) };
    },
  };
}

function spread(dy: tf.Tensor, shape: readonly number[], axes: readonly number[]): tf.Tensor {
  const narrow = shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  const times = shape.map((side, axis) => (axes.includes(axis) ? side : 1));
  return tf.tile(tf.reshape(dy, narrow), times); // runs on the device; broadcastTo has no WebGPU kernel
}
