import { describe, expect, it } from 'vitest';
import { benchmarkConfigs, type StepSpeed } from '../../../src/domain/benchmark/benchmark';
import { expectedMs } from '../../../src/domain/benchmark/expectedTime';
import type { ExpectedWork } from '../../../src/domain/benchmark/expectedWork';
import { benchmarkFailure } from '../../../src/domain/benchmark/failure';
import { forwardFlops, stepFlops } from '../../../src/domain/benchmark/flops';
import { errorSentences } from '../../../src/ui/i18n/errors';
import { matrixParameters } from '../../../src/domain/model';

const { bertBase, demo } = benchmarkConfigs;

describe('FLOPs of an encoder', () => {
  it('match the literature for BERT-base: 67 GFLOP per training sequence of 128 tokens, 290 for 512', () => {
    expect(matrixParameters(bertBase)).toBe(84_934_656);
    expect(stepFlops(bertBase, 128, 128) / 1e9).toBeCloseTo(67.0, 0);
    expect(stepFlops(bertBase, 512, 512) / 1e9).toBeCloseTo(290, 0);
  });

  it('grow in proportion to the number of tokens and layers', () => {
    expect(forwardFlops(demo, 2000, 64)).toBe(2 * forwardFlops(demo, 1000, 64));
    expect(forwardFlops({ ...demo, layers: 6 }, 1000, 64)).toBe(2 * forwardFlops(demo, 1000, 64));
  });
});

describe('the expected time of an experiment', () => {
  const speed = (shape: 'bertBase' | 'demo', gflops: number): StepSpeed => ({
    shape,
    gflops,
    stepStrategy: 'plain',
    layers: 1,
    layersRun: 1,
    pairs: 1,
    tokens: 1,
    steps: 1,
    stepMs: 1,
    tokensPerSecond: 1,
    bytes: 1,
    profile: null,
  });
  const work: ExpectedWork = {
    config: bertBase,
    steps: 100,
    stages: [{ trainingTokens: 100 * 2048, stepStrategy: 'plain' }],
    mixed: false,
    encodingTokens: 50_000,
    evaluations: 3,
    textTokens: 64,
  };

  it('counts training as three forward passes, an evaluation as one, at the speed of the most similar model', () => {
    const flops = 3 * forwardFlops(bertBase, 204_800, 64) + 3 * forwardFlops(bertBase, 50_000, 64);
    expect(expectedMs(work, [speed('demo', 200), speed('bertBase', 1000)])).toBeCloseTo(flops / 1e9, 6);
    expect(expectedMs({ ...work, config: demo }, [speed('bertBase', 1000), speed('demo', 200)])).toBeLessThan(
      expectedMs({ ...work, config: demo }, [speed('demo', 100)]) ?? 0,
    );
  });

  it('counts a second forward pass for stages that use recompute or GradCache', () => {
    const stages = (['plain', 'recompute', 'gradCache'] as const).map((stepStrategy) => ({
      trainingTokens: 1000,
      stepStrategy,
    }));
    const one = forwardFlops(bertBase, 1000, 64);
    const encoding = 3 * forwardFlops(bertBase, 50_000, 64);
    const ms = expectedMs({ ...work, stages }, [speed('bertBase', 1000)]);
    expect(ms).toBeCloseTo(((3 + 4 + 4) * one + encoding) / 1e9, 6);
    expect(stepFlops(bertBase, 1000, 64, 'recompute')).toBeCloseTo((4 / 3) * stepFlops(bertBase, 1000, 64), 0);
  });

  it('is null until a step has been measured', () => {
    expect(expectedMs(work, [])).toBeNull();
  });
});

describe('a failure during a device benchmark', () => {
  it('is described without batches or checkpoints, and an error of another kind stays unchanged', () => {
    expect(benchmarkFailure({ kind: 'gpu-out-of-memory' })).toEqual({ kind: 'benchmark-stopped', cause: 'memory' });
    expect(benchmarkFailure({ kind: 'gpu-device-lost', reason: 'gone' })).toMatchObject({
      cause: 'device',
      reason: 'gone',
    });
    const crashed = { kind: 'worker-crashed', worker: 'gpu', reason: 'gone' } as const;
    expect(benchmarkFailure(crashed)).toMatchObject({ cause: 'worker', reason: 'gone' });
    const unavailable = { kind: 'gpu-unavailable', reason: 'no-adapter' } as const;
    expect(benchmarkFailure(unavailable)).toBe(unavailable);
    for (const cause of ['device', 'worker'] as const)
      for (const sentence of Object.values(errorSentences({ kind: 'benchmark-stopped', cause, reason: 'gone' })))
        expect(sentence).not.toMatch(/batch|checkpoint|批|检查点/);
    for (const sentence of Object.values(errorSentences({ kind: 'benchmark-stopped', cause: 'memory' })))
      expect(sentence).not.toMatch(/batch|checkpoint|批大小|检查点/);
  });
});
