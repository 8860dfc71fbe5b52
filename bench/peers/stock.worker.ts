/** Runs stock tfjs in a worker of its own. Do not change it: results are compared over time. */
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import { expose } from 'comlink';
import { StockTrainer, type Padded, type StockConfig } from './stockStep';

let trainer: StockTrainer | undefined;
let square: { a: tf.Tensor2D; b: tf.Tensor2D } | undefined;

const peer = {
  async open(backend: 'wasm' | 'webgpu', wasmBase: string): Promise<void> {
    setWasmPaths(wasmBase);
    if (!(await tf.setBackend(backend))) throw new Error(`no ${backend}`);
    tf.enableProdMode();
  },
  startTraining(config: StockConfig): void {
    trainer?.dispose();
    trainer = new StockTrainer(config);
  },
  async step(anchors: Padded, positives: Padded): Promise<number> {
    const begin = performance.now();
    await trainer?.step(anchors, positives);
    return performance.now() - begin;
  },
  /** Milliseconds of one product of two [n, n] matrices. */
  async matmul(n: number): Promise<number> {
    square ??= { a: tf.randomUniform([n, n]), b: tf.randomUniform([n, n]) };
    await square.b.data();
    const begin = performance.now();
    const y = tf.matMul(square.a, square.b);
    await y.data();
    const ms = performance.now() - begin;
    y.dispose();
    return ms;
  },
};

export type StockPeer = typeof peer;
expose(peer);
