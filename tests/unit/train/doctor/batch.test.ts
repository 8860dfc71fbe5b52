import { describe, expect, it } from 'vitest';
import { examine } from '../../../../src/domain/train/doctor/examine';
import {
  afterFix,
  batchOf,
  choiceOf,
  experimentWith,
  factsWith,
  found,
  healthyTexts,
  memoryOf,
  splitOf,
} from './patient';

describe('the default experiment with a batch of 32', () => {
  it('has no finding with 960 different pairs and the demo model', () => {
    expect(examine(experimentWith(batchOf(32)), factsWith())).toEqual([]);
  });
});

describe('a small batch', () => {
  const large = factsWith({ split: splitOf(5000) });

  it('is reported below 32 pairs if there is enough data, as a warning below 8', () => {
    expect(found('smallBatch', experimentWith(batchOf(32)), large)).toEqual([]);
    const [advice] = found('smallBatch', experimentWith(batchOf(31)), large);
    expect(advice).toMatchObject({ severity: 'advises', stage: 0, facts: { batchSize: 31, enough: 32 } });
    expect(found('smallBatch', experimentWith(batchOf(8)), large)[0]?.severity).toBe('advises');
    expect(found('smallBatch', experimentWith(batchOf(7)), large)[0]?.severity).toBe('warns');
  });

  it('is not reported if the stage also has explicit negatives', () => {
    const negatives = { from: 'random', perAnchor: 1 } as const;
    expect(found('smallBatch', experimentWith({ ...batchOf(7), negatives }), large)).toEqual([]);
  });

  it('is smaller with little data, so that an epoch keeps 20 batches', () => {
    const little = factsWith({ split: splitOf(320) });
    expect(found('smallBatch', experimentWith(batchOf(16)), little)).toEqual([]);
    expect(found('smallBatch', experimentWith(batchOf(15)), little)[0]?.facts.enough).toBe(16);
    const less = factsWith({ split: splitOf(319) });
    expect(found('smallBatch', experimentWith(batchOf(15)), less)).toEqual([]);
  });

  it('is fixed by the size that is enough, or by the largest usual one that the memory plan found to fit', () => {
    expect(afterFix('smallBatch', experimentWith(batchOf(16)), () => large)).toEqual([]);
    const at = (batchSize: number, maxTokens: number, bytes: number, fits = true) => ({
      batchSize,
      maxTokens,
      choice: choiceOf('plain', bytes, fits),
    });
    const fixWith = (...alternatives: ReturnType<typeof at>[]) => {
      const memory = memoryOf(16, choiceOf('plain', 1e8), alternatives);
      return found('smallBatch', experimentWith(batchOf(16)), { ...large, memory })[0]?.fix;
    };
    const half = at(64, 64, 2e8);
    const to = (value: number, bytes?: number) => ({ setting: 'batchSize', value, ...(bytes ? { bytes } : {}) });
    expect(fixWith(at(16, 128, 1e8), at(32, 128, 2e8), at(64, 128, 4.1e8), half)).toEqual(to(64, 4.1e8));
    expect(fixWith(at(16, 128, 1e8), at(32, 128, 2e8), at(64, 128, 9e9, false), half)).toEqual(to(32, 2e8));
    expect(fixWith(at(16, 128, 1e8), at(32, 128, 8e9, false), at(64, 128, 9e9, false), half)).toBeUndefined();
  });

  it('is not reported if the loss compares a question with its own negatives only', () => {
    const own = experimentWith((stage) => ({ ...batchOf(2), loss: { ...stage.loss, contrast: 'own' } }));
    expect(found('smallBatch', own, large)).toEqual([]);
  });

  it('is reported for the sigmoid pair loss, too, which compares a question with the whole batch', () => {
    const sigmoid = experimentWith({ ...batchOf(2), loss: { kind: 'sigmoidPairs', temperature: 0.05 } });
    expect(found('smallBatch', sigmoid, large)).toHaveLength(1);
  });

  it('is reported for each stage', () => {
    const two = experimentWith(batchOf(32), batchOf(4));
    expect(found('smallBatch', two, large).map(({ stage }) => stage)).toEqual([1]);
    expect(afterFix('smallBatch', two, () => large)).toEqual([]);
  });
});

describe('a batch larger than the number of different passages', () => {
  const facts = factsWith({ split: splitOf(200, { trainPassages: 24 }) });

  it('stops a run that avoids repeated passages, and is a warning for one that does not', () => {
    expect(found('fewDistinct', experimentWith(batchOf(24)), facts)).toEqual([]);
    const [stops] = found('fewDistinct', experimentWith(batchOf(25)), facts);
    expect(stops).toMatchObject({ severity: 'stops', facts: { batchSize: 25, distinct: 24, of: 'passages' } });
    expect(found('fewDistinct', experimentWith(batchOf(25, false)), facts)[0]?.severity).toBe('warns');
  });

  it('is fixed by the usual batch size, or by as many pairs as there are different passages or questions', () => {
    expect(afterFix('fewDistinct', experimentWith(batchOf(64)), () => facts)).toEqual([]);
    expect(found('fewDistinct', experimentWith(batchOf(64)), facts)[0]?.fix).toMatchObject({ value: 8 });
    const questions = factsWith({ split: splitOf(200, { trainAnchors: 5 }) });
    const [finding] = found('fewDistinct', experimentWith(batchOf(16)), questions);
    expect(finding).toMatchObject({ facts: { of: 'anchors' }, fix: { setting: 'batchSize', value: 5 } });
  });

  it('has no fix if all pairs have the same passage', () => {
    const same = factsWith({ split: splitOf(200, { trainPassages: 1 }) });
    expect(found('fewDistinct', experimentWith(batchOf(16)), same)[0]).not.toHaveProperty('fix');
  });
});

describe('repeated passages', () => {
  // In a batch of 11 out of 101 rows, each other row is met with a probability of 1 in 10.
  const factsOf = (samePassage: number) =>
    factsWith({ split: splitOf(101), texts: { ...healthyTexts, repeated: 12, samePassage } });

  it('are reported if more than 1% of the questions meet their own answer as a negative', () => {
    // 2 · 5 / 101 · 0.1 = 0.0099, and 2 · 6 / 101 · 0.1 = 0.0119.
    expect(found('duplicatePositives', experimentWith(batchOf(11, false)), factsOf(5))).toEqual([]);
    const [finding] = found('duplicatePositives', experimentWith(batchOf(11, false)), factsOf(6));
    expect(finding).toMatchObject({ severity: 'warns', facts: { repeated: 12 } });
    expect(finding?.facts.share).toBeCloseTo(0.0119, 4);
  });

  it('are fixed by keeping equal passages out of a batch', () => {
    expect(afterFix('duplicatePositives', experimentWith(batchOf(11, false)), () => factsOf(6))).toEqual([]);
  });

  it('do no harm if the loss leaves known answers out', () => {
    const masked = experimentWith((stage) => ({
      ...batchOf(11, false),
      loss: { ...stage.loss, falseNegatives: { known: true } },
    }));
    expect(found('duplicatePositives', masked, factsOf(6))).toEqual([]);
  });
});
