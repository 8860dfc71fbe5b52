/** A block of an engine's memory, opaque to everything but that engine. */
export interface MemoryBlock {
  readonly size: number;
}

/** The memory of one engine, in blocks. */
export interface BlockMemory {
  create(bytes: number): MemoryBlock;
  destroy(block: MemoryBlock): void;
}
