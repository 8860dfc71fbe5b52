import type { Block, Memory } from '../arrays';

/** Memory whose blocks are GPU buffers. */
export class GpuMemory implements Memory {
  readonly #buffers = new Map<Block, GPUBuffer>();

  constructor(private readonly device: GPUDevice) {}

  create(size: number): Block {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ size, usage });
    this.#buffers.set(buffer, buffer);
    return buffer;
  }

  /** Returns the block's buffer. Throws RangeError if the block belongs to another memory or has been destroyed. */
  bufferOf(block: Block): GPUBuffer {
    const buffer = this.#buffers.get(block);
    if (!buffer) throw new RangeError('the block is not a buffer of this device');
    return buffer;
  }

  destroy(block: Block): void {
    this.bufferOf(block).destroy();
    this.#buffers.delete(block);
  }
}
