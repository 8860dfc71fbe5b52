import { AppError } from '../../../src/domain/errors';
import type { MemoryBlock, BlockMemory } from '../blockMemory';

/** Address of the first array. */
export const heapBegin = 65_536;

const pageBytes = 65_536;
/** Room after each array, because vector loads may read this far past its end. */
const guardBytes = 64;
/** Alignment of addresses: one cache line. */
const alignment = 64;

class HeapBlock implements MemoryBlock {
  constructor(
    readonly at: number,
    readonly size: number,
  ) {}
}

type Hole = { at: number; size: number };

/**
 * Allocates ranges of one wasm memory, which grows as needed. Each range is taken from the smallest hole that fits, and
 * adjacent holes are merged.
 */
export class WasmHeap implements BlockMemory {
  #holes: Hole[] = [];
  #end: number;
  readonly #live = new Set<MemoryBlock>();

  /** The heap never touches memory below `begin`. */
  constructor(
    readonly memory: WebAssembly.Memory,
    begin: number,
  ) {
    this.#end = begin;
  }

  /** Allocates a block. Throws `gpu-out-of-memory` if the memory cannot grow far enough. */
  create(size: number): MemoryBlock {
    const bytes = Math.ceil((size + guardBytes) / alignment) * alignment;
    const block = new HeapBlock(this.#fromHole(bytes) ?? this.#grow(bytes), size);
    this.#live.add(block);
    return block;
  }

  /** Returns the block's address. Throws RangeError if the block belongs to another heap or has been freed. */
  addressOf(block: MemoryBlock): number {
    if (!(block instanceof HeapBlock) || !this.#live.has(block))
      throw new RangeError('the block is not allocated in this heap');
    return block.at;
  }

  destroy(block: MemoryBlock): void {
    const at = this.addressOf(block);
    this.#live.delete(block);
    const size = Math.ceil((block.size + guardBytes) / alignment) * alignment;
    const next = this.#holes.findIndex((hole) => hole.at > at);
    const index = next < 0 ? this.#holes.length : next;
    this.#holes.splice(index, 0, { at, size });
    this.#joinWithNext(index);
    this.#joinWithNext(index - 1);
    const last = this.#holes.at(-1);
    if (last && last.at + last.size === this.#end) {
      this.#end = last.at;
      this.#holes.pop();
    }
  }

  #joinWithNext(index: number): void {
    const [hole, next] = [this.#holes[index], this.#holes[index + 1]];
    if (!hole || !next || hole.at + hole.size !== next.at) return;
    hole.size += next.size;
    this.#holes.splice(index + 1, 1);
  }

  #fromHole(bytes: number): number | undefined {
    let best = -1;
    this.#holes.forEach(({ size }, i) => {
      if (size >= bytes && (best < 0 || size < (this.#holes[best]?.size ?? 0))) best = i;
    });
    const hole = this.#holes[best];
    if (!hole) return undefined;
    const { at } = hole;
    hole.at += bytes;
    hole.size -= bytes;
    if (hole.size === 0) this.#holes.splice(best, 1);
    return at;
  }

  #grow(bytes: number): number {
    const at = this.#end;
    const missing = at + bytes - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / pageBytes));
      } catch (thrown) {
        throw new AppError({ kind: 'gpu-out-of-memory', neededBytes: at + bytes }, { cause: thrown });
      }
    }
    this.#end = at + bytes;
    return at;
  }
}
