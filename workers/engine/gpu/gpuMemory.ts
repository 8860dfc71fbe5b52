import type { MemoryBlock, BlockMemory } from '../blockMemory';

/** Memory whose blocks are GPU buffers. */
export class GpuMemory implements BlockMemory {
  readonly #buffers = new Map<MemoryBlock, GPUBuffer>();

  constructor(private readonly device: GPUDevice) {}

  create(size: number): MemoryBlock {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ size, usage });
    this.#buffers.set(buffer, buffer);
    return buffer;
  }

  /** Returns the block's buffer. Throws RangeError if the block belongs to another memory or has been destroyed. */
  bufferOf(block: MemoryBlock): GPUBuffer {
    const buffer = this.#buffers.get(block);
    if (!buffer) throw new RangeError('the block is not a buffer of this device');
    return buffer;
  }

  destroy(block: MemoryBlock): void {
    this.bufferOf(block).destroy();
    this.#buffers.delete(block);
  }
}
