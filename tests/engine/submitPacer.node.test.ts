import { describe, expect, it } from 'vitest';
import { longestSubmitMs, SubmitPacer } from '../../workers/engine/gpu/submitPacer';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { matmul } from '../../workers/engine/ops/matmul/matmul';
import { defaultTiling } from '../../workers/engine/ops/matmul/choice';
import { nullDevice } from './nullDevice';
import { strict } from './support';

/** A device that does so many FLOPs a millisecond, one submit after the other, while the host records at once; and the host's clock. */
class FakeDevice {
  clock = 0;
  #busyUntil = 0;
  readonly times: number[] = [];
  constructor(public flopsPerMs: number) {}

  /** Records a step of dispatches of equal work as the engine does: full submits, then the rest. Then all callbacks come, in order. */
  step(pacer: SubmitPacer, dispatches: number, work: number): number {
    const callbacks: { at: number; done: () => void }[] = [];
    let recorded = 0;
    let submits = 0;
    const submit = (): void => {
      const ms = recorded / this.flopsPerMs;
      this.times.push(ms);
      this.#busyUntil = Math.max(this.#busyUntil, this.clock) + ms;
      const done = pacer.submitted(recorded);
      callbacks.push({ at: this.#busyUntil, done });
      recorded = 0;
      submits++;
    };
    for (let i = 0; i < dispatches; i++) {
      if (recorded > 0 && recorded + work > pacer.limit) submit();
      recorded += work;
    }
    submit();
    for (const { at, done } of callbacks) {
      this.clock = at;
      done();
    }
    this.clock = this.#busyUntil;
    return submits;
  }
}

describe('the length of a submit', () => {
  it('stays under half a second from the first step on, for slow and fast devices', () => {
    for (const gigaflops of [30, 300, 3000, 30_000]) {
      const device = new FakeDevice(gigaflops * 1e6);
      const pacer = new SubmitPacer(false, () => device.clock);
      // A step of BERT-base at 2,048 tokens: about 1,100 GFLOP in 330 dispatches.
      for (let step = 0; step < 8; step++) device.step(pacer, 330, 3.3e9);
      expect(Math.max(...device.times), `${gigaflops} GFLOP/s`).toBeLessThan(longestSubmitMs);
      expect(pacer.longestMs).toBeCloseTo(Math.max(...device.times), 6);
    }
  });

  it('grows until a fast device gets a step in a few submits', () => {
    const device = new FakeDevice(10_000 * 1e6);
    const pacer = new SubmitPacer(false, () => device.clock);
    const first = device.step(pacer, 330, 3.3e9);
    let last = 0;
    for (let step = 0; step < 5; step++) last = device.step(pacer, 330, 3.3e9);
    expect(first).toBeGreaterThan(200);
    expect(last).toBe(1);
  });

  it('shrinks at once when a device becomes slower than its submits allow', () => {
    const device = new FakeDevice(1000 * 1e6);
    const pacer = new SubmitPacer(false, () => device.clock);
    for (let step = 0; step < 5; step++) device.step(pacer, 330, 3.3e9);
    device.flopsPerMs = 100 * 1e6; // hot, or another program takes its share
    device.step(pacer, 330, 3.3e9);
    device.times.length = 0;
    device.step(pacer, 330, 3.3e9);
    expect(Math.max(...device.times)).toBeLessThan(longestSubmitMs);
  });

  it('is not learned from a submit that waited for kernels to be compiled', () => {
    let clock = 0;
    const pacer = new SubmitPacer(false, () => clock);
    const before = pacer.limit;
    const compiling = pacer.submitted(before, true);
    const next = pacer.submitted(before);
    clock = 3000;
    compiling();
    expect([pacer.limit, pacer.longestMs]).toEqual([before, 0]);
    clock = 3250;
    next();
    expect([pacer.limit, pacer.longestMs]).toEqual([before, 250]);
  });

  it('cuts what the engine records: each dispatch that does not fit begins a submit', async () => {
    const pacer = new SubmitPacer(true, () => 0);
    const gpu = new WebGpuEngine(await nullDevice(), { software: false }, strict(), pacer);
    const [a, b, y] = [gpu.pool.allocate([512, 512]), gpu.pool.allocate([512, 512]), gpu.pool.allocate([512, 512])];
    const choice = { tiling: defaultTiling(gpu.traits, 512, 512), parts: 1 };
    for (let i = 0; i < 5; i++) matmul(gpu, 'NN', a, b, y, { choice });
    gpu.commands.submit();
    // 250 ms at a GFLOP/s; a product has 2·512³ FLOPs and binds 3 MiB, weighed as 8 FLOPs a byte: 0.268 + 0.025 GFLOP.
    expect(gpu.commands.counters.submits).toBe(5);
    await gpu.commands.finished();
    gpu.dispose();
  });
});
