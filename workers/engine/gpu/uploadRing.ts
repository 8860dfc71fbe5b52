/**
 * Maximum number of buffers. While the host fills one, the device copies from another; the third bridges the time until
 * the host learns that a copy is done.
 */
const maxSlots = 3;

/** Returns how many bytes the buffers of a ring take after `uploads` uploads of at most `bytes` bytes each. */
export const uploadRingBytes = (bytes: number, uploads: number): number => bytes * Math.min(maxSlots, uploads);

/**
 * Staging buffers for large uploads. The host writes straight into mapped memory. A buffer is reused as soon as the
 * device has copied from it, because memory that is mapped for the first time is slow.
 */
export class UploadRing {
  #slots: GPUBuffer[] = [];
  /** Buffers whose copy has been submitted, earliest first. Each promise resolves when its buffer is mapped again. */
  #mapped: Promise<GPUBuffer>[] = [];
  #slotBytes = 0;

  constructor(private readonly device: GPUDevice) {}

  /**
   * Calls `values` to write `bytes` bytes to a buffer and `copy` to submit commands that copy from it. Waits if all
   * buffers are in flight.
   */
  async fill(
    bytes: number,
    values: (into: Float32Array<ArrayBuffer>) => void,
    copy: (from: GPUBuffer) => void,
  ): Promise<void> {
    const slot = await this.#take(bytes);
    values(new Float32Array(slot.getMappedRange(0, bytes)));
    slot.unmap();
    copy(slot);
    const mapped = slot.mapAsync(GPUMapMode.WRITE).then(() => slot);
    mapped.catch(() => undefined); // the next `fill` that takes the buffer throws the error
    this.#mapped.push(mapped);
  }

  /** Destroys all buffers. Copies that were submitted still take place. */
  release(): void {
    for (const slot of this.#slots) slot.destroy();
    this.#slots = [];
    this.#mapped = [];
    this.#slotBytes = 0;
  }

  /** Returns a mapped buffer of at least `bytes` bytes. */
  #take(bytes: number): GPUBuffer | Promise<GPUBuffer> {
    if (bytes > this.#slotBytes) {
      this.release();
      this.#slotBytes = bytes;
    }
    const earliest = this.#slots.length === maxSlots ? this.#mapped.shift() : undefined;
    if (earliest) return earliest;
    const usage = GPUBufferUsage.MAP_WRITE | GPUBufferUsage.COPY_SRC;
    const slot = this.device.createBuffer({ size: this.#slotBytes, usage, mappedAtCreation: true });
    this.#slots.push(slot);
    return slot;
  }
}
