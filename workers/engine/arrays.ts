/** A block of an engine's memory, opaque to everything but that engine. */
export interface Block {
  readonly size: number;
}

/** Allocates and frees blocks. */
export interface Memory {
  create(bytes: number): Block;
  destroy(block: Block): void;
}

/**
 * Storage type of numbers: `f32` takes four bytes (float32 or uint32); `f16` is half precision and needs device
 * support.
 */
export type DType = 'f32' | 'f16';

/** A range of a block, read as a row-major array of numbers. */
export interface DeviceArray {
  readonly buffer: Block;
  /** Where the array starts in the block, in bytes. Must be a multiple of 256 if a kernel binds the array. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** `f32` if absent. */
  readonly dtype?: DType;
}

export function lengthOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

export function bytesOf({ shape, dtype }: DeviceArray): number {
  return lengthOf(shape) * bytesPerNumber(dtype);
}

function bytesPerNumber(dtype: DType | undefined): number {
  return dtype === 'f16' ? 2 : 4;
}

/** Returns a view of the array with another shape. Throws RangeError if the number of elements differs. */
export function reshaped(array: DeviceArray, shape: readonly number[]): DeviceArray {
  if (lengthOf(shape) !== lengthOf(array.shape))
    throw new RangeError(`cannot reshape [${array.shape.join()}] to [${shape.join()}]`);
  return { ...array, shape };
}

type Free = { buffer: Block; freedAt: number };

/**
 * A free buffer is reused only for arrays that fill at least this share of it: loose enough for batches of similar
 * length to share buffers.
 */
const smallestShare = 0.75;
/** Free buffers are destroyed after this many steps without use. */
const idleSteps = 3;

/**
 * Reuses buffers. A freed array's buffer may be handed out again immediately, because commands run in order. Buffers
 * are destroyed only between submits (`trim`).
 */
export class ArrayPool {
  readonly #memory: Memory;
  #free: Free[] = [];
  readonly #live = new Set<Block>();
  #rowCapacity = { rows: 0, capacity: 0 };
  #steps = 0;
  /** Bytes of all buffers, including free ones, and their peak since `resetPeak`. */
  totalBytes = 0;
  peakBytes = 0;

  constructor(memory: Memory) {
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

  allocate(shape: readonly number[], dtype: DType = 'f32'): DeviceArray {
    const { rows, capacity } = this.#rowCapacity;
    const length = shape[0] === rows && rows > 0 ? lengthOf(shape.slice(1)) * capacity : lengthOf(shape);
    const bytes = Math.max(256, Math.ceil((length * bytesPerNumber(dtype)) / 256) * 256);
    const buffer = this.#take(bytes) ?? this.#create(bytes);
    this.#live.add(buffer);
    return { buffer, offset: 0, shape, ...(dtype === 'f16' ? { dtype } : {}) };
  }

  /** Returns the array's buffer to the pool. Throws RangeError if it is already free or belongs to another pool. */
  free(array: DeviceArray): void {
    if (!this.#live.delete(array.buffer)) throw new RangeError('the array is already free or belongs to another pool');
    this.#free.push({ buffer: array.buffer, freedAt: this.#steps });
  }

  /**
   * Ends a step: destroys buffers that have been free for more than `idle` steps. Call only when all commands are
   * submitted.
   */
  trim(idle = idleSteps): void {
    this.#steps++;
    this.#free = this.#free.filter(({ buffer, freedAt }) => {
      if (this.#steps - freedAt <= idle) return true;
      this.#destroy(buffer);
      return false;
    });
  }

  dispose(): void {
    for (const { buffer } of this.#free) this.#destroy(buffer);
    for (const buffer of this.#live) this.#destroy(buffer);
    this.#free = [];
    this.#live.clear();
  }

  #take(bytes: number): Block | undefined {
    let best = -1;
    this.#free.forEach(({ buffer: { size } }, i) => {
      const fits = size >= bytes && size * smallestShare <= bytes;
      if (fits && (best < 0 || size < (this.#free[best]?.buffer.size ?? 0))) best = i;
    });
    return best < 0 ? undefined : this.#free.splice(best, 1)[0]?.buffer;
  }

  #create(size: number): Block {
    const block = this.#memory.create(size);
    this.totalBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.totalBytes);
    return block;
  }

  #destroy(block: Block): void {
    this.totalBytes -= block.size;
    this.#memory.destroy(block);
  }
}
