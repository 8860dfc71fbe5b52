import { AppError } from '../../../src/domain/errors';
import { ArrayPool } from '../arrayPool';
import { arrayLength, type DeviceArray } from '../arrays';
import type { MemoryBlock } from '../blockMemory';
import type { Engine, EngineTraits } from '../engine';
import { WasmCommands } from './wasmCommands';
import type { Control } from './control';
import { heapBegin, WasmHeap } from './heap';
import { instantiateThread, type StartThread, type Thread } from './thread';
import { threadScratchBytes } from '../scratch';

/** Initial memory, in pages of 64 KiB: 4 MiB. */
const initialPages = 64;
/**
 * Maximum memory sizes to try, in pages. The first is the 4 GiB that 32-bit addresses can reach, but a browser may
 * refuse to reserve that much.
 */
const maxPages = [65_536, 32_768, 16_384];
interface WasmEngineOptions {
  module: WebAssembly.Module;
  /** Whether the module was built for memory that threads share. */
  shared: boolean;
  threads: number;
  startThread: StartThread;
}

/**
 * The CPU engine: AssemblyScript kernels whose items are split among threads. Every thread computes an item in the same
 * way, so results are bit-identical for any number of threads.
 */
export class WasmEngine implements Engine {
  readonly traits: EngineTraits = { software: true, wasm: true };
  readonly pool: ArrayPool;
  readonly commands: WasmCommands;
  readonly #heap: WasmHeap;
  readonly #control: Control;
  readonly #threads: Thread[] = [];
  readonly #scratch: MemoryBlock[] = [];

  private constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly options: WasmEngineOptions,
  ) {
    this.#heap = new WasmHeap(memory, heapBegin);
    this.pool = new ArrayPool(this.#heap);
    this.#control = instantiateThread({ module: options.module, memory, thread: 0 });
    this.#ensureScratch(threadScratchBytes);
    const run = (name: string, values: readonly number[], items: number, grain: number): void => {
      if (this.#threads.length > 0 && items > grain) this.#control.run(name, values, items, grain);
      else this.#control.runAlone(name, values, items);
    };
    this.commands = new WasmCommands(this.pool, this.#heap, this.#threadCount, run, (bytes) =>
      this.#ensureScratch(bytes),
    );
  }

  static async open(options: WasmEngineOptions): Promise<WasmEngine> {
    const engine = new WasmEngine(reserve(options.shared), options);
    const { module, startThread } = options;
    try {
      for (let thread = 1; thread < engine.#threadCount; thread++)
        engine.#threads.push(await startThread({ module, memory: engine.memory, thread }));
    } catch (thrown) {
      engine.dispose();
      throw thrown;
    }
    return engine;
  }

  dispose(): void {
    this.#control.quit();
    for (const thread of this.#threads.splice(0)) thread.stop();
    this.pool.dispose();
  }

  /** Returns a view of the array's numbers, which is valid until the next allocation. */
  valuesOf({ buffer, offset, shape }: DeviceArray): Float32Array {
    return new Float32Array(this.memory.buffer, this.#heap.addressOf(buffer) + offset, arrayLength(shape));
  }

  get #threadCount(): number {
    return this.options.shared ? this.options.threads : 1;
  }

  /**
   * Grows the scratch memory of every thread to at least `bytes` bytes. If that fails, throws and leaves every thread
   * with its old memory.
   */
  #ensureScratch(bytes: number): void {
    if ((this.#scratch[0]?.size ?? 0) >= bytes) return;
    const blocks: MemoryBlock[] = [];
    try {
      while (blocks.length < this.#threadCount) blocks.push(this.#heap.create(bytes));
    } catch (thrown) {
      for (const block of blocks) this.#heap.destroy(block);
      throw thrown;
    }
    for (const block of this.#scratch.splice(0, Infinity, ...blocks)) this.#heap.destroy(block);
    blocks.forEach((block, thread) => this.#control.setScratch(thread, this.#heap.addressOf(block)));
  }
}

function reserve(shared: boolean): WebAssembly.Memory {
  let refused: unknown;
  for (const maximum of maxPages) {
    try {
      return new WebAssembly.Memory({ initial: initialPages, maximum, shared });
    } catch (thrown) {
      refused = thrown;
    }
  }
  throw new AppError({ kind: 'gpu-out-of-memory' }, { cause: refused });
}
