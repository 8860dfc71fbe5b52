import type { DeviceArray } from './arrays';
import type { HostValues } from './hostValues';
import type { Kernel } from './kernel';

export interface CommandCounters {
  dispatches: number;
  /** Bytes of all bound ranges. A range counts again for each dispatch that binds it. */
  boundBytes: number;
  submits: number;
}

/** Records commands, which run in order at `submit` or at the next readback. */
export interface Commands {
  readonly counters: CommandCounters;
  /**
   * Records a dispatch of a kernel. `groups` is the total number of workgroups, or the number per dimension. No array
   * may be both read and written, because WebGPU forbids it.
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
  write(array: DeviceArray, values: HostValues): void;
  /**
   * Overwrites the array. `values` writes directly to mapped memory of the device and must write every number, because
   * the memory holds old ones. Resolves when commands may use the array; only a few uploads are in flight at once.
   */
  fill(array: DeviceArray, values: (into: Float32Array<ArrayBuffer>) => void): Promise<void>;
  /** Releases the memory that `fill` keeps for later calls. */
  releaseUploads(): void;
  /** Allocates an array and writes these numbers to it. */
  upload(values: HostValues, shape?: readonly number[]): DeviceArray;
  submit(): void;
  /**
   * Reads the numbers back to the host, converting half precision to float32. Throws any error that the device has
   * reported. GPU→CPU sync.
   */
  read(array: DeviceArray): Promise<Float32Array>;
}
