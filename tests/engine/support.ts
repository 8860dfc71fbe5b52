import { expect, inject } from 'vitest';
import type { TensorEntry } from '../../src/domain/model';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { ArrayPool } from '../../workers/engine/arrays';
import { currentEngine, openDevice } from '../../workers/engine/device';
import type { TokenBatch } from '../../workers/engine/model/packedTokens';
import type { Reports } from '../../workers/engine/gpu/reports';

/** The same suites run on wasm in Node and on WebGPU in a browser. */
export const inBrowser = typeof document !== 'undefined';

/** Where the engine's wasm modules lie: built before the tests, see moduleServer.mjs. */
export const wasmBase = inject('wasmBase');

function currentPool(): ArrayPool | null {
  try {
    return currentEngine().pool;
  } catch {
    return null;
  }
}

/** Bytes that the open device holds, free buffers included; 0 without a device. */
export function backendBytes(): number {
  return currentPool()?.totalBytes ?? 0;
}

/** Arrays that nobody has freed. */
export function liveArrays(): number {
  return currentPool()?.liveArrays ?? 0;
}

export async function openTestDevice(): Promise<void> {
  await openDevice(inBrowser ? 'webgpu' : 'wasm', wasmBase);
}

/** The reference operations run on tfjs, whatever device is open. */
export async function openReference(): Promise<void> {
  const folder = 'node_modules/@tensorflow/tfjs-backend-wasm/dist/';
  setWasmPaths(inBrowser ? `/${folder}` : folder);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs wasm did not start');
}

declare module 'vitest' {
  export interface ProvidedContext {
    wasmBase: string;
    /** How many steps of the reference run are replayed, where somebody asks for another number than usual. */
    replaySteps: number | null;
  }
}

declare global {
  interface ImportMetaEnv {
    readonly PROJECT_ROOT: string;
  }
  interface ImportMeta {
    readonly env: ImportMetaEnv;
  }
}

/** Bytes of a file of the project, by its path from the root. */
export async function projectFile(path: string): Promise<ArrayBuffer> {
  if (inBrowser) {
    const response = await fetch(`/@fs${import.meta.env.PROJECT_ROOT}/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.arrayBuffer();
  }
  const { readFile } = await import('node:fs/promises');
  const bytes = await readFile(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

/** Runs the work and asserts that it left no array of the engine and no tensor of the reference behind. */
export async function expectNoLeak<T>(work: () => Promise<T> | T): Promise<T> {
  const held = (): number[] => [liveArrays(), tf.engine().state.numTensors];
  const before = held();
  const result = await work();
  expect(held()).toEqual(before);
  return result;
}

export function layout(shapes: readonly { name: string; shape: number[] }[]): TensorEntry[] {
  let offset = 0;
  return shapes.map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const entry = { name, shape, offset, length };
    offset += Math.ceil(length / 64) * 64;
    return entry;
  });
}

export function batchOf(texts: readonly (readonly number[])[]): TokenBatch {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => (offsets[i + 1] = (offsets[i] ?? 0) + text.length));
  return { ids: Int32Array.from(texts.flat()), offsets };
}

export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? NaN) ** 2;
  return Math.sqrt(sum);
}

export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return norm(Array.from({ length: a.length }, (_, i) => (a[i] ?? NaN) - (b[i] ?? NaN)));
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return largest;
}

/** Numbers in [0, 1) that are the same every time (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fails the next readback with what the device complained of first. */
export function strict(): Reports {
  let failure: Error | undefined;
  return {
    report: ({ message }) => void (failure ??= new Error(message)),
    check: () => {
      if (failure) throw failure;
    },
  };
}
