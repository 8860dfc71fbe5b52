import type { KernelFunctions } from './kernelFunctions';

/**
 * Threads share a job through control numbers at fixed addresses of the shared memory, below all arrays. The thread
 * that owns the engine writes a job, opens it and also works on it. Each thread takes `grain` items at a time until
 * none are left. A thread joins an open job by incrementing `inside`. The owner therefore waits only for threads that
 * joined, and never for a sleeping one.
 */
const controlAt = 32_768;
const slot = {
  sequence: 0,
  open: 1,
  call: 2,
  items: 3,
  grain: 4,
  next: 5,
  inside: 6,
  argumentCount: 7,
  failed: 8,
  quit: 9,
} as const;

const slots = 16;
/** Maximum number of threads. The scratch address of each thread is stored after the slots. */
const maxThreads = 64;
const argumentsAt = controlAt + 4 * (slots + maxThreads);
const maxArguments = 64;

/**
 * The owner gives up after two consecutive waits of this length in which no thread left the job. No kernel takes that
 * long for its share of a job.
 */
const maxWaitMs = 120_000;

/** Number of polls before an idle thread sleeps. They take about 50 µs, longer than the owner pauses between jobs. */
const polls = 20_000;

/** One thread's view of the control numbers in memory. */
export class Control {
  #numbers: Int32Array;
  #arguments: Float64Array;
  #scratch = 0;

  /** `thread` is 0 for the owner of the engine. */
  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly kernels: KernelFunctions,
    private readonly names: readonly string[],
    private readonly thread: number,
  ) {
    this.#numbers = numbersOf(memory);
    this.#arguments = argumentsOf(memory);
  }

  /** Assigns scratch memory to a thread. The owner calls this between jobs. */
  setScratch(thread: number, address: number): void {
    this.#followMemory();
    Atomics.store(this.#numbers, slots + thread, address);
  }

  /** Runs a job on the owner's thread only. */
  runAlone(name: string, values: readonly number[], items: number): void {
    this.#followMemory();
    this.#kernel(name)(...values, 0, items);
  }

  /** Runs a job on the owner's thread and on every thread that joins. Throws if a kernel threw in any of them. */
  run(name: string, values: readonly number[], items: number, grain: number): void {
    const n = this.#numbers;
    this.#arguments.set(values);
    for (const [place, value] of [
      [slot.call, this.names.indexOf(name)],
      [slot.items, items],
      [slot.grain, grain],
      [slot.next, 0],
      [slot.argumentCount, values.length],
    ] as const)
      Atomics.store(n, place, value);
    Atomics.store(n, slot.open, 1);
    Atomics.add(n, slot.sequence, 1);
    Atomics.notify(n, slot.sequence);
    let failed: number;
    try {
      this.#take();
    } finally {
      Atomics.store(n, slot.open, 0);
      this.#waitForOthers();
      failed = Atomics.exchange(n, slot.failed, 0);
    }
    if (failed) throw new RangeError(`${name} failed in another thread`);
  }

  /** Works on jobs until the owner calls `quit`. Every thread but the owner calls this. */
  serve(): void {
    const n = this.#numbers;
    let seen = 0;
    while (!Atomics.load(n, slot.quit)) {
      let left = polls;
      while (Atomics.load(n, slot.sequence) === seen && left-- > 0);
      Atomics.wait(n, slot.sequence, seen);
      seen = Atomics.load(n, slot.sequence);
      this.#enter();
    }
  }

  /** Ends `serve` in all threads. Only the owner calls this. */
  quit(): void {
    this.#followMemory();
    Atomics.store(this.#numbers, slot.quit, 1);
    Atomics.add(this.#numbers, slot.sequence, 1);
    Atomics.notify(this.#numbers, slot.sequence);
  }

  #enter(): void {
    const n = this.#numbers;
    Atomics.add(n, slot.inside, 1);
    try {
      if (Atomics.load(n, slot.open)) this.#take();
    } catch {
      // Only sets a flag, because nobody would see an error in this thread; the owner throws instead.
      Atomics.store(n, slot.failed, 1);
    } finally {
      Atomics.sub(n, slot.inside, 1);
      Atomics.notify(n, slot.inside);
    }
  }

  #take(): void {
    const n = this.#numbers;
    const kernel = this.#kernel(this.names[Atomics.load(n, slot.call)] ?? '');
    const values = [...this.#arguments.subarray(0, Atomics.load(n, slot.argumentCount))];
    const items = Atomics.load(n, slot.items);
    const grain = Atomics.load(n, slot.grain);
    for (;;) {
      const begin = Atomics.add(n, slot.next, grain);
      if (begin >= items) return;
      kernel(...values, begin, Math.min(begin + grain, items));
    }
  }

  /** Returns the function, after setting this thread's scratch memory. */
  #kernel(name: string): (...numbers: number[]) => void {
    const kernel = this.kernels[name];
    if (!kernel) throw new RangeError(`there is no wasm function named ${name}`);
    const scratch = Atomics.load(this.#numbers, slots + this.thread);
    if (scratch !== this.#scratch) this.kernels['setScratch']?.(scratch);
    this.#scratch = scratch;
    return kernel;
  }

  #waitForOthers(): void {
    const n = this.#numbers;
    let left = polls;
    let timeouts = 0;
    for (;;) {
      const inside = Atomics.load(n, slot.inside);
      if (inside === 0) return;
      if (left-- > 0) continue;
      // Give up only at the second timeout: if the machine slept, the first one may have elapsed during sleep.
      timeouts = Atomics.wait(n, slot.inside, inside, maxWaitMs) === 'timed-out' ? timeouts + 1 : 0;
      if (timeouts === 2) throw new RangeError('a wasm thread does not respond');
    }
  }

  /** Recreates the view if the memory has grown, because growing unshared memory detaches its old buffer. */
  #followMemory(): void {
    if (this.#numbers.byteLength > 0) return;
    this.#numbers = numbersOf(this.memory);
    this.#arguments = argumentsOf(this.memory);
  }
}

function numbersOf({ buffer }: WebAssembly.Memory): Int32Array {
  return new Int32Array(buffer, controlAt, slots + maxThreads);
}

function argumentsOf({ buffer }: WebAssembly.Memory): Float64Array {
  return new Float64Array(buffer, argumentsAt, maxArguments);
}
