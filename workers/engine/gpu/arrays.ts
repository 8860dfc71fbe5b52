/** A range of a buffer, seen as an array of four-byte numbers, row after row. */
export interface GpuArray {
  readonly buffer: GPUBuffer;
  /** In bytes, a multiple of 256. */
  readonly offset: number;
  readonly shape: readonly number[];
}

export function lengthOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

export function bytesOf(array: GpuArray): number {
  return lengthOf(array.shape) * 4;
}

/** The array's numbers under another shape of the same length. */
export function reshaped(array: GpuArray, shape: readonly number[]): GpuArray {
  if (lengthOf(shape) !== lengthOf(array.shape)) throw new RangeError(`[${array.shape.join()}] as [${shape.join()}]`);
  return { ...array, shape };
}

type Free = { buffer: GPUBuffer; freedAt: number };

/** A free buffer may serve an array down to this share of its size: batches of about equal length find each other's buffers. */
const smallestShare = 0.75;
/** Free buffers that this many steps did not need are given back. */
const idleSteps = 3;

/**
 * Buffers that are used again. An array that is freed may be handed out at once, for commands run in order; a buffer is destroyed only
 * between submits (`trim`).
 */
export class ArrayPool {
  readonly #device: GPUDevice;
  #free: Free[] = [];
  readonly #live = new Set<GPUBuffer>();
  #steps = 0;
  /** Bytes of all buffers, free ones too, and the most there ever were since `resetPeak`. */
  totalBytes = 0;
  peakBytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get liveArrays(): number {
    return this.#live.size;
  }

  resetPeak(): void {
    this.peakBytes = this.totalBytes;
  }

  allocate(shape: readonly number[]): GpuArray {
    const bytes = Math.max(256, Math.ceil((lengthOf(shape) * 4) / 256) * 256);
    const buffer = this.#take(bytes) ?? this.#create(bytes);
    this.#live.add(buffer);
    return { buffer, offset: 0, shape };
  }

  /** Throws a RangeError for an array that is free already, or that is a part of another. */
  free(array: GpuArray): void {
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

  #take(bytes: number): GPUBuffer | undefined {
    let best = -1;
    this.#free.forEach(({ buffer: { size } }, i) => {
      const fits = size >= bytes && size * smallestShare <= bytes;
      if (fits && (best < 0 || size < (this.#free[best]?.buffer.size ?? 0))) best = i;
    });
    return best < 0 ? undefined : this.#free.splice(best, 1)[0]?.buffer;
  }

  #create(size: number): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    this.totalBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.totalBytes);
    return this.#device.createBuffer({ size, usage });
  }

  #destroy(buffer: GPUBuffer): void {
    this.totalBytes -= buffer.size;
    buffer.destroy();
  }
}
