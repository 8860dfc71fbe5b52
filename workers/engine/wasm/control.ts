/**
 * How threads share a job: numbers at fixed places of the shared memory, below all arrays. The thread that owns the engine writes a job, opens
 * it and works along; each thread takes `grain` items at a time until none is left. A thread enters an open job by counting itself in, so the
 * owner waits for those that entered and for no sleeping one.
 */
const controlAt = 32_768;
/** Above: arrays. */
export const heapBegin = 65_536;

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
/** Behind the slots: where each thread's own memory lies. */
const mostThreads = 64;
const argumentsAt = controlAt + 4 * (slots + mostThreads);
const mostArguments = 64;

/** A thread that is at work so long without a sign is gone: no kernel takes a share of a job that lasts longer. */
const patienceMs = 120_000;

/** Polls of a thread that found nothing to do, before it sleeps: some 50 µs, longer than the owner takes from job to job. */
const polls = 20_000;

export type Kernels = Record<string, (...numbers: number[]) => void>;

/** The memory's control numbers, as one thread sees them. */
export class Control {
  #numbers: Int32Array;
  #arguments: Float64Array;
  #scratch = 0;

  /** `thread` counts from 0, the owner. */
  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly kernels: Kernels,
    private readonly names: readonly string[],
    private readonly thread: number,
  ) {
    this.#numbers = numbersOf(memory);
    this.#arguments = argumentsOf(memory);
  }

  /** Owner, between jobs: gives a thread its own memory. */
  setScratch(thread: number, address: number): void {
    this.#followMemory();
    Atomics.store(this.#numbers, slots + thread, address);
  }

  /** Owner: carries a job out by itself. */
  runAlone(name: string, values: readonly number[], items: number): void {
    this.#followMemory();
    this.#kernel(name)(...values, 0, items);
  }

  /** Owner: carries a job out with all threads that come. Throws what a kernel threw. */
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
    if (failed) throw new RangeError(`${name} failed in a thread`);
  }

  /** Other threads: work until the owner quits. */
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

  /** Owner: ends all `serve`s. */
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
      // The owner throws it: an error in this thread would be seen by nobody.
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

  /** The function, after this thread has its memory. */
  #kernel(name: string): (...numbers: number[]) => void {
    const kernel = this.kernels[name];
    if (!kernel) throw new RangeError(`no wasm function ${name}`);
    const scratch = Atomics.load(this.#numbers, slots + this.thread);
    if (scratch !== this.#scratch) this.kernels['setScratch']?.(scratch);
    this.#scratch = scratch;
    return kernel;
  }

  #waitForOthers(): void {
    const n = this.#numbers;
    let left = polls;
    let silent = 0;
    for (;;) {
      const inside = Atomics.load(n, slot.inside);
      if (inside === 0) return;
      if (left-- > 0) continue;
      // Twice, for a machine that slept meanwhile has let the first time pass.
      silent = Atomics.wait(n, slot.inside, inside, patienceMs) === 'timed-out' ? silent + 1 : 0;
      if (silent === 2) throw new RangeError('a wasm thread does not answer');
    }
  }

  /** Memory that is not shared gives its buffer up as it grows, and these numbers with it. */
  #followMemory(): void {
    if (this.#numbers.byteLength > 0) return;
    this.#numbers = numbersOf(this.memory);
    this.#arguments = argumentsOf(this.memory);
  }
}

function numbersOf({ buffer }: WebAssembly.Memory): Int32Array {
  return new Int32Array(buffer, controlAt, slots + mostThreads);
}

function argumentsOf({ buffer }: WebAssembly.Memory): Float64Array {
  return new Float64Array(buffer, argumentsAt, mostArguments);
}
