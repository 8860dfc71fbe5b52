import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, expect } from 'vitest';
import type { DeviceArray } from '../../workers/engine/arrays';
import { openDevice, currentWebGpu } from '../../workers/engine/device';
import type { Engine } from '../../workers/engine/engine';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { readTensor } from '../reference/engine/tensorTable';
import { openWasmEngine } from '../../workers/engine/wasm/open';
import { distance, inBrowser, norm, openReference, seededRandom, strict, wasmBase } from './support';

/** Both kinds of adapter choose kernels of their own, and wasm has its functions; software WebGPU runs all of them, Node the last. */
export const kinds = inBrowser ? (['software', 'hardware', 'wasm'] as const) : (['wasm'] as const);
const engines = new Map<string, Engine>();

/** Opens an engine of each kind, and the reference, for the tests of a file, which have to free all that they allocate. */
export function useEngines(): void {
  beforeAll(async () => {
    await openReference();
    engines.set('wasm', await openWasmEngine(wasmBase, 1));
    if (!inBrowser) return;
    await openDevice('webgpu', wasmBase);
    const software = currentWebGpu();
    if (!software) throw new Error('no WebGPU');
    engines.set('software', software);
    engines.set('hardware', new WebGpuEngine(software.device, { software: false }, strict()));
  });
  afterAll(() => {
    for (const engine of engines.values()) expect(engine.pool.liveArrays).toBe(0);
  });
}

export function engineOf(kind: string): Engine {
  const engine = engines.get(kind);
  if (!engine) throw new Error(`no ${kind}`);
  return engine;
}

/** Whole numbers and arrays of numbers from -1 to 1, the same every time. */
export function draws(seed: number) {
  const random = seededRandom(seed);
  return {
    random,
    between: (low: number, high: number): number => low + Math.floor(random() * (high - low + 1)),
    draw: (...shape: number[]): Float32Array<ArrayBuffer> =>
      Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => 2 * random() - 1),
  };
}

/** The arrays' numbers; frees the arrays. */
export async function readAll(gpu: Engine, ...arrays: DeviceArray[]): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const array of arrays) values.push(await gpu.commands.read(array));
  for (const array of new Set(arrays)) gpu.pool.free(array);
  return values;
}

/** 1e-4 of the reference's norm, and of the largest where the reference is zero but for rounding. */
export function expectClose(
  own: ArrayLike<number> | undefined,
  reference: ArrayLike<number>,
  scale = norm(reference),
): void {
  expect(distance(own ?? [], reference)).toBeLessThanOrEqual(1e-4 * norm(reference) + 1e-6 * scale);
}

/** The tensors' numbers; disposes of them. */
export async function tensorValues(...tensors: tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map(readTensor));
  tf.dispose(tensors);
  return values;
}

/** A model of which kernels know widths alone. */
export const tinyConfig = {
  layers: 1, hiddenSize: 8, heads: 2, intermediateSize: 8, typeVocabularySize: 2, layerNormEpsilon: 1e-12, hiddenDropout: 0, attentionDropout: 0,
  maxPositions: 16, vocabularySize: 31, padTokenId: 0,
}; // prettier-ignore
