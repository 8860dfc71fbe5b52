import { describe, expect, it } from 'vitest';
import type { Metrics } from '../../../src/domain/evaluate/metrics';
import { beatsBestDev } from '../../../src/domain/train/bestDev';

const metrics = (hitRateAt1: number, mrrAt10: number): Metrics => ({
  hitRateAt1,
  hitRateAt3: 0,
  hitRateAt5: 0,
  hitRateAt10: 0,
  recallAt10: 0,
  mrrAt10,
  ndcgAt10: 0,
  questions: 10,
  passages: 100,
});

describe('the best evaluation on dev', () => {
  it.each([
    ['the first one', metrics(0, 0), { bestDev: null }, true],
    ['a better primary metric, even with a worse MRR@10', metrics(0.6, 0.1), { bestDev: 0.5, bestMrrAt10: 0.9 }, true],
    ['a worse primary metric', metrics(0.4, 1), { bestDev: 0.5, bestMrrAt10: 0.1 }, false],
    ['a better MRR@10 on a tie', metrics(0.5, 0.61), { bestDev: 0.5, bestMrrAt10: 0.6 }, true],
    ['a worse MRR@10 on a tie', metrics(0.5, 0.59), { bestDev: 0.5, bestMrrAt10: 0.6 }, false],
    ['a later one that is equal', metrics(0.5, 0.6), { bestDev: 0.5, bestMrrAt10: 0.6 }, false],
    ['a tie with a best of version 0.1, whose MRR@10 is unknown', metrics(0.5, 1), { bestDev: 0.5 }, false],
    // Over 10,000 questions, hit rates differ by 1e-4; metrics closer than 1e-6 occur with MRR@10 and nDCG@10.
    ['a gain smaller than a millionth', metrics(0.5 + 1e-9, 0), { bestDev: 0.5, bestMrrAt10: 1 }, true],
  ])('is compared correctly with %s', (_, found, best, expected) => {
    expect(beatsBestDev(found, 'hitRateAt1', best)).toBe(expected);
  });
});
