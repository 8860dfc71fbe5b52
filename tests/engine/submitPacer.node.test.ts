import { describe, expect, it } from 'vitest';
import { maxSubmitMs, SubmitPacer } from '../../workers/engine/gpu/submitPacer';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { matmul } from '../../workers/engine/ops/matmul/matmul';
import { defaultTiling } from '../../workers/engine/ops/matmul/defaultTiling';
import { nullDevice } from './nullDevice';
import { strictReports } from './reports';

/**
 * Simulates the host's clock and a device of a given speed that runs submits one after another. Recording commands
 * takes no time.
 */
class FakeDevice {
  clock = 0;
  #busyUntil = 0;
  readonly times: number[] = [];
  constructor(public flopsPerMs: number) {}

  /**
   * Records one step of equal dispatches as the engine does: as many full submits as possible, then the rest. Runs all
   * callbacks in order and returns the number of submits.
   */
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
      if (recorded > 0 && recorded + work > pacer.maxFlops) submit();
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

describe('the submit pacer', () => {
  it('keeps submits under half a second from the first step, on slow and fast devices', () => {
    for (const gigaflops of [30, 300, 3000, 30_000]) {
      const device = new FakeDevice(gigaflops * 1e6);
      const pacer = new SubmitPacer(false, () => device.clock);
      // A step of BERT-base at 2,048 tokens: about 1,100 GFLOP in 330 dispatches.
      for (let step = 0; step < 8; step++) device.step(pacer, 330, 3.3e9);
      expect(Math.max(...device.times), `${gigaflops} GFLOP/s`).toBeLessThan(maxSubmitMs);
      expect(pacer.maxMeasuredMs).toBeCloseTo(Math.max(...device.times), 6);
    }
  });

  it('lengthens submits until a fast device runs a step in one submit', () => {
    const device = new FakeDevice(10_000 * 1e6);
    const pacer = new SubmitPacer(false, () => device.clock);
    const first = device.step(pacer, 330, 3.3e9);
    let last = 0;
    for (let step = 0; step < 5; step++) last = device.step(pacer, 330, 3.3e9);
    expect(first).toBeGreaterThan(200);
    expect(last).toBe(1);
  });

  it('shortens submits within one step when a device slows down', () => {
    const device = new FakeDevice(1000 * 1e6);
    const pacer = new SubmitPacer(false, () => device.clock);
    for (let step = 0; step < 5; step++) device.step(pacer, 330, 3.3e9);
    device.flopsPerMs = 100 * 1e6; // as if the GPU were throttled or shared with another program
    device.step(pacer, 330, 3.3e9);
    device.times.length = 0;
    device.step(pacer, 330, 3.3e9);
    expect(Math.max(...device.times)).toBeLessThan(maxSubmitMs);
  });

  it('ignores the time of a submit that waited for kernels to compile', () => {
    let clock = 0;
    const pacer = new SubmitPacer(false, () => clock);
    const before = pacer.maxFlops;
    const compiling = pacer.submitted(before, true);
    const next = pacer.submitted(before);
    clock = 3000;
    compiling();
    expect([pacer.maxFlops, pacer.maxMeasuredMs]).toEqual([before, 0]);
    clock = 3250;
    next();
    expect([pacer.maxFlops, pacer.maxMeasuredMs]).toEqual([before, 250]);
  });

  it('makes the engine start a new submit at each dispatch that does not fit the current one', async () => {
    const pacer = new SubmitPacer(true, () => 0);
    const gpu = new WebGpuEngine(await nullDevice(), { software: false }, strictReports(), pacer);
    const [a, b, y] = [gpu.pool.allocate([512, 512]), gpu.pool.allocate([512, 512]), gpu.pool.allocate([512, 512])];
    const tiling = defaultTiling(gpu.traits, { rows: 512, columns: 512, depth: 512 });
    for (let i = 0; i < 5; i++) matmul(gpu, 'NN', a, b, y, { tiling });
    gpu.commands.submit();
    // The limit is 250 ms at 1 GFLOP/s. A product has 2·512³ FLOPs and binds 3 MiB at 8 FLOPs per byte: 0.268 + 0.025
    // GFLOP.
    expect(gpu.commands.counters.submits).toBe(5);
    await gpu.commands.finished();
    gpu.dispose();
  });
});
