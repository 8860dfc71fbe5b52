import type { KernelTime } from '../../../src/domain/benchmark/kernelTime';

/** Passes per query set: WebGPU allows 4,096 queries, and a pass needs two. */
const passesPerSet = 2048;

/** Measures compute passes by timestamps at their beginning and end. Needs the feature `timestamp-query`. */
export class PassTimes {
  readonly #sets: GPUQuerySet[] = [];
  #passes = 0;

  constructor(private readonly device: GPUDevice) {}

  /** Returns the timestamp writes for the descriptor of the next pass. */
  next(): GPUComputePassTimestampWrites {
    const at = this.#passes++ % passesPerSet;
    const known = this.#sets[Math.floor((this.#passes - 1) / passesPerSet)];
    const querySet = known ?? this.device.createQuerySet({ type: 'timestamp', count: 2 * passesPerSet });
    if (!known) this.#sets.push(querySet);
    return { querySet, beginningOfPassWriteIndex: 2 * at, endOfPassWriteIndex: 2 * at + 1 };
  }

  /**
   * Ends the measurement and returns the milliseconds of each pass. All passes must have been submitted. GPU→CPU sync.
   */
  async milliseconds(): Promise<number[]> {
    const size = 16 * this.#passes;
    if (size === 0) return [];
    const { device } = this;
    const resolved = device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    const staging = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
    const encoder = device.createCommandEncoder();
    this.#sets.forEach((set, i) => {
      const passes = Math.min(passesPerSet, this.#passes - i * passesPerSet);
      encoder.resolveQuerySet(set, 0, 2 * passes, resolved, 16 * i * passesPerSet);
    });
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(GPUMapMode.READ);
      const at = new BigUint64Array(staging.getMappedRange().slice(0)); // [begin, end] per pass, in nanoseconds
      // A device may reset its timestamp counter, which would make a time negative.
      const nanoseconds = (pass: number): number => Number((at[2 * pass + 1] ?? 0n) - (at[2 * pass] ?? 0n));
      return Array.from({ length: this.#passes }, (_, pass) => Math.max(0, nanoseconds(pass)) / 1e6);
    } finally {
      for (const each of [...this.#sets, resolved, staging]) each.destroy();
    }
  }
}

/** Measures each dispatch in its own pass. */
export class KernelProfile {
  readonly #times: PassTimes;
  readonly #dispatches: Omit<KernelTime, 'count' | 'ms'>[] = [];

  constructor(device: GPUDevice) {
    this.#times = new PassTimes(device);
  }

  /** Returns the timestamp writes for the pass of this dispatch. */
  next(dispatch: Omit<KernelTime, 'count' | 'ms'>): GPUComputePassTimestampWrites {
    this.#dispatches.push(dispatch);
    return this.#times.next();
  }

  /** Returns the time per kernel name, longest first. All passes must have been submitted. GPU→CPU sync. */
  async sums(): Promise<KernelTime[]> {
    const times = await this.#times.milliseconds();
    const byName = new Map<string, KernelTime>();
    this.#dispatches.forEach(({ name, bytes, flops }, i) => {
      const sum = byName.get(name) ?? { name, count: 0, ms: 0, bytes: 0, flops: 0 };
      const ms = sum.ms + (times[i] ?? 0);
      byName.set(name, { name, count: sum.count + 1, ms, bytes: sum.bytes + bytes, flops: sum.flops + flops });
    });
    return [...byName.values()].toSorted((a, b) => b.ms - a.ms);
  }
}
