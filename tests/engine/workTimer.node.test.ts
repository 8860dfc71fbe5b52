import { describe, expect, it } from 'vitest';
import { warmTimer, warmUp } from '../../workers/engine/tuning/warmUp';
import {
  HostTimer,
  TimestampTimer,
  type TimedGpu,
  type TimedWork,
  type WorkTimer,
} from '../../workers/engine/tuning/workTimer';

/**
 * A fake GPU with its own clock: a product takes `productMs(elapsed)`, and a submit takes `submitMs` more on the host.
 */
class FakeGpu {
  nowMs = 1000;
  readonly passes: number[] = [];
  #recorded = 0;
  #clears = 0;
  readonly now = (): number => this.nowMs;
  readonly record = (): void => void this.#recorded++;

  constructor(
    private readonly productMs: (sinceStartMs: number) => number,
    private readonly given: { submitMs?: number; timestamps?: (ms: number) => number | undefined } = {},
  ) {}

  get engine(): TimedGpu {
    const { timestamps } = this.given;
    const commands = {
      clear: () => void this.#clears++,
      finished: () => {
        const pending = this.#recorded + this.#clears;
        this.#clears = 0;
        this.#run();
        if (pending > 0) this.nowMs += this.given.submitMs ?? 0;
        return Promise.resolve();
      },
      timed: (record: () => void) => {
        record();
        this.passes.push(this.#recorded);
        const ms = this.#run();
        return Promise.resolve(timestamps?.(ms));
      },
    };
    const pool = { allocate: () => ({ buffer: { size: 4 }, offset: 0, shape: [1] }), free: () => undefined };
    const device = { features: new Set<string>(timestamps ? ['timestamp-query'] : []) };
    return { commands, pool, device };
  }

  #run(): number {
    const begun = this.nowMs;
    for (; this.#recorded > 0; this.#recorded--) this.nowMs += this.productMs(this.nowMs - 1000);
    return this.nowMs - begun;
  }
}

describe('warming up the GPU', () => {
  const slowStart = (sinceStartMs: number): number => (sinceStartMs < 80 ? 3 : 1) * 0.5;
  const work = (gpu: FakeGpu) => ({ record: gpu.record, dispatches: 1 });

  it('runs until two batches agree, and so measures the full speed of a GPU that starts slowly', async () => {
    const gpu = new FakeGpu(slowStart, { timestamps: (ms) => ms });
    const warm = await warmUp(new TimestampTimer(gpu.engine), work(gpu), gpu.now);
    expect(warm).toEqual({ ms: expect.closeTo(0.5, 3), steady: true });
    expect(gpu.nowMs - 1000).toBeLessThan(250);
  });

  it('gives up after about half a second on a GPU whose speed never settles', async () => {
    let product = 0;
    const gpu = new FakeGpu(() => 0.5 * (1 + (Math.floor(product++ / 37) % 3)), { timestamps: (ms) => ms });
    const warm = await warmUp(new TimestampTimer(gpu.engine), work(gpu), gpu.now);
    expect(warm.steady).toBe(false);
    expect(gpu.nowMs - 1000).toBeGreaterThan(450);
    expect(gpu.nowMs - 1000).toBeLessThan(650);
  });

  it('ends even if the clock stands still', async () => {
    const frozen: WorkTimer = { kind: 'timestamps', preciseMs: 10, times: () => Promise.resolve([0]) };
    const gpu = new FakeGpu(slowStart);
    expect(await warmUp(frozen, work(gpu), gpu.now)).toEqual({ ms: NaN, steady: false });
  });

  it('uses timestamps if the device has them', async () => {
    const gpu = new FakeGpu(slowStart, { timestamps: (ms) => Math.floor(ms * 10) / 10 });
    const { timer, ms } = await warmTimer(gpu.engine, work(gpu), gpu.now);
    expect([timer.kind, Math.abs(ms / 0.5 - 1) < 0.01]).toEqual(['timestamps', true]);
  });

  it.each([
    ['there are none', undefined],
    ['they are always zero', () => 0],
    ['they are in another unit', (ms: number) => 1000 * ms],
    ['they are far too short', (ms: number) => ms / 1000],
    ['they are not numbers', () => NaN],
  ])("uses the host's clock if, instead of timestamps, %s", async (_, timestamps) => {
    const gpu = new FakeGpu(slowStart, { submitMs: 4, ...(timestamps ? { timestamps } : {}) });
    const { timer, ms } = await warmTimer(gpu.engine, work(gpu), gpu.now);
    expect([timer.kind, ms]).toEqual(['host', expect.closeTo(0.5, 2)]);
  });
});

describe('timing work', () => {
  const both: TimedWork[] = [
    { record: () => undefined, dispatches: 1, repetitions: 100 },
    { record: () => undefined, dispatches: 2, repetitions: 3 },
  ];

  it('on the host subtracts the time of an empty submit', async () => {
    const gpu = new FakeGpu(() => 2, { submitMs: 7 });
    const timer = new HostTimer(gpu.engine, gpu.now);
    const works = both.map((work) => ({ ...work, record: gpu.record }));
    expect(await timer.times(works)).toEqual([expect.closeTo(2, 9), expect.closeTo(2, 9)]);
    expect(timer.preciseMs).toBe(50);
  });

  it('by timestamps splits repetitions among passes that hold no more dispatches than a submit', async () => {
    const gpu = new FakeGpu(() => 0.01, { timestamps: (ms) => ms });
    const many = { record: gpu.record, dispatches: 2, repetitions: 2500 };
    const [ms] = await new TimestampTimer(gpu.engine).times([many]);
    expect(ms).toBeCloseTo(0.01, 9);
    expect(gpu.passes).toEqual([1024, 1024, 452]);
  });
});

describe('the length of a precise pass', () => {
  it('is ten milliseconds while all timestamps are multiples of 100 µs, as in Chrome, else three', async () => {
    const work = (gpu: FakeGpu) => [{ record: gpu.record, dispatches: 1, repetitions: 100 }];
    const rounded = new FakeGpu(() => 0.0371, { timestamps: (ms) => Math.floor(10 * ms) / 10 });
    const timer = new TimestampTimer(rounded.engine);
    await timer.times(work(rounded));
    expect(timer.preciseMs).toBe(10);
    const exact = new FakeGpu(() => 0.0371, { timestamps: (ms) => ms });
    const other = new TimestampTimer(exact.engine);
    await other.times(work(exact));
    expect(other.preciseMs).toBe(3);
  });
});
