import { arrayByteLength, arrayLength, type DeviceArray } from '../arrays';
import type { ArrayPool } from '../arrayPool';
import type { Commands, CommandCounters } from '../commands';
import type { HostValues } from '../hostValues';
import type { Kernel } from '../kernel';
import type { WasmHeap } from './heap';

/** Runs a function over items 0 … `items − 1`, `grain` at a time. */
type Run = (name: string, values: readonly number[], items: number, grain: number) => void;

/**
 * Number of shares per thread into which a job is divided: few enough that taking a share costs almost nothing, and
 * many enough that all threads finish at about the same time.
 */
const sharesPerThread = 4;

/** Commands of the wasm engine. Each one runs immediately. */
export class WasmCommands implements Commands {
  readonly counters: CommandCounters = { dispatches: 0, boundBytes: 0, submits: 0 };

  constructor(
    private readonly pool: ArrayPool,
    private readonly heap: WasmHeap,
    private readonly threads: number,
    private readonly run: Run,
    private readonly ensureScratch: (bytes: number) => void,
  ) {}

  dispatch<Param extends string, Read extends string, Write extends string>(
    kernel: Kernel<Param, Read, Write>,
    arrays: Readonly<Record<Read | Write, DeviceArray>>,
    params: Readonly<Record<Param, number>>,
  ): void {
    const { wasm } = kernel;
    if (!wasm) throw new RangeError(`${kernel.name} has no wasm function`);
    const names = [...kernel.reads, ...kernel.writes];
    const addresses = names.map((name) => this.#address(arrays[name]));
    const values = kernel.params.map(([name]) => params[name]);
    const items = wasm.items(params);
    if (wasm.scratchBytes) this.ensureScratch(wasm.scratchBytes(params));
    const grain = wasm.grain ?? Math.max(1, Math.ceil(items / (this.threads * sharesPerThread)));
    this.counters.dispatches++;
    for (const name of names) this.counters.boundBytes += arrayByteLength(arrays[name]);
    if (items > 0) this.run(wasm.call, [...addresses, ...values, ...(wasm.constants ?? [])], items, grain);
  }

  clear(array: DeviceArray): void {
    this.#bytes(array).fill(0);
  }

  copy(from: DeviceArray, to: DeviceArray): void {
    this.#bytes(to).set(this.#bytes(from));
  }

  write(array: DeviceArray, values: HostValues): void {
    if (values.length !== arrayLength(array.shape))
      throw new RangeError(`cannot write ${values.length} numbers to an array of shape [${array.shape.join()}]`);
    this.#bytes(array).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  fill(array: DeviceArray, values: (into: Float32Array<ArrayBuffer>) => void): Promise<void> {
    const { buffer, byteOffset, byteLength } = this.#bytes(array);
    values(new Float32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4));
    return Promise.resolve();
  }

  releaseUploads(): void {
    // `fill` keeps no memory.
  }

  upload(values: HostValues, shape: readonly number[] = [values.length]): DeviceArray {
    const array = this.pool.allocate(shape);
    this.write(array, values);
    return array;
  }

  submit(): void {
    // Every command has already run.
  }

  read(array: DeviceArray): Promise<Float32Array> {
    const bytes = this.#bytes(array);
    const values = new Float32Array(bytes.length / 4);
    new Uint8Array(values.buffer).set(bytes);
    return Promise.resolve(values);
  }

  #address({ buffer, offset }: DeviceArray): number {
    return this.heap.addressOf(buffer) + offset;
  }

  /**
   * Returns a view of the array's bytes. It is created on each call, because growing the memory replaces its buffer.
   */
  #bytes(array: DeviceArray): Uint8Array {
    return new Uint8Array(this.heap.memory.buffer, this.#address(array), arrayByteLength(array));
  }
}
