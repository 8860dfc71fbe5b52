import '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, expect } from 'vitest';
import { deviceWebGpu } from '../../workers/services/device/openDevice';
import type { Engine } from '../../workers/engine/engine';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { openWasmEngine } from '../../workers/engine/wasm/openWasmEngine';
import { inBrowser, wasmBase } from './environment';
import { strictReports } from './reports';
import { openTestDevice } from './testDevice';
import { openTfjsReference } from './tfjsReference';

/**
 * Kinds of engines to test. Software and hardware adapters pick different kernels, and wasm runs functions instead of
 * shaders. In the browser, software WebGPU runs both sets of kernels, and wasm is tested too; Node has only wasm.
 */
export const engineKinds = inBrowser ? (['software', 'hardware', 'wasm'] as const) : (['wasm'] as const);
const engines = new Map<string, Engine>();

/** Opens an engine of each kind and the tfjs reference for the tests of a file. Asserts that no array leaks. */
export function useEngines(): void {
  beforeAll(async () => {
    await openTfjsReference();
    engines.set('wasm', await openWasmEngine(wasmBase, 1));
    if (!inBrowser) return;
    await openTestDevice();
    const software = deviceWebGpu();
    if (!software) throw new Error('no WebGPU');
    if (engines.get('software') === software) return;
    engines.set('software', software);
    engines.set('hardware', new WebGpuEngine(software.device, { software: false }, strictReports()));
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
