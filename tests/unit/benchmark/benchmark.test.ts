import { describe, expect, it } from 'vitest';
import {
  benchmarkConfigs,
  estimateTokens,
  expectedMs,
  type ExpectedWork,
  type StepSpeed,
} from '../../../src/domain/benchmark/benchmark';
import { forwardFlops, multipliedWeights, stepFlops } from '../../../src/domain/benchmark/flops';

const { bertBase, demo } = benchmarkConfigs;

describe('FLOPs of an encoder', () => {
  it('are those of the literature for BERT-base: 85 M multiplied weights, 67 GFLOP a training sequence of 128 tokens, 290 of 512', () => {
    expect(multipliedWeights(bertBase)).toBe(84_934_656);
    expect(stepFlops(bertBase, 128, 128) / 1e9).toBeCloseTo(67.0, 0);
    expect(stepFlops(bertBase, 512, 512) / 1e9).toBeCloseTo(290, 0);
  });

  it('grow in proportion to tokens and layers', () => {
    expect(forwardFlops(demo, 2000, 64)).toBe(2 * forwardFlops(demo, 1000, 64));
    expect(forwardFlops({ ...demo, layers: 6 }, 1000, 64)).toBe(2 * forwardFlops(demo, 1000, 64));
  });
});

describe('the expected time of an experiment', () => {
  const speed = (shape: 'bertBase' | 'demo', gflops: number): StepSpeed => ({
    shape, gflops, layers: 1, layersRun: 1, pairs: 1, tokens: 1, steps: 1, stepMs: 1, tokensPerSecond: 1, bytes: 1,
  }); // prettier-ignore
  const work: ExpectedWork = {
    config: bertBase, steps: 100, trainingTokens: 100 * 2048, encodingTokens: 50_000, evaluations: 3, textTokens: 64,
  }; // prettier-ignore

  it('is its FLOPs, three times forward in training and once a reading, at the speed of the model most like its own', () => {
    const flops = 3 * forwardFlops(bertBase, 204_800, 64) + 3 * forwardFlops(bertBase, 50_000, 64);
    expect(expectedMs(work, [speed('demo', 200), speed('bertBase', 1000)])).toBeCloseTo(flops / 1e9, 6);
    expect(expectedMs({ ...work, config: demo }, [speed('bertBase', 1000), speed('demo', 200)])).toBeLessThan(
      expectedMs({ ...work, config: demo }, [speed('demo', 100)]) ?? 0,
    );
  });

  it('is unknown while no step was measured', () => {
    expect(expectedMs(work, [])).toBeNull();
  });
});

it('a text has about a token a Chinese character and one for four letters, and no more than the model takes', () => {
  expect(estimateTokens('母猪产后不食怎么办', 512)).toBe(11);
  expect(estimateTokens('sows that do not eat', 512)).toBe(7);
  expect(estimateTokens('猪'.repeat(900), 512)).toBe(512);
});
