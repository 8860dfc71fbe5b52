import * as tf from '@tensorflow/tfjs-core';
import golden from '../fixtures/engine/losses.json';
import type { DeviceArray } from '../../workers/engine/arrays';
import type { Engine } from '../../workers/engine/engine';
import { cosentBackward, cosentForward } from '../reference/engine/losses/cosent';
import { cosent, cosentNumberCount } from '../../workers/engine/losses/cosent';
import { infoNceBackward, infoNceForward } from '../reference/engine/losses/infoNce';
import { infoNce, infoNceLoss, infoNceNumberCount, type InfoNceRunOptions } from '../../workers/engine/losses/infoNce';
import { matryoshkaLoss, type PrefixWeight } from '../../workers/engine/losses/matryoshka';
import { freeTargets, uploadTargets, type LossTargets } from '../../workers/engine/losses/loss';
import type { LossMask } from '../../workers/engine/losses/lossMask';
import { readTensor } from '../reference/engine/readTensor';
import { engineOf } from './engines';
import { norm } from './differences';

/** Metrics of a loss, and its gradients with respect to the vectors before normalization. */
export interface Measured {
  numbers: number[];
  gradients: Float32Array[];
}

export interface Matrix {
  values: Float32Array<ArrayBuffer>;
  rows: number;
}

export interface Losses {
  infoNce(anchors: Matrix, candidates: Matrix, options: InfoNceRunOptions, leftOut?: LossMask): Promise<Measured>;
  cosent(first: Matrix, second: Matrix, scores: Float32Array<ArrayBuffer>, temperature: number): Promise<Measured>;
}

export const width = golden.width;
const tensorOf = ({ values, rows }: Matrix): tf.Tensor => tf.tensor2d(values, [rows, width]);

async function readMeasured(numbers: tf.Tensor[], gradients: tf.Tensor[]): Promise<Measured> {
  const read = (tensors: tf.Tensor[]): Promise<Float32Array[]> => Promise.all(tensors.map(readTensor));
  const measured = { numbers: (await read(numbers)).map(([x = NaN]) => x), gradients: await read(gradients) };
  tf.dispose([numbers, gradients]);
  return measured;
}

/** InfoNCE with options that the reference lacks. */
interface Kernels extends Losses {
  infoNce(
    anchors: Matrix,
    candidates: Matrix,
    options: InfoNceRunOptions,
    leftOut?: LossMask,
    guide?: LossTargets['guide'],
  ): Promise<Measured>;
  prefixes(
    anchors: Matrix,
    candidates: Matrix,
    options: InfoNceRunOptions & { matryoshka?: PrefixWeight[] | undefined },
    leftOut?: LossMask,
  ): Promise<Measured>;
}

export const reference: Losses = {
  infoNce(anchors, candidates, options, leftOut) {
    const [numbers, gradients] = tf.tidy(() => {
      const { saved, ...result } = infoNceForward(tensorOf(anchors), tensorOf(candidates), options, leftOut);
      const d = infoNceBackward(saved);
      const scalars = [result.loss, result.accuracy, result.positiveScore, result.negativeScore];
      return [scalars, [d.anchors, d.candidates]];
    });
    return readMeasured(numbers, gradients);
  },
  cosent(first, second, scores, temperature) {
    const [numbers, gradients] = tf.tidy(() => {
      const result = cosentForward(tensorOf(first), tensorOf(second), tf.tensor1d(scores), { temperature });
      const d = cosentBackward(result.saved);
      return [
        [result.loss, result.ordered],
        [d.first, d.second],
      ];
    });
    return readMeasured(numbers, gradients);
  },
};

/** Normalizes each row. `back` turns a gradient of the unit vectors into one of the original vectors. */
function normalized({ values, rows }: Matrix): {
  unit: Float32Array<ArrayBuffer>;
  back: (d: Float32Array) => Float32Array;
} {
  const row = (of: Float32Array, i: number): Float32Array => of.subarray(i * width, (i + 1) * width);
  const norms = Array.from({ length: rows }, (_, i) => norm(row(values, i)));
  const unit = values.map((x, i) => x / (norms[Math.floor(i / width)] ?? NaN));
  const back = (d: Float32Array): Float32Array =>
    d.map((x, i) => {
      const at = Math.floor(i / width);
      const radial = row(d, at).reduce((sum, y, e) => sum + y * (row(unit, at)[e] ?? NaN), 0);
      return (x - (unit[i] ?? NaN) * radial) / (norms[at] ?? NaN);
    });
  return { unit, back };
}

export function kernelsOf(kind: string): Kernels {
  const gpu = (): Engine => engineOf(kind);
  const measure = async (
    matrices: readonly [Matrix, Matrix],
    count: number,
    run: (arrays: [DeviceArray, DeviceArray], numbers: DeviceArray) => [DeviceArray, DeviceArray],
  ): Promise<Measured> => {
    const { commands, pool } = gpu();
    const [a, b] = [normalized(matrices[0]), normalized(matrices[1])];
    const arrays: [DeviceArray, DeviceArray] = [
      commands.upload(a.unit, [matrices[0].rows, width]),
      commands.upload(b.unit, [matrices[1].rows, width]),
    ];
    const numbers = pool.allocate([count]);
    const d = run(arrays, numbers);
    const measured = {
      numbers: [...(await commands.read(numbers))],
      gradients: [a.back(await commands.read(d[0])), b.back(await commands.read(d[1]))],
    };
    for (const array of [...arrays, ...d, numbers]) pool.free(array);
    return measured;
  };
  return {
    infoNce: (anchors, candidates, options, leftOut, guide) =>
      measure([anchors, candidates], infoNceNumberCount, ([a, c], numbers) => {
        const masks = uploadTargets(gpu(), { ...(leftOut && { leftOut }), ...(guide && { guide }) });
        const d = infoNce(gpu(), a, c, options, numbers, masks);
        freeTargets(gpu(), masks);
        return [d.anchors, d.candidates];
      }),
    prefixes: (anchors, candidates, { matryoshka = [], ...options }, leftOut) =>
      measure([anchors, candidates], infoNceNumberCount, ([a, c], numbers) => {
        const bits = leftOut && gpu().commands.upload(leftOut.words, leftOut.shape);
        const loss = matryoshkaLoss(infoNceLoss(options), matryoshka);
        const d = loss.run(gpu(), { anchors: a, candidates: c }, bits ? { leftOut: bits } : {}, 1, numbers);
        if (bits) gpu().pool.free(bits);
        return [d.anchors, d.candidates];
      }),
    cosent: (first, second, scores, temperature) =>
      measure([first, second], cosentNumberCount, ([a, b], numbers) => {
        const y = gpu().commands.upload(scores);
        const d = cosent(gpu(), a, b, y, { temperature }, numbers);
        gpu().pool.free(y);
        return [d.first, d.second];
      }),
  };
}
