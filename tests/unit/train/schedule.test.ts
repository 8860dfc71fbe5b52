import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../../src/domain/train/schedule';

const losses = new URL('../../../../shared/reference/losses.jsonl', import.meta.url);

describe('the learning rate', () => {
  it.skipIf(!existsSync(losses))(
    'matches the reference run at each of its 100 steps (skipped without ../shared/reference)',
    () => {
      const rows = readFileSync(losses, 'utf8')
        .trim()
        .split('\n')
        .map((line): { step: number; lr: number } => JSON.parse(line));
      expect(rows).toHaveLength(100);
      for (const { step, lr } of rows)
        expect(learningRateAt(step - 1, 100, { kind: 'linear', warmup: 0.1 }, 2e-4)).toBeCloseTo(lr, 15);
    },
  );

  it.each(['linear', 'cosine', 'constant'] as const)(
    'of the %s schedule reaches its peak in the last warm-up step',
    (kind) => {
      const at = (step: number): number => learningRateAt(step, 100, { kind, warmup: 0.1 }, 1);
      expect(at(0)).toBeCloseTo(0.1, 12);
      expect(at(9)).toBe(1);
      expect(at(10)).toBe(1);
    },
  );

  it('of the linear schedule ends one step above zero', () => {
    expect(learningRateAt(99, 100, { kind: 'linear', warmup: 0.1 }, 1)).toBeCloseTo(1 / 90, 12);
    expect(learningRateAt(0, 4, { kind: 'linear', warmup: 0 }, 1)).toBe(1);
  });

  it('of the cosine schedule falls along half a cosine', () => {
    expect(learningRateAt(55, 100, { kind: 'cosine', warmup: 0.1 }, 1)).toBeCloseTo(0.5, 12);
    expect(learningRateAt(99, 100, { kind: 'cosine', warmup: 0.1 }, 1)).toBeCloseTo(
      0.5 * (1 + Math.cos((Math.PI * 89) / 90)),
      12,
    );
  });

  it('rounds the warm-up as Python does: 2.5 steps to 2, 3.5 steps to 4, but never to less than 1', () => {
    const warm = (warmup: number, steps: number): number =>
      Math.round(1 / learningRateAt(0, steps, { kind: 'constant', warmup }, 1));
    expect([warm(0.27, 10), warm(0.43, 10)]).toEqual([3, 4]);
    expect([warm(0.25, 10), warm(0.35, 10), warm(0.01, 10), warm(0, 10)]).toEqual([2, 4, 1, 1]);
  });

  it('stays between zero and its peak for any warm-up share', () => {
    for (const kind of ['linear', 'cosine', 'constant'] as const)
      for (const warmup of [0, 0.001, 0.5, 0.999, 1])
        for (let step = 0; step < 37; step++) {
          const rate = learningRateAt(step, 37, { kind, warmup }, 3e-5);
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(3e-5);
        }
  });
});
