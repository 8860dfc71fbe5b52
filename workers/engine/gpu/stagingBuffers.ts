/** Buffers of this size serve all small readbacks, such as a step's numbers. */
const smallBytes = 1024;
/** Maximum number of small buffers kept: one is read while the next two steps are under way. */
const maxKept = 3;

/** Buffers that the host maps to read from the device. Small ones are used again. */
export class StagingBuffers {
  #kept: GPUBuffer[] = [];

  constructor(private readonly device: GPUDevice) {}

  take(bytes: number): GPUBuffer {
    const kept = bytes <= smallBytes ? this.#kept.shift() : undefined;
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    return kept ?? this.device.createBuffer({ size: Math.max(smallBytes, bytes), usage });
  }

  /**
   * Returns what was copied to a buffer, and takes the buffer back. The copy must have been submitted; `check` throws
   * if it failed. GPU→CPU sync.
   */
  async read(buffer: GPUBuffer, bytes: number, check: () => Promise<void>): Promise<ArrayBuffer> {
    try {
      await buffer.mapAsync(GPUMapMode.READ, 0, bytes);
      await check();
    } catch (thrown) {
      buffer.destroy();
      await check();
      throw thrown;
    }
    const copied = buffer.getMappedRange(0, bytes).slice(0);
    this.#release(buffer, bytes);
    return copied;
  }

  dispose(): void {
    for (const buffer of this.#kept) buffer.destroy();
    this.#kept = [];
  }

  #release(buffer: GPUBuffer, bytes: number): void {
    if (bytes > smallBytes || this.#kept.length === maxKept) return buffer.destroy();
    buffer.unmap();
    this.#kept.push(buffer);
  }
}
