/** A piece of an engine's memory; what it is, its engine alone knows. */
export interface Block {
  readonly size: number;
}

/** Where blocks come from. */
export interface Memory {
  create(bytes: number): Block;
  destroy(block: Block): void;
}

/** How an array's numbers are stored: in four bytes (float32 or uint32), or in half precision, where the device has it. */
export type DType = 'f32' | 'f16';

/** A range of a block, seen as an array of numbers, row after row. */
export interface DeviceArray {
  readonly buffer: Block;
  /** In bytes, a multiple of 256. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Four bytes a number where it is not said. */
  readonly dtype?: DType;
}

export function lengthOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

export function bytesOf({ shape, dtype }: DeviceArray): number {
  return lengthOf(shape) * bytesPerNumber(dtype);
}

export function bytesPerNumber(dtype: DType | undefined): number {
  return dtype === 'f16' ? 2 : 4;
}

/** The array's numbers under another shape of the same length. */
export function reshaped(array: DeviceArray, shape: readonly number[]): DeviceArray {
  if (lengthOf(shape) !== lengthOf(array.shape)) throw new RangeError(`[${array.shape.join()}] as [${shape.join()}]`);
  return { ...array, shape };
}

type Free = { buffer: Block; freedAt: number };

/** A free buffer may serve an array down to this share of its size: batches of about equal length find each other's buffers. */
const smallestShare = 0.75;
/** Free buffers that this many steps did not need are given back. */
const idleSteps = 3;

/**
 * Buffers that are used again. An array that is freed may be handed out at once, for commands run in order; a buffer is destroyed only
 * between submits (`trim`).
 */
export class ArrayPool {
  readonly #memory: Memory;
  #free: Free[] = [];
  readonly #live = new Set<Block>();
  #rowCapacity = { rows: 0, capacity: 0 };
  #steps = 0;
  /** Bytes of all buffers, free ones too, and the most there ever were since `resetPeak`. */
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
   * While `work` runs, an array of `rows` rows gets a buffer that would hold `capacity` rows: so batches and chunks of all lengths find each
   * other's buffers, and memory is the same in every step.
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

  /** Throws a RangeError for an array that is free already, or that is a part of another. */
  free(array: DeviceArray): void {
    if (!this.#live.delete(array.buffer)) throw new RangeError('array is not live');
    this.#free.push({ buffer: array.buffer, freedAt: this.#steps });
  }

  /** Ends a step: gives back buffers that lay idle. Call only when all commands are submitted. */
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
