import type { KernelPlan } from '../../src/domain/kernelPlan';
import type { DeviceArray } from './arrays';
import type { ArrayPool } from './arrayPool';
import type { Commands } from './commands';
import type { MatrixUnits } from './matrixUnits';

/** Device properties that decide which variant of a kernel runs. */
export interface EngineTraits {
  /**
   * Whether the adapter computes on the CPU. Barriers and workgroup memory are slow there, and large register tiles are
   * fast.
   */
  software: boolean;
  /** Whether kernels are wasm functions. The rules for choosing shader tilings then do not apply. */
  wasm?: boolean;
  /** Bytes of workgroup memory that a kernel may use; the minimum that WebGPU guarantees if absent. */
  workgroupBytes?: number;
  /** Matrix units for half-precision operands, preferred ones first. */
  matrixUnits?: readonly MatrixUnits[];
}

/** A compute device as seen by operations, model and optimizer: its memory and its commands. */
export interface Engine {
  readonly traits: EngineTraits;
  readonly pool: ArrayPool;
  readonly commands: Commands;
  /** Measured tilings for the products of this run. Without a plan, the fixed rules choose. */
  readonly plan?: KernelPlan | undefined;
  /**
   * Scratch array, [scratchFloats]. Passes numbers between the kernels of one operation; its contents are undefined at
   * the start of an operation.
   */
  readonly scratch?: DeviceArray;
  /** Whether the device supports half precision. */
  readonly hasHalf?: boolean;
}
