import { bytesOf, lengthOf, type ArrayPool, type DeviceArray } from '../arrays';
import type { Commands, Counters, Values } from '../engine';
import type { Kernel } from '../kernel';
import type { WasmHeap } from './heap';

/** Runs a function over items 0 .. items, `grain` at a time. */
export type Run = (name: string, values: readonly number[], items: number, grain: number) => void;

/** Items that a thread takes at once: enough that taking costs nothing, little enough that all threads end together. */
const sharesPerThread = 4;

/** Commands of wasm: each is carried out at once. */
export class WasmCommands implements Commands {
  readonly counters: Counters = { dispatches: 0, boundBytes: 0, submits: 0 };

  constructor(
    private readonly pool: ArrayPool,
    private readonly heap: WasmHeap,
    private readonly threads: number,
    private readonly run: Run,
    private readonly haveScratch: (bytes: number) => void,
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
    if (wasm.scratchBytes) this.haveScratch(wasm.scratchBytes(params));
    const grain = wasm.grain ?? Math.max(1, Math.ceil(items / (this.threads * sharesPerThread)));
    this.counters.dispatches++;
    for (const name of names) this.counters.boundBytes += bytesOf(arrays[name]);
    if (items > 0) this.run(wasm.call, [...addresses, ...values, ...(wasm.constants ?? [])], items, grain);
  }

  clear(array: DeviceArray): void {
    this.#bytes(array).fill(0);
  }

  copy(from: DeviceArray, to: DeviceArray): void {
    this.#bytes(to).set(this.#bytes(from));
  }

  write(array: DeviceArray, values: Values): void {
    if (values.length !== lengthOf(array.shape))
      throw new RangeError(`${values.length} numbers for [${array.shape.join()}]`);
    this.#bytes(array).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  upload(values: Values, shape: readonly number[] = [values.length]): DeviceArray {
    const array = this.pool.allocate(shape);
    this.write(array, values);
    return array;
  }

  submit(): void {
    // Nothing is ever left to run.
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

  /** Seen anew each time: a memory that grew has another buffer. */
  #bytes(array: DeviceArray): Uint8Array {
    return new Uint8Array(this.heap.memory.buffer, this.#address(array), bytesOf(array));
  }
}
