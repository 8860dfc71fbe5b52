import type { BlockMemory, MemoryBlock } from './blockMemory';
import { type ArrayDType, type DeviceArray, arrayLength, bytesPerNumber } from './arrays';

type Free = { buffer: MemoryBlock; age: number; freedAt: number };

/**
 * A free buffer is reused only for an array that fills at least this share of it, enough for batches of similar length
 * to share buffers.
 */
const minFilledShare = 0.75;

/** Free buffers are destroyed after this many steps without use. */
const maxIdleSteps = 3;

/**
 * Reuses buffers. A freed array's buffer may be handed out again immediately, because commands run in order. Buffers
 * are destroyed only between submits (`trim`).
 */
export class ArrayPool {
  readonly #memory: BlockMemory;
  #free: Free[] = [];
  /** Buffers in use, each with its creation number; older buffers have smaller numbers. */
  readonly #live = new Map<MemoryBlock, number>();
  #created = 0;
  #rowCapacity = { rows: 0, capacity: 0 };
  #steps = 0;
  /** Bytes of all buffers, including free ones, and their peak since `resetPeak`. */
  totalBytes = 0;
  peakBytes = 0;

  constructor(memory: BlockMemory) {
    this.#memory = memory;
  }

  get liveArrays(): number {
    return this.#live.size;
  }

  resetPeak(): void {
    this.peakBytes = this.totalBytes;
  }

  /**
   * While `work` runs, an array of `rows` rows gets a buffer with room for `capacity` rows. Batches and chunks of any
   * length then share buffers, and memory use is the same in every step.
   */
  withRowCapacity<T>(rows: number, capacity: number, work: () => T): T {
    const outside = this.#rowCapacity;
    this.#rowCapacity = { rows, capacity: Math.max(rows, capacity) };
    try {
      return work();
    } finally {
      this.#rowCapacity = outside;
    }
  }

  /**
   * Allocates [parts, …shape], where each part holds results for `rowsInPart` of `rows` rows. Inside `withRowCapacity`,
   * the buffer has room for the parts of `capacity` rows.
   */
  allocateParts(rows: number, rowsInPart: number, shape: readonly number[]): DeviceArray {
    const partsOf = (count: number): number => Math.max(1, Math.ceil(count / rowsInPart));
    return this.#allocate(partsOf(this.#capacityOf(rows)) * arrayLength(shape), [partsOf(rows), ...shape]);
  }

  allocate(shape: readonly number[], dtype: ArrayDType = 'f32'): DeviceArray {
    const [rows = 0] = shape;
    const length = rows > 0 ? arrayLength(shape.slice(1)) * this.#capacityOf(rows) : arrayLength(shape);
    return this.#allocate(length, shape, dtype);
  }

  /** Returns how many rows an array of `rows` rows needs room for. */
  #capacityOf(rows: number): number {
    return rows === this.#rowCapacity.rows ? this.#rowCapacity.capacity : rows;
  }

  /** Allocates an array with room for `length` numbers. */
  #allocate(length: number, shape: readonly number[], dtype: ArrayDType = 'f32'): DeviceArray {
    const bytes = Math.max(256, Math.ceil((length * bytesPerNumber(dtype)) / 256) * 256);
    const { buffer, age } = this.#take(bytes) ?? this.#create(bytes);
    this.#live.set(buffer, age);
    return { buffer, offset: 0, shape, ...(dtype === 'f16' ? { dtype } : {}) };
  }

  /**
   * Returns the array's buffer to the pool. Throws RangeError if the array is already free or belongs to another pool.
   */
  free(array: DeviceArray): void {
    const age = this.#live.get(array.buffer);
    if (age === undefined) throw new RangeError('the array is already free or belongs to another pool');
    this.#live.delete(array.buffer);
    this.#free.push({ buffer: array.buffer, age, freedAt: this.#steps });
  }

  /**
   * Ends a step and destroys buffers that have been free for more than `idle` steps. Call only when all commands are
   * submitted.
   */
  trim(idle = maxIdleSteps): void {
    this.#steps++;
    this.#free = this.#free.filter(({ buffer, freedAt }) => {
      if (this.#steps - freedAt <= idle) return true;
      this.#destroy(buffer);
      return false;
    });
  }

  dispose(): void {
    for (const { buffer } of this.#free) this.#destroy(buffer);
    for (const buffer of this.#live.keys()) this.#destroy(buffer);
    this.#free = [];
    this.#live.clear();
  }

  /**
   * Takes the smallest free buffer that fits; ties go to the oldest. Identical steps then use the same buffers for the
   * same arrays, in whatever order an earlier step freed them, so that WebGPU's bind groups can be reused.
   */
  #take(bytes: number): Pick<Free, 'buffer' | 'age'> | undefined {
    let best = -1;
    for (const [i, { buffer, age }] of this.#free.entries()) {
      const { size } = buffer;
      if (size < bytes || size * minFilledShare > bytes) continue;
      const { buffer: found, age: foundAge } = this.#free[best] ?? { buffer: { size: Infinity }, age: Infinity };
      if (size < found.size || (size === found.size && age < foundAge)) best = i;
    }
    return best < 0 ? undefined : this.#free.splice(best, 1)[0];
  }

  #create(size: number): Pick<Free, 'buffer' | 'age'> {
    const buffer = this.#memory.create(size);
    this.totalBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.totalBytes);
    return { buffer, age: this.#created++ };
  }

  #destroy(block: MemoryBlock): void {
    this.totalBytes -= block.size;
    this.#memory.destroy(block);
  }
}
