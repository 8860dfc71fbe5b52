import { describe, expect, it } from 'vitest';
import { checkTolerance, wrongTensor, type DeviceCheck } from '../../../src/domain/deviceCheck/deviceCheck';
import { checkFailure } from '../../../src/domain/deviceCheck/failure';
import { tensorErrors } from '../../../src/domain/deviceCheck/tensorError';

const reference = {
  loss: 2,
  gradients: new Map([
    ['a', [3, 4]],
    ['b', [0, 12]],
    ['zero', [0, 0]],
  ]),
};
const withGradient = (name: string, values: number[]) => ({
  loss: 2,
  gradients: new Map([...reference.gradients, [name, values]]),
});

describe('the errors of a step', () => {
  it('are relative to the norm of each gradient and to a thousandth of all, largest first', () => {
    const errors = tensorErrors(withGradient('a', [3, 4.01]), reference);
    expect(errors.map(({ tensor }) => tensor)).toEqual(['a', 'loss', 'b', 'zero']);
    expect(errors[0]?.error).toBeCloseTo(0.01 / (5 + 0.013), 12);
    const rounding = tensorErrors(withGradient('zero', [1e-6, 0]), reference);
    expect(rounding[0]).toEqual({ tensor: 'zero', error: expect.closeTo(1e-6 / 0.013, 12) });
  });

  it('contain the relative error of the loss', () => {
    const [worst] = tensorErrors({ ...reference, loss: 2.02 }, reference);
    expect(worst).toEqual({ tensor: 'loss', error: expect.closeTo(0.01, 12) });
  });

  it.each([NaN, Infinity, -Infinity])('are null, and first, for a gradient that contains %f', (bad) => {
    expect(tensorErrors(withGradient('b', [bad, 12]), reference)[0]).toEqual({ tensor: 'b', error: null });
    expect(tensorErrors({ ...reference, loss: bad }, reference)[0]).toEqual({ tensor: 'loss', error: null });
  });

  it('are null for a gradient that is missing or has another length', () => {
    expect(tensorErrors({ loss: 2, gradients: new Map() }, reference)[0]?.error).toBeNull();
    expect(tensorErrors(withGradient('a', [3]), reference)[0]).toEqual({ tensor: 'a', error: null });
  });
});

describe('the verdict on a device', () => {
  const check = (full: number | null, mixed?: number): DeviceCheck => ({
    device: { backend: 'webgpu', reason: 'webgpu-available', adapter: null, threads: 0, simd: false },
    ...{ browser: 'a browser', kernels: 3, checkedAt: 0, tokens: 77, layers: 2, peer: null },
    results: [
      { precision: 'full', stepMs: 1, errors: [{ tensor: 'a', error: full }] },
      ...(mixed === undefined
        ? []
        : [{ precision: 'mixed' as const, stepMs: 1, errors: [{ tensor: 'h', error: mixed }] }]),
    ],
  });

  it('names the tensor beyond the tolerance of its precision, or with numbers that are not finite', () => {
    expect(wrongTensor(check(checkTolerance.full), 'full')).toBeNull();
    expect(wrongTensor(check(2 * checkTolerance.full), 'full')).toEqual({ tensor: 'a', error: 2e-3 });
    expect(wrongTensor(check(null), 'full')).toEqual({ tensor: 'a', error: null });
  });

  it('judges half precision by its own tolerance, and not at all if it was not checked', () => {
    expect(wrongTensor(check(1e-6, 2 * checkTolerance.full), 'mixed')).toBeNull();
    expect(wrongTensor(check(1e-6, 2 * checkTolerance.mixed), 'mixed')?.tensor).toBe('h');
    expect(wrongTensor(check(1e-6, 2 * checkTolerance.mixed), 'full')).toBeNull();
    expect(wrongTensor(check(null), 'mixed')).toBeNull();
  });
});

describe('a failure during a device check', () => {
  it('is that the check stopped, and why; an error of another kind stays unchanged', () => {
    expect(checkFailure({ kind: 'gpu-out-of-memory' })).toEqual({ kind: 'check-stopped', cause: 'memory' });
    expect(checkFailure({ kind: 'gpu-device-lost', reason: 'gone' })).toEqual({
      kind: 'check-stopped',
      cause: 'device',
      reason: 'gone',
    });
    expect(checkFailure({ kind: 'worker-crashed', worker: 'gpu', reason: 'gone' })).toEqual({
      kind: 'check-stopped',
      cause: 'worker',
      reason: 'gone',
    });
    const other = { kind: 'gpu-unavailable', reason: 'x' } as const;
    expect(checkFailure(other)).toBe(other);
  });
});
