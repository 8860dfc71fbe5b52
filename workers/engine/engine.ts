import type { KernelPlan } from '../../src/domain/kernelPlan';
import type { ArrayPool, DeviceArray } from './arrays';
import type { Kernel } from './kernel';

/** Device properties that decide which variant of a kernel runs. */
export interface Traits {
  /**
   * Whether the adapter computes on the CPU, where barriers and workgroup memory are slow and big register tiles are
   * not.
   */
  software: boolean;
  /** Whether kernels are wasm functions. The rules for choosing shader tilings then do not apply. */
  wasm?: boolean;
}

export interface Counters {
  dispatches: number;
  /** Bytes of all bound ranges. A range counts again for each dispatch that binds it. */
  boundBytes: number;
  submits: number;
}

/** Numbers on the host, ready to be written to an array. */
export type Values = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Commands run in order: recorded ones run at `submit` or at the next readback. */
export interface Commands {
  readonly counters: Counters;
  /**
   * Records one kernel. `groups` is the total number of workgroups, or the number per dimension. No array may be both
   * read and written: WebGPU forbids it.
   */
  dispatch<Param extends string, Read extends string, Write extends string>(
    kernel: Kernel<Param, Read, Write>,
    arrays: Readonly<Record<Read | Write, DeviceArray>>,
    params: Readonly<Record<Param, number>>,
    groups: number | readonly [number, number, number],
  ): void;
  /** Sets all numbers to zero. */
  clear(array: DeviceArray): void;
  copy(from: DeviceArray, to: DeviceArray): void;
  /** Overwrites the array. Recorded commands run first, because they may still read the old numbers. */
  write(array: DeviceArray, values: Values): void;
  /** Allocates an array and writes these numbers to it. */
  upload(values: Values, shape?: readonly number[]): DeviceArray;
  submit(): void;
  /**
   * Reads the numbers back to the host, converting half precision to float32. Throws any error that the device has
   * reported. GPU→CPU sync.
   */
  read(array: DeviceArray): Promise<Float32Array>;
}

/** A compute device as operations, model and optimizer see it: its memory and its commands. */
export interface Engine {
  readonly traits: Traits;
  readonly pool: ArrayPool;
  readonly commands: Commands;
  /** Measured tilings for the products of this run. Without a plan, the fixed rules choose. */
  readonly plan?: KernelPlan | undefined;
  /**
   * Scratch array, [scratchFloats]. Passes numbers between the kernels of one operation; its contents are undefined
   * when an operation begins.
   */
  readonly scratch?: DeviceArray;
  /** Whether the device supports half precision. */
  readonly hasHalf?: boolean;
}

/** Frees unused buffers. Call between phases whose arrays have different sizes. */
export function releaseIdleMemory({ commands, pool }: Pick<Engine, 'commands' | 'pool'>): void {
  commands.submit();
  pool.trim(0);
}

/**
 * Bytes of an engine's scratch array. The engine owns the array, as it owns its uniforms, and memory plans count it.
 */
export const scratchBytes = 2 ** 22;
export const scratchFloats = scratchBytes / 4;
