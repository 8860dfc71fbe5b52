import type * as tf from '@tensorflow/tfjs-core';

/** Gradients by parameter name. */
export type Gradients = Record<string, tf.Tensor>;
