import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, expect } from 'vitest';
import type { DeviceArray } from '../../workers/engine/arrays';
import { currentWebGpu } from '../../workers/engine/device';
import type { Engine } from '../../workers/engine/engine';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { readTensor } from '../reference/engine/tensorTable';
import { openWasmEngine } from '../../workers/engine/wasm/open';
import { bertConfig } from './configs';
import { distance, inBrowser, norm, openReference, openTestDevice, strict, wasmBase } from './support';

/**
 * Kinds of engines to test. Software and hardware adapters pick different kernels, and wasm has functions instead. In
 * the browser, software WebGPU runs both sets of kernels, and wasm is tested too; Node has only wasm.
 */
export const kinds = inBrowser ? (['software', 'hardware', 'wasm'] as const) : (['wasm'] as const);
const engines = new Map<string, Engine>();

/** Opens an engine of each kind and the tfjs reference for the tests of a file. Asserts that no array leaks. */
export function useEngines(): void {
  beforeAll(async () => {
    await openReference();
    engines.set('wasm', await openWasmEngine(wasmBase, 1));
    if (!inBrowser) return;
    await openTestDevice();
    const software = currentWebGpu();
    if (!software) throw new Error('no WebGPU');
    if (engines.get('software') === software) return;
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

/** Reads the arrays back and frees them. */
export async function readAll(gpu: Engine, ...arrays: DeviceArray[]): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const array of arrays) values.push(await gpu.commands.read(array));
  for (const array of new Set(arrays)) gpu.pool.free(array);
  return values;
}

/**
 * Asserts that two arrays differ by at most 1e-4 of the reference's norm plus 1e-6 of `scale`. Pass `scale` if the
 * reference may be zero up to rounding.
 */
export function expectClose(
  own: ArrayLike<number> | undefined,
  reference: ArrayLike<number>,
  scale = norm(reference),
): void {
  expect(distance(own ?? [], reference)).toBeLessThanOrEqual(1e-4 * norm(reference) + 1e-6 * scale);
}

/** Reads the tensors back and disposes of them. */
export async function tensorValues(...tensors: tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map(readTensor));
  tf.dispose(tensors);
  return values;
}

/** Config for packing tokens in kernel tests. */
export const tinyConfig = bertConfig({
  layers: 1,
  hiddenSize: 8,
  heads: 2,
  intermediateSize: 8,
  vocabularySize: 31,
  maxPositions: 16,
});
