/** The engine in a worker, as in the app, with an API for the benchmark. */
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { expose } from 'comlink';
import type { EncoderConfig } from '../../src/domain/model';
import type { StoredTensor } from '../../src/domain/modelTensors';
import { trainedBy } from '../../src/domain/train/trainedParameters';
import { openDevice, deviceEngine } from '../../workers/services/device/openDevice';
import { AdamWState } from '../../workers/engine/model/adamWState';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { ParameterStore } from '../../workers/engine/model/parameterStore';
import { matmul } from '../../workers/engine/ops/matmul/matmul';
import { Trainer, type TrainerOptions } from '../../workers/engine/trainer';
import { encodeTexts } from '../../workers/services/evaluate/encodeTexts';

let model: { config: EncoderConfig; parameters: ParameterStore; trainer: Trainer } | undefined;
let steps = 0;

function layout(config: EncoderConfig): StoredTensor[] {
  let offset = 0;
  return parameterShapes(config).map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const entry = { name, shape, offset, length };
    offset += length;
    return entry;
  });
}

const ours = {
  open: (backend: 'wasm' | 'webgpu', wasmBase: string) => openDevice(backend, wasmBase),
  /** Prepares training. `frozenLayers` freezes the embeddings and this many of the lowest layers. */
  startTraining(config: EncoderConfig, frozenLayers = 0): void {
    const tensors = layout(config);
    const parameters = new ParameterStore(deviceEngine(), tensors, [
      frozenLayers > 0
        ? trainedBy({ strategy: { kind: 'full' }, frozen: { embeddings: true, layers: frozenLayers } })
        : () => true,
    ]);
    for (const { name, length } of tensors) {
      const norm = name.includes('LayerNorm.weight');
      parameters.write(
        name,
        Float32Array.from({ length }, () => (norm ? 1 : 0.07 * (Math.random() - 0.5))),
      );
    }
    const options: TrainerOptions = {
      config,
      pooling: 'mean',
      loss: infoNceLoss({ temperature: 0.05, directions: 'queryToPassage' }),
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
    };
    const trainer = new Trainer(options, parameters.segments, new AdamWState(parameters).segments);
    model = { config, parameters, trainer };
    steps = 0;
  },
  async step(anchors: TokenBatch, positives: TokenBatch): Promise<number> {
    const begin = performance.now();
    await model?.trainer.step({ anchors, candidates: positives }, 1e-4, ++steps);
    return performance.now() - begin;
  },
  /** Dispatches that the engine has counted so far. */
  dispatches: () => deviceEngine().commands.counters.dispatches,
  /** Returns the milliseconds of one product [m, k] · [n, k]ᵀ. */
  async matmul(m: number, n: number, k: number): Promise<number> {
    const { pool, commands } = deviceEngine();
    const [a, b, y] = [pool.allocate([m, k]), pool.allocate([n, k]), pool.allocate([m, n])];
    for (const array of [a, b, y]) commands.clear(array);
    await commands.read({ ...y, shape: [1] });
    const begin = performance.now();
    matmul(deviceEngine(), 'NT', a, b, y);
    await commands.read({ ...y, shape: [1] });
    const ms = performance.now() - begin;
    for (const array of [a, b, y]) pool.free(array);
    return ms;
  },
  /** Encodes all texts in the same way as an evaluation. Returns the milliseconds taken. */
  async encode(texts: TokenBatch): Promise<number> {
    if (!model) throw new Error('no model');
    const begin = performance.now();
    await encodeTexts({ ...model, pooling: 'mean' }, texts, () => Promise.resolve());
    return performance.now() - begin;
  },
};

export type Ours = typeof ours;
expose(ours);
