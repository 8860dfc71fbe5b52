/** Bytes of each pooled buffer: enough for a step's numbers. */
const smallBytes = 256;
/** Number of pooled buffers: one is read while the next two steps are in progress. */
const ringLength = 3;

interface StagingBuffer {
  buffer: GPUBuffer;
  bytes: number;
}

/**
 * Buffers that the host maps to read from the device. A few small ones are created at the start and used in turn, so
 * that a step's numbers can be read even when memory has run out.
 */
export class StagingBuffers {
  #free: StagingBuffer[];

  constructor(private readonly device: GPUDevice) {
    this.#free = Array.from({ length: ringLength }, () => this.#create(smallBytes));
  }

  take(bytes: number): StagingBuffer {
    return (bytes <= smallBytes ? this.#free.shift() : undefined) ?? this.#create(Math.max(4, bytes));
  }

  /**
   * Returns the bytes that were copied to a buffer, and takes the buffer back. The copy must have been submitted;
   * `check` throws if it failed. GPU→CPU sync.
   */
  async read(staging: StagingBuffer, bytes: number, check: () => Promise<void>): Promise<ArrayBuffer> {
    const { buffer } = staging;
    try {
      await buffer.mapAsync(GPUMapMode.READ, 0, bytes);
      await check();
    } catch (thrown) {
      buffer.destroy();
      await check();
      throw thrown;
    }
    const copied = buffer.getMappedRange(0, bytes).slice(0);
    this.#release(staging);
    return copied;
  }

  dispose(): void {
    for (const { buffer } of this.#free) buffer.destroy();
    this.#free = [];
  }

  #create(bytes: number): StagingBuffer {
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    return { buffer: this.device.createBuffer({ size: bytes, usage }), bytes };
  }

  #release(staging: StagingBuffer): void {
    if (staging.bytes !== smallBytes || this.#free.length === ringLength) return staging.buffer.destroy();
    staging.buffer.unmap();
    this.#free.push(staging);
  }
}
