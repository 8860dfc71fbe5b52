import { describe, expect, it } from 'vitest';
import type { BenchmarkResult } from '../../../src/domain/benchmark/benchmark';
import { benchmarkText } from '../../../src/ui/benchmark/benchmarkText';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';

const result: BenchmarkResult = {
  device: { backend: 'wasm', reason: 'wasm-chosen', adapter: null, threads: 2, simd: true },
  browser: 'a browser',
  peakGflops: 20,
  fixedGflops: 20,
  measured: 0,
  subgroups: false,
  longestSubmitMs: 0,
  steps: [
    {
      shape: 'demo',
      way: 'recompute',
      layers: 3,
      layersRun: 3,
      pairs: 2,
      tokens: 256,
      steps: 1,
      stepMs: 500,
      gflops: 10,
      tokensPerSecond: 512,
      bytes: 1e8,
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
});
