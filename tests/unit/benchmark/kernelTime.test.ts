import { describe, expect, it } from 'vitest';
import { kernelMs, kernelTimeRows, type KernelTime } from '../../../src/domain/benchmark/kernelTime';

const adamW: KernelTime = { name: 'adamW', count: 2, ms: 1, bytes: 2e9, flops: 0 };
const product: KernelTime = { name: 'matmul NT', count: 72, ms: 3, bytes: 3e9, flops: 6e10 };

describe('the time by kernel', () => {
  it('lists the most expensive kernel first, with its share, bandwidth and rate', () => {
    expect(kernelMs([adamW, product])).toBe(4);
    expect(kernelTimeRows([adamW, product])).toEqual([
      { ...product, share: 0.75, gigabytesPerSecond: 1000, teraflops: 20 },
      { ...adamW, share: 0.25, gigabytesPerSecond: 2000, teraflops: 0 },
    ]);
  });

  it('has no share or rate if the clock was too coarse to see any kernel', () => {
    expect(kernelTimeRows([{ ...adamW, ms: 0 }])).toMatchObject([{ share: 0, gigabytesPerSecond: 0, teraflops: 0 }]);
  });
});
