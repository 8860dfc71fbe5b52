import { describe, expect, it } from 'vitest';
import type { StepSpeed } from '../../../src/domain/benchmark/benchmark';
import { demoMs, demoWork, type Measured } from '../../../src/domain/benchmark/demoTime';
import type { DeviceInfo } from '../../../src/domain/device';
import { forwardFlops, stepFlops } from '../../../src/domain/benchmark/flops';

const { config, encodingTokens, evaluations, textTokens } = demoWork;
const trainingFlops = stepFlops(config, demoWork.stages[0]?.trainingTokens ?? NaN, textTokens);
const encodingFlops = evaluations * forwardFlops(config, encodingTokens, textTokens);

const device: DeviceInfo = { backend: 'wasm', reason: 'no-webgpu', adapter: null, threads: 4, simd: true };
const other: DeviceInfo = { ...device, backend: 'webgpu', reason: 'webgpu-chosen' };
const tokens = 10_000;
const encoding = { device, texts: 100, tokens, ms: forwardFlops(config, tokens, 100) / 20e6 };
const step = (shape: StepSpeed['shape'], gflops: number) => ({ shape, gflops }) as StepSpeed;
const benchmark = { device, brief: false, steps: [step('bertBase', 60), step('demo', 40)] };
/** The speed in GFLOP/s that the estimate uses; null without an estimate. */
const gflopsOf = (measured: Partial<Measured>): number | null => {
  const ms = demoMs({ benchmark: null, encoding: null, ...measured }, device);
  return ms === null ? null : (trainingFlops + encodingFlops) / (ms * 1e6);
};

describe('the expected time of the demo', () => {
  it('is unknown until something was measured', () => {
    expect(gflopsOf({})).toBeNull();
  });

  it('follows from the speed at which the demo model encoded texts', () => {
    expect(gflopsOf({ encoding })).toBeCloseTo(20, 6);
  });

  it('prefers the demo’s training step of a full benchmark', () => {
    expect(gflopsOf({ benchmark, encoding })).toBeCloseTo(40, 6);
  });

  it('is not taken from a brief benchmark or another model’s steps', () => {
    expect(gflopsOf({ benchmark: { ...benchmark, brief: true }, encoding })).toBeCloseTo(20, 6);
    expect(gflopsOf({ benchmark: { ...benchmark, steps: [step('bertBase', 60)] }, encoding })).toBeCloseTo(20, 6);
    expect(gflopsOf({ benchmark: { ...benchmark, steps: [step('bertBase', 60)] } })).toBeNull();
  });

  it('is not taken from what was measured on another device', () => {
    expect(gflopsOf({ benchmark: { ...benchmark, device: other }, encoding })).toBeCloseTo(20, 6);
    expect(
      gflopsOf({ benchmark: { ...benchmark, device: other }, encoding: { ...encoding, device: other } }),
    ).toBeNull();
    const preferred: DeviceInfo = { ...device, reason: 'wasm-chosen' };
    expect(gflopsOf({ encoding: { ...encoding, device: preferred } })).toBeCloseTo(20, 6);
  });
});
