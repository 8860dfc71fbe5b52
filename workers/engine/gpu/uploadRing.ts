/**
 * Buffers in flight: while the host fills one, the device copies from another, and one more bridges the time until the
 * host learns that a copy is done.
 */
const maxSlots = 3;

/**
 * Staging buffers for large uploads. The host writes straight into mapped memory, and a buffer is used again as soon
 * as the device has copied it: memory that is mapped for the first time is slow.
 */
export class UploadRing {
  #free: Promise<GPUBuffer>[] = [];
  #created: GPUBuffer[] = [];
  #slotBytes = 0;

  constructor(private readonly device: GPUDevice) {}

  /** Returns a mapped buffer of at least `bytes` bytes. Waits if all buffers are in flight. */
  async take(bytes: number): Promise<GPUBuffer> {
    if (bytes > this.#slotBytes) {
      this.release();
      this.#slotBytes = bytes;
    }
    if (this.#created.length === maxSlots) return this.#free.shift() ?? Promise.reject(new RangeError('no slot'));
    const usage = GPUBufferUsage.MAP_WRITE | GPUBufferUsage.COPY_SRC;
    const slot = this.device.createBuffer({ size: this.#slotBytes, usage, mappedAtCreation: true });
    this.#created.push(slot);
    return slot;
  }

  /** Gives a buffer back. The commands that copy from it must have been submitted. */
  give(slot: GPUBuffer): void {
    const mapped = slot.mapAsync(GPUMapMode.WRITE).then(() => slot);
    mapped.catch(() => undefined); // whoever takes the slot learns of it
    this.#free.push(mapped);
  }

  /** Destroys all buffers. Copies that were submitted are not disturbed. */
  release(): void {
    for (const slot of this.#created) slot.destroy();
    this.#created = [];
    this.#free = [];
    this.#slotBytes = 0;
  }
}
