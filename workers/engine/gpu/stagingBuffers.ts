/** Larger buffers than this are not kept. A step's numbers take a few bytes. */
const maxKeptBytes = 1024;
/** Maximum number of buffers kept: one is read while the next two steps are under way. */
const maxKept = 3;

export interface StagingBuffer {
  buffer: GPUBuffer;
  bytes: number;
}

/** Buffers that the host maps to read from the device. Small ones are used again. */
export class StagingBuffers {
  #kept: StagingBuffer[] = [];

  constructor(private readonly device: GPUDevice) {}

  take(bytes: number): StagingBuffer {
    const fitting = this.#kept.findIndex((kept) => kept.bytes >= bytes);
    const [kept] = fitting < 0 ? [] : this.#kept.splice(fitting, 1);
    if (kept) return kept;
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    const size = Math.max(4, bytes);
    return { buffer: this.device.createBuffer({ size, usage }), bytes: size };
  }

  /**
   * Returns what was copied to a buffer, and takes the buffer back. The copy must have been submitted; `check` throws
   * if it failed. GPU→CPU sync.
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
    for (const { buffer } of this.#kept) buffer.destroy();
    this.#kept = [];
  }

  #release(staging: StagingBuffer): void {
    if (staging.bytes > maxKeptBytes) return staging.buffer.destroy();
    staging.buffer.unmap();
    this.#kept.push(staging);
    if (this.#kept.length > maxKept) this.#kept.shift()?.buffer.destroy();
  }
}
