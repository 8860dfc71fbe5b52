import * as tf from '@tensorflow/tfjs-core';
import { registerLossGradients } from './gradients';
import { KeptConstants } from './keptConstants';
import type { LossInputs, VectorLoss } from './vectorLoss';

/** The device of a bridge: turns arrays into tensors, and copies tensors into arrays. */
export interface LossDevice<A> {
  /** Name under which tfjs registers the backend's kernels. */
  readonly kernels: string;
  readonly backend: tf.KernelBackend;
  /** Returns the array as a tensor, which is disposed before `write` of the next run. */
  tensorOf(array: A): tf.Tensor;
  /** Copies each tensor into its array. The tensors are freed when this returns. */
  write(results: readonly (readonly [tf.Tensor, A])[]): void;
  /** Restores the settings that the device changed. */
  dispose(): void;
}

/** The arrays of a batch: unit vectors and targets to read, gradients and numbers to write. */
export interface LossArrays<A> {
  inputs: Readonly<Record<'anchors' | 'candidates', A>> & Readonly<Partial<Record<'scores' | 'teacherScores', A>>>;
  gradients: Readonly<Record<'anchors' | 'candidates', A>>;
  /** The loss and its measures, one number each. */
  numbers: readonly A[];
}

/** Name of the backend in tfjs's registry. It has no underscore, because the registry splits keys there. */
const name = 'engine';

/**
 * Computes losses written in tfjs, and their gradients, on a device that belongs to someone else. tfjs keeps backends,
 * kernels and gradients in global registries: a bridge registers its own and removes them in `dispose`. Only one bridge
 * can be open at a time.
 */
export class LossBridge<A> {
  readonly #constants = new KeptConstants();
  readonly #restoreGradients: () => void;
  readonly #before = tf.getBackend();

  private constructor(private readonly device: LossDevice<A>) {
    this.#restoreGradients = registerLossGradients(this.#constants);
  }

  /** Throws RangeError if a bridge is open. */
  static async open<A>(device: LossDevice<A>): Promise<LossBridge<A>> {
    if (tf.findBackendFactory(name)) throw new RangeError('a loss bridge is already open');
    const bridge = new LossBridge(device);
    tf.copyRegisteredKernels(device.kernels, name);
    tf.registerBackend(name, () => device.backend);
    try {
      if (!(await tf.setBackend(name))) throw new Error('tfjs did not start');
    } catch (thrown) {
      bridge.dispose();
      throw thrown;
    }
    return bridge;
  }

  /** Writes the loss, its measures and, multiplied by `gradientScale`, its gradients. Nothing is read back. */
  run(loss: VectorLoss, { inputs, gradients, numbers }: LossArrays<A>, gradientScale: number): void {
    tf.tidy(() => {
      const tensors = this.#tensorsOf(loss, inputs);
      const { anchors, candidates } = tensors;
      const value = (...[anchors, candidates]: tf.Tensor[]): tf.Scalar =>
        loss.value({ ...tensors, anchors, candidates } as LossInputs, this.#constants);
      const scale = this.#constants.number(gradientScale);
      const result = tf.valueAndGrads(value)([anchors, candidates], scale);
      const [dAnchors, dCandidates] = result.grads as [tf.Tensor, tf.Tensor]; // [B, E] and [C, E]
      const measures = loss.measure?.(tensors, this.#constants) ?? [];
      const written = [result.value, ...measures].flatMap((number, i) => {
        const into = numbers[i];
        return into === undefined ? [] : [[number, into] as const];
      });
      this.device.write([...written, [dAnchors, gradients.anchors], [dCandidates, gradients.candidates]]);
    });
  }

  #tensorsOf(loss: VectorLoss, { anchors, candidates, ...targets }: LossArrays<A>['inputs']): LossInputs {
    const read = loss.targets.flatMap((name) => {
      const array = targets[name];
      return array === undefined ? [] : [[name, this.device.tensorOf(array)] as const];
    });
    const vectors = { anchors: this.device.tensorOf(anchors), candidates: this.device.tensorOf(candidates) };
    return { ...vectors, ...Object.fromEntries(read) } as LossInputs;
  }

  /** Call before the device is closed. Frees tfjs's memory on it and makes tfjs use the previous backend again. */
  dispose(): void {
    this.#constants.dispose();
    this.#restoreGradients();
    if (tf.findBackendFactory(name)) tf.removeBackend(name);
    for (const { kernelName } of tf.getKernelsForBackend(name)) tf.unregisterKernel(kernelName, name);
    this.device.dispose();
    const before = this.#before;
    // The backend is already initialized, so tfjs switches to it immediately.
    if (before && before !== name && tf.findBackendFactory(before)) void tf.setBackend(before);
  }
}
