import type { KernelPlan } from '../../src/domain/kernelPlan';
import type { ArrayPool, DeviceArray } from './arrays';
import type { Kernel } from './kernel';

/** What kernels choose their variant by. */
export interface Traits {
  /** The adapter computes on the CPU: barriers and workgroup memory are slow there, big register tiles are not. */
  software: boolean;
  /** Kernels are wasm functions: what shaders' tilings are chosen by says nothing. */
  wasm?: boolean;
}

export interface Counters {
  dispatches: number;
  /** Bytes of the ranges that were bound, each dispatch by itself. */
  boundBytes: number;
  submits: number;
}

/** Numbers as an array takes them. */
export type Values = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Commands in order: what is recorded runs at `submit` or at the next readback at the latest. */
export interface Commands {
  readonly counters: Counters;
  /** Records one kernel. `groups`: workgroups in all, or by dimension. No array may be both read and written: WebGPU forbids it. */
  dispatch<Param extends string, Read extends string, Write extends string>(
    kernel: Kernel<Param, Read, Write>,
    arrays: Readonly<Record<Read | Write, DeviceArray>>,
    params: Readonly<Record<Param, number>>,
    groups: number | readonly [number, number, number],
  ): void;
  /** Sets all numbers to zero. */
  clear(array: DeviceArray): void;
  copy(from: DeviceArray, to: DeviceArray): void;
  /** Overwrites the array. What is recorded runs first: it may still read what lay there. */
  write(array: DeviceArray, values: Values): void;
  /** A new array with these numbers. */
  upload(values: Values, shape?: readonly number[]): DeviceArray;
  submit(): void;
  /** The numbers on the host, in float32 however they are stored. // GPU→CPU sync. Throws what the device has reported meanwhile. */
  read(array: DeviceArray): Promise<Float32Array>;
}

/** A device that computes: its memory and its commands. Operations, model and optimizer know no more of it. */
export interface Engine {
  readonly traits: Traits;
  readonly pool: ArrayPool;
  readonly commands: Commands;
  /** How this run's products are cut up; without one by fixed rules. */
  readonly plan?: KernelPlan | undefined;
  /** [scratchFloats]: numbers that an operation gives from one kernel to its next; what stands there means nothing to others. */
  readonly scratch?: DeviceArray;
  /** The device stores and reads numbers in half precision. */
  readonly hasHalf?: boolean;
}

/** Frees the buffers that no array uses, between phases whose arrays have other sizes. */
export function releaseIdleMemory({ commands, pool }: Pick<Engine, 'commands' | 'pool'>): void {
  commands.submit();
  pool.trim(0);
}

/** Size of an engine's scratch array. It belongs to the engine as its uniforms do; memory plans count it. */
export const scratchBytes = 2 ** 22;
export const scratchFloats = scratchBytes / 4;
