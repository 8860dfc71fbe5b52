import type { ArrayPool } from '../arrayPool';
import type { GpuCommands } from '../gpu/gpuCommands';

/** The parts of a WebGPU engine that timers use. */
export interface TimedGpu {
  commands: Pick<GpuCommands, 'clear' | 'finished' | 'timed'>;
  pool: Pick<ArrayPool, 'allocate' | 'free'>;
  device: { features: ReadonlySet<string> };
}

/** Work that is repeated to measure it. */
export interface TimedWork {
  /** Records one repetition, which may only contain dispatches. */
  record: () => void;
  /** Number of dispatches per repetition. */
  dispatches: number;
  repetitions: number;
}

/** How times are measured: by the GPU's own timestamps, or on the host if the device has none. */
export type TimerKind = 'timestamps' | 'host';

export interface WorkTimer {
  readonly kind: TimerKind;
  /** Minimum total duration of the repetitions for a precision of 1%. */
  readonly preciseMs: number;
  /** Times each piece of work in turn and returns its milliseconds per repetition. GPU→CPU sync. */
  times: (works: readonly TimedWork[]) => Promise<number[]>;
}

/** Browsers may round timestamps to a multiple of this many nanoseconds. */
const roundedNs = 100_000;
/** Length of a pass that is measured to within 1%, with rounded and with fine timestamps. */
const preciseTimestampMs = { rounded: 10, fine: 3 } as const;
/**
 * Length of a measurement on the host to within 1%. A submit takes a few milliseconds to reach the GPU and to be
 * reported, and that varies by some tenths of a millisecond.
 */
const preciseHostMs = 50;
/** Maximum number of dispatches in a timed pass, which are all recorded in one submit. */
const maxDispatches = 2048;

/**
 * Measures compute passes by timestamps. All passes are submitted before the first is awaited, so the GPU never idles.
 */
export class TimestampTimer implements WorkTimer {
  readonly kind = 'timestamps';
  #rounded = true;

  constructor(private readonly gpu: Pick<TimedGpu, 'commands'>) {}

  get preciseMs(): number {
    return this.#rounded ? preciseTimestampMs.rounded : preciseTimestampMs.fine;
  }

  async times(works: readonly TimedWork[]): Promise<number[]> {
    const sums = works.map((work) => Promise.all(passes(work).map((repetitions) => this.#pass(work, repetitions))));
    const times = await Promise.all(sums);
    return times.map((parts, i) => parts.reduce((sum, ms) => sum + ms, 0) / (works[i]?.repetitions ?? 1));
  }

  async #pass({ record }: TimedWork, repetitions: number): Promise<number> {
    const ms = await this.gpu.commands.timed(() => {
      for (let i = 0; i < repetitions; i++) record();
    });
    if (ms !== undefined && Math.round(ms * 1e6) % roundedNs !== 0) this.#rounded = false;
    return ms ?? NaN;
  }
}

/** Returns the repetitions of each pass, so that no pass has too many dispatches. */
function passes({ dispatches, repetitions }: TimedWork): number[] {
  const most = Math.max(1, Math.floor(maxDispatches / dispatches));
  const full = Array.from({ length: Math.floor(repetitions / most) }, () => most);
  const rest = repetitions % most;
  return rest > 0 ? [...full, rest] : full;
}

/** Number of empty submits whose median is subtracted from each time. */
const emptySubmits = 5;

/** Measures on the host, from submit until its end is reported, minus the time of an empty submit. */
export class HostTimer implements WorkTimer {
  readonly kind = 'host';
  readonly preciseMs = preciseHostMs;
  #emptyMs: number | undefined;

  constructor(
    private readonly gpu: Pick<TimedGpu, 'commands' | 'pool'>,
    private readonly now: () => number,
  ) {}

  async times(works: readonly TimedWork[]): Promise<number[]> {
    this.#emptyMs ??= await this.#measureEmpty();
    const times: number[] = [];
    for (const { record, repetitions } of works) {
      const ms = await this.#ms(() => {
        for (let i = 0; i < repetitions; i++) record();
      });
      // A shortest time above zero keeps rates finite.
      times.push(Math.max(ms - this.#emptyMs, 1e-3) / repetitions);
    }
    return times;
  }

  async #measureEmpty(): Promise<number> {
    const word = this.gpu.pool.allocate([1]);
    try {
      const times: number[] = [];
      for (let i = 0; i < emptySubmits; i++) times.push(await this.#ms(() => this.gpu.commands.clear(word)));
      return times.toSorted((a, b) => a - b)[Math.floor(emptySubmits / 2)] ?? 0;
    } finally {
      this.gpu.pool.free(word);
    }
  }

  async #ms(record: () => void): Promise<number> {
    const { commands } = this.gpu;
    await commands.finished();
    const startedAt = this.now();
    record();
    await commands.finished();
    return this.now() - startedAt;
  }
}
