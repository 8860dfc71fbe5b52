import { describe, expect, it } from 'vitest';
import type { BenchmarkResult } from '../../../src/domain/benchmark/benchmark';
import { benchmarkText } from '../../../src/ui/benchmark/benchmarkText';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';

const result: BenchmarkResult = {
  device: { backend: 'wasm', reason: 'wasm-chosen', adapter: null, threads: 2, simd: true },
  brief: false,
  browser: 'a browser',
  peakGflops: 20,
  fixedGflops: 20,
  measured: 0,
  subgroups: false,
  products: [],
  longestSubmitMs: 0,
  steps: [
    {
      shape: 'demo',
      stepStrategy: 'recompute',
      layers: 3,
      layersRun: 3,
      pairs: 2,
      tokens: 256,
      steps: 1,
      stepMs: 500,
      gflops: 10,
      tokensPerSecond: 512,
      bytes: 1e8,
      profile: null,
    },
  ],
  skipped: [{ shape: 'bertBase', neededBytes: 1.9e9, budgetBytes: 1e9 }],
};

describe('the benchmark text', () => {
  it('states the step strategy of each model and why a model was not measured', () => {
    const lines = benchmarkText(en, result, null, 'build').split('\n');
    expect(lines).toContainEqual(expect.stringContaining('500 ms, layers computed twice; 10 GFLOP/s'));
    expect(lines).toContain(
      'BERT-base, 12 layers × 768: not measured. It needs at least 1.9 GB of memory; the budget is 1.0 GB.',
    );
    const inChinese = benchmarkText(zh, result, null, 'build');
    expect(inChinese).toContain('每层算两遍');
    expect(inChinese).toContain('没有测量，至少需要内存 1.9 GB，预算只有 1.0 GB');
  });

  it('contains the GPU time of each step by kernel, in both languages', () => {
    const profile = [
      { name: 'adamW', count: 2, ms: 1, bytes: 2e9, flops: 0 },
      { name: 'matmul NT', count: 72, ms: 3, bytes: 3e9, flops: 6e10 },
    ];
    const [step] = result.steps;
    if (!step) throw new Error('no step');
    const onGpu: BenchmarkResult = { ...result, steps: [{ ...step, profile }] };
    const lines = benchmarkText(en, onGpu, null, 'build').split('\n');
    expect(lines.slice(-3)).toEqual([
      'GPU time by kernel, Demo model, 3 layers × 256',
      'matmul NT: 72 ×, 3 ms, 75.0%, 1,000 GB/s, 20 TFLOP/s',
      'adamW: 2 ×, 1 ms, 25.0%, 2,000 GB/s',
    ]);
    const inChinese = benchmarkText(zh, onGpu, null, 'build').split('\n');
    expect(inChinese.slice(-3)).toEqual([
      '各内核的显卡用时，演示模型，3 层 × 256',
      'matmul NT：72 ×，3 毫秒，75.0%，1,000 GB/s，20 TFLOP/s',
      'adamW：2 ×，1 毫秒，25.0%，2,000 GB/s',
    ]);
  });

  it('says why a device has no time by kernel', () => {
    expect(benchmarkText(en, result, null, 'build')).toContain(
      'GPU time by kernel, Demo model, 3 layers × 256: not measured, because kernels aren’t timed separately on a CPU.',
    );
    const webgpu = {
      ...result.device,
      backend: 'webgpu',
      adapter: { vendor: 'v', architecture: 'a', description: '' },
    };
    const untimed: BenchmarkResult = { ...result, device: webgpu as BenchmarkResult['device'] };
    expect(benchmarkText(zh, untimed, null, 'build')).toContain('没有测量，这台设备不支持时间戳查询。');
  });
});
