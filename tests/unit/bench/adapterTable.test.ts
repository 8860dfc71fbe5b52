import { describe, expect, it } from 'vitest';
import type { AdapterBenchmark, EngineReport, StepResult } from '../../../bench/adapter/report';
import { benchmarkTable } from '../../../bench/adapter/table';

const step: StepResult = {
  kind: 'step',
  task: 'step 16 × (24 + 104), full',
  tokens: 2048,
  precision: 'full',
  plan: 'rules',
  firstMs: 2500,
  steps: 20,
  medianMs: 73,
  minMs: 72,
  firstLoss: 2.7,
  singleMs: 80,
  gflops: 14_000,
  dispatches: 308,
  submits: 4,
  poolBytes: 2e9,
  profile: [
    { name: 'adamW', count: 2, ms: 2, bytes: 3e9, flops: 0 },
    { name: 'matmul NT', count: 72, ms: 65, bytes: 3e9, flops: 1.3e12 },
  ],
};

const node: EngineReport = {
  adapter: { vendor: 'nvidia', architecture: 'hopper', device: '', description: 'a card', features: [], limits: {} },
  runtime: 'Dawn in Node v20',
  kernels: 3,
  size: 'full',
  results: [step],
  failed: [],
  leftOut: [],
  elapsedMs: 1,
};

const benchmark = (given: Partial<AdapterBenchmark>): string[] =>
  benchmarkTable({
    format: 'recallsmith adapter benchmark 1',
    engines: [node],
    peers: [],
    missing: [],
    ...given,
  }).split('\n');

/** Returns the cells of the first line that starts with `title`. */
const cells = (lines: string[], title: string): string[] =>
  lines
    .find((line) => line.startsWith(title))
    ?.trim()
    .split(/ {2,}/) ?? [];

describe("the table of the adapter's benchmark", () => {
  it("shows the engine's runtimes and PyTorch on the same card side by side", () => {
    const browser: EngineReport = { ...node, runtime: 'Mozilla/5.0', results: [{ ...step, medianMs: 40 }] };
    const lines = benchmark({
      engines: [node, browser],
      peers: [{ task: 'step 16 × (24 + 104)', precision: 'fp32', medianMs: 45, minMs: 44 }],
    });
    expect(cells(lines, 'step 16')).toEqual([
      step.task,
      '73.0',
      '67.0',
      '2500',
      '14.0',
      '40.0',
      '67.0',
      '2500',
      '14.0',
      '45.0',
    ]);
    expect(lines[0]).toContain('nvidia, hopper, a card; Dawn in Node v20');
  });

  it('lists the time by kernel with its share and rate', () => {
    const lines = benchmark({});
    expect(cells(lines, 'matmul NT')).toEqual(['matmul NT', '72', '65.0', '97.0%', '46.2', '20.0']);
    expect(cells(lines, 'adamW')).toEqual(['adamW', '2', '2.00', '3.0%', '1500']);
  });

  it('says that there is no time by kernel if the adapter has no timestamp queries', () => {
    const lines = benchmark({ engines: [{ ...node, results: [{ ...step, profile: null }] }] });
    expect(cells(lines, 'step 16')[2]).toBe('no timestamps');
    expect(lines).toContain(`${step.task}, Dawn: no time by kernel, because the adapter has no timestamp queries`);
  });

  it('compares products with the best one and tuned products with the rule', () => {
    const rows = [
      { name: 'NN 4096 × 4096 × 4096', ms: 6, gflops: 22_000, clock: 'gpu' as const },
      { name: 'TN 768 × 768 × 2048', ms: 0.3, gflops: 11_000, clock: 'gpu' as const },
    ];
    const tuned = [{ name: 'NT', tiling: '{}', gflops: 30_000, defaultGflops: 20_000 }];
    const results: EngineReport['results'] = [
      { kind: 'products', task: 'products', plan: 'rules', rows },
      { kind: 'tuning', task: 'tuning', ms: 4000, shapes: 12, rows: tuned },
    ];
    const lines = benchmark({ engines: [{ ...node, results }] });
    expect(cells(lines, 'TN 768')).toEqual(['TN 768 × 768 × 2048', '0.300', '11000', '50%']);
    expect(cells(lines, 'NT')).toEqual(['NT', '20000', '30000']);
    expect(cells(lines, 'tuning of 1 of 12')).toEqual(['tuning of 1 of 12 products', '4000']);
  });

  it('names what failed, what was left out and what was missing', () => {
    const failed = [{ task: 'search', reason: 'out of memory' }];
    const lines = benchmark({
      engines: [{ ...node, failed, leftOut: ['encode'] }],
      missing: [{ what: 'PyTorch', reason: 'no PyTorch with CUDA' }],
    });
    expect(lines).toContain('failed in Dawn: search: out of memory');
    expect(lines).toContain('left out in Dawn, time was up: encode');
    expect(lines).toContain('not measured: PyTorch: no PyTorch with CUDA');
  });
});
