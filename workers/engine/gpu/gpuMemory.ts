import type { MemoryBlock, BlockMemory } from '../blockMemory';

/** A GPU buffer. Keeps its size here, because reading `GPUBuffer.size` is a slow call in some implementations. */
export class GpuBlock implements MemoryBlock {
  /** Keys of the cached bind groups that bind this buffer. */
  readonly bindGroups = new Set<string>();

  constructor(
    readonly id: number,
    readonly size: number,
    readonly gpuBuffer: GPUBuffer,
  ) {}
}

/** Memory whose blocks are GPU buffers. */
export class GpuMemory implements BlockMemory {
  readonly #blocks = new Set<MemoryBlock>();
  #created = 0;
  /** Called before a block is destroyed. */
  onDestroy: (block: GpuBlock) => void = () => undefined;

  constructor(private readonly device: GPUDevice) {}

  create(size: number): MemoryBlock {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const block = new GpuBlock(this.#created++, size, this.device.createBuffer({ size, usage }));
    this.#blocks.add(block);
    return block;
  }

  /**
   * Returns the block as a GPU buffer of this memory. Throws RangeError if it belongs to another memory or has been
   * destroyed.
   */
  own(block: MemoryBlock): GpuBlock {
    if (!(block instanceof GpuBlock) || !this.#blocks.has(block))
      throw new RangeError('the block is not a buffer of this device');
    return block;
  }

  bufferOf(block: MemoryBlock): GPUBuffer {
    return this.own(block).gpuBuffer;
  }

  destroy(block: MemoryBlock): void {
    const own = this.own(block);
    this.onDestroy(own);
    own.gpuBuffer.destroy();
    this.#blocks.delete(block);
  }
}
