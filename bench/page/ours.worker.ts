/** The engine in a worker, as the app has it, with what the benchmark asks for. */
import { expose } from 'comlink';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig, TensorEntry } from '../../src/domain/model';
import { openDevice, openGpu } from '../../workers/engine/device';
import { AdamWState } from '../../workers/engine/model/adamWState';
import type { TokenBatch } from '../../workers/engine/model/packedTokens';
import { parameterShapes } from '../../workers/engine/model/names';
import { ParameterStore } from '../../workers/engine/model/parameters';
import { matmul } from '../../workers/engine/ops/matmul/matmul';
import { createTrainer, type Trainer } from '../../workers/engine/trainer';
import { encodeTexts } from '../../workers/services/evaluateModel';

let model: { config: EncoderConfig; parameters: ParameterStore; trainer: Trainer } | undefined;
let steps = 0;

function layout(config: EncoderConfig): TensorEntry[] {
  let offset = 0;
  return parameterShapes(config).map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const entry = { name, shape, offset, length };
    offset += length;
    return entry;
  });
}

/** Median of what `work` takes, after one run that is not counted. */
async function medianMs(runs: number, work: () => Promise<void>): Promise<number> {
  await work();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const begin = performance.now();
    await work();
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? NaN;
}

const ours = {
  open: (backend: 'wasm' | 'webgpu', wasmBase: string) => openDevice(backend, wasmBase),
  startTraining(config: EncoderConfig): void {
    const tensors = layout(config);
    const parameters = ParameterStore.create(tensors);
    for (const { name, length } of tensors) {
      const norm = name.includes('LayerNorm.weight');
      parameters.write(
        name,
        Float32Array.from({ length }, () => (norm ? 1 : 0.07 * (Math.random() - 0.5))),
      );
    }
    const trainer = createTrainer({
      parameters,
      config,
      adamW: AdamWState.create(parameters),
      pooling: 'mean',
      normalize: true,
      loss: { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' },
      optimizer: {
        kind: 'adamW',
        learningRate: 1e-4,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0,
        clipNorm: 1,
      },
      dropout: 0,
      seed: 1,
    });
    model = { config, parameters, trainer };
    steps = 0;
  },
  async step(anchors: TokenBatch, positives: TokenBatch): Promise<number> {
    const begin = performance.now();
    await model?.trainer.step(anchors, positives, 1e-4, ++steps);
    return performance.now() - begin;
  },
  /** Milliseconds of one product of two [n, n] matrices on WebGPU. */
  async matmul(n: number): Promise<number> {
    const gpu = openGpu();
    if (!gpu) throw new Error('not on WebGPU');
    const [a, b, y] = [0, 1, 2].map(() => gpu.pool.allocate([n, n]));
    if (!a || !b || !y) throw new Error('three matrices');
    gpu.commands.submit();
    await gpu.device.queue.onSubmittedWorkDone();
    const begin = performance.now();
    matmul(gpu, 'NT', a, b, y);
    await gpu.commands.read(y);
    const ms = performance.now() - begin;
    for (const array of [a, b, y]) gpu.pool.free(array);
    return ms;
  },
  /** The fastest of tfjs-wasm's plain products at the given shapes [m, n, k], in FLOP/s. */
  async bestWasmMatmul(shapes: readonly (readonly [number, number, number])[]): Promise<number> {
    let best = 0;
    for (const [m, n, k] of shapes) {
      const [a, b] = [tf.randomUniform([m, k]), tf.randomUniform([k, n])];
      const ms = await medianMs(5, async () => {
        const y = tf.matMul(a, b);
        await y.data();
        y.dispose();
      });
      tf.dispose([a, b]);
      best = Math.max(best, (2 * m * n * k) / ms / 1e-3);
    }
    return best;
  },
  /** Milliseconds to encode all texts as an evaluation does. */
  async encode(texts: TokenBatch): Promise<number> {
    if (!model) throw new Error('no model');
    const begin = performance.now();
    await encodeTexts({ ...model, pooling: 'mean' }, texts, () => Promise.resolve());
    return performance.now() - begin;
  },
};

export type Ours = typeof ours;
expose(ours);
