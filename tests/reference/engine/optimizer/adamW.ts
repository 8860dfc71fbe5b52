import * as tf from '@tensorflow/tfjs-core';
import type { AdamWOptions } from '../../../../workers/engine/optimizer/adamW';

export type AdamWTensors = { parameter: tf.Tensor; m: tf.Tensor; v: tf.Tensor };

/**
 * Computes one update of AdamW (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2):
 * θ ← θ·(1 − ηλ) − (η/(1 − β₁ᵗ))·m/(√v/√(1 − β₂ᵗ) + ε). `step` is t, counted from 1; `gradientScale` is the clipping
 * factor; `decayed` says whether λ applies. The host computes the bias corrections in float64, because float32 would
 * cause a relative error of 1e-5 in v.
 */
export function adamWUpdate(
  { parameter, m, v }: AdamWTensors,
  gradient: tf.Tensor,
  options: AdamWOptions & { learningRate: number; step: number; gradientScale: number; decayed: boolean },
): AdamWTensors {
  const { beta1, beta2, epsilon, learningRate, step, gradientScale } = options;
  const shrink = options.decayed ? 1 - learningRate * options.weightDecay : 1;
  const stepSize = learningRate / (1 - beta1 ** step);
  const rootCorrection = Math.sqrt(1 - beta2 ** step);
  return tf.tidy(() => {
    const nextM = tf.add(tf.mul(m, beta1), tf.mul(gradient, (1 - beta1) * gradientScale));
    const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), (1 - beta2) * gradientScale ** 2));
    const denominator = tf.add(tf.div(tf.sqrt(nextV), rootCorrection), epsilon);
    const kept = shrink === 1 ? parameter : tf.mul(parameter, shrink);
    return { parameter: tf.sub(kept, tf.mul(tf.div(nextM, denominator), stepSize)), m: nextM, v: nextV };
  });
}
