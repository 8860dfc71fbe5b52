import { expect, inject } from 'vitest';
import type { TensorEntry } from '../../src/domain/model';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { ArrayPool } from '../../workers/engine/arrays';
import { checkDevice, currentEngine, currentWebGpu, openDevice } from '../../workers/engine/device';
import { releaseIdleMemory } from '../../workers/engine/engine';
import type { TokenBatch } from '../../workers/engine/model/packedTokens';
import type { Reports } from '../../workers/engine/gpu/reports';

/** Whether the suite runs on WebGPU in a browser rather than on wasm in Node. */
export const inBrowser = typeof document !== 'undefined';

/** URL of the engine's wasm modules. They are built before the tests, and moduleServer.mjs serves them. */
export const wasmBase = inject('wasmBase');

function currentPool(): ArrayPool | null {
  try {
    return currentEngine().pool;
  } catch {
    return null;
  }
}

/** Returns the bytes that the open device holds, idle buffers included, or 0 if no device is open. */
export function backendBytes(): number {
  return currentPool()?.totalBytes ?? 0;
}

/** Returns the number of arrays that were allocated and not freed, or 0 if no device is open. */
export function liveArrays(): number {
  return currentPool()?.liveArrays ?? 0;
}

/**
 * Opens the device under test: WebGPU in a browser, wasm in Node. All test files in the browser share one page and,
 * unless a test closes it, one device, because a software adapter takes seconds to compile a kernel.
 */
export async function openTestDevice(): Promise<void> {
  const open = currentWebGpu();
  if (!open) {
    await openDevice(inBrowser ? 'webgpu' : 'wasm', wasmBase);
    return;
  }
  checkDevice();
  open.plan = undefined;
  releaseIdleMemory(open);
}

/** Starts tfjs on wasm. The reference operations run there, whichever device is open. */
export async function openReference(): Promise<void> {
  const folder = 'node_modules/@tensorflow/tfjs-backend-wasm/dist/';
  setWasmPaths(inBrowser ? `/${folder}` : folder);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs wasm did not start');
}

declare module 'vitest' {
  export interface ProvidedContext {
    wasmBase: string;
    /** Number of steps of the reference run to replay (REPLAY_STEPS), or null for the default. */
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

/** Reads a file of the project, given its path from the root. */
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

/** Runs `work` and asserts that it leaks neither engine arrays nor tensors of the tfjs reference. */
export async function expectNoLeak<T>(work: () => Promise<T> | T): Promise<T> {
  const held = (): number[] => [liveArrays(), tf.engine().state.numTensors];
  const before = held();
  const result = await work();
  expect(held()).toEqual(before);
  return result;
}

/** Lays tensors out one after the other, each aligned to 64 floats (256 bytes). */
export function layout(shapes: readonly { name: string; shape: number[] }[]): TensorEntry[] {
  let offset = 0;
  return shapes.map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const entry = { name, shape, offset, length };
    offset += Math.ceil(length / 64) * 64;
    return entry;
  });
}

/** Packs token ids, one array per text, into a batch. */
export function batchOf(texts: readonly (readonly number[])[]): TokenBatch {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => (offsets[i + 1] = (offsets[i] ?? 0) + text.length));
  return { ids: Int32Array.from(texts.flat()), offsets };
}

/** Returns the Euclidean norm. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? NaN) ** 2;
  return Math.sqrt(sum);
}

/** Returns the norm of the difference. Fails the test if the lengths differ. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return norm(Array.from({ length: a.length }, (_, i) => (a[i] ?? NaN) - (b[i] ?? NaN)));
}

/** Returns the largest absolute difference. Fails the test if the lengths differ. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return largest;
}

/** Returns a generator of reproducible numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns generators of reproducible integers and of arrays of numbers in [-1, 1). */
export function draws(seed: number) {
  const random = seededRandom(seed);
  return {
    random,
    between: (low: number, high: number): number => low + Math.floor(random() * (high - low + 1)),
    draw: (...shape: number[]): Float32Array<ArrayBuffer> =>
      Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => 2 * random() - 1),
  };
}

/** Returns reports that make the next readback throw the first error of the device. */
export function strict(): Reports {
  let failure: Error | undefined;
  return {
    report: ({ message }) => void (failure ??= new Error(message)),
    check: () => {
      if (failure) throw failure;
    },
  };
}
