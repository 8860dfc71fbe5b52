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

  /** Takes back a buffer that was mapped and read. */
  release(buffer: GPUBuffer, bytes: number): void {
    if (bytes > smallBytes || this.#kept.length === maxKept) return buffer.destroy();
    buffer.unmap();
    this.#kept.push(buffer);
  }

  dispose(): void {
    for (const buffer of this.#kept) buffer.destroy();
    this.#kept = [];
  }
}
