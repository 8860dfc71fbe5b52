import { describe, expect, it } from 'vitest';
import type { Stage } from '../../../../src/domain/experiment';
import { examine } from '../../../../src/domain/train/doctor/examine';
import { batchOf, choiceOf, experimentWith, factsWith, found, healthyTexts, memoryOf, splitOf } from './patient';

const batchFindings = ['fewDistinct', 'smallBatch', 'duplicatePositives'] as const;

describe('the batches of a stage', () => {
  const facts = factsWith({
    split: splitOf(200, { trainPassages: 3, scored: 500 }),
    texts: { ...healthyTexts, repeated: 200, samePassage: 5000 },
  });
  const kinds = (stage: Partial<Stage>): string[] =>
    examine(experimentWith(stage), facts)
      .map(({ kind }) => kind)
      .filter((kind) => batchFindings.some((one) => one === kind));

  it('are examined if they are drawn at random from pairs', () => {
    expect(kinds(batchOf(16, false))).toEqual(['fewDistinct']);
    expect(kinds(batchOf(3, false))).toEqual(['duplicatePositives']);
  });

  it('are not examined if a list names their rows, or if they have scored pairs', () => {
    const listed = { batching: { kind: 'listed', sha256: '0'.repeat(64) } } as const;
    expect(kinds(listed)).toEqual([]);
    expect(kinds({ ...batchOf(16, false), data: 'scoredPairs' })).toEqual([]);
    expect(examine(experimentWith({ ...listed, duration: { unit: 'epochs', value: 1 } }), factsWith())).toEqual([]);
  });
});

describe('a batch of more pairs than there are different texts', () => {
  const severity = (pairs: number, batchSize: number) =>
    found(
      'fewDistinct',
      experimentWith(batchOf(batchSize, false)),
      factsWith({ split: splitOf(pairs, { trainPassages: 12 }) }),
    )[0]?.severity;

  it('is not reported before there are any pairs', () => {
    expect(found('fewDistinct', experimentWith(batchOf(16)), factsWith({ split: splitOf(0) }))).toEqual([]);
  });

  it('is reported for its passages if there are as few of them as of questions', () => {
    const facts = factsWith({ split: splitOf(200, { trainPassages: 9, trainAnchors: 9 }) });
    expect(found('fewDistinct', experimentWith(batchOf(16)), facts)[0]?.facts.of).toBe('passages');
  });

  it('stops a run that repeats passages only if there are fewer pairs than one batch needs', () => {
    expect([severity(15, 16), severity(16, 16), severity(17, 16)]).toEqual(['stops', 'warns', 'warns']);
  });

  it('is fixed by a batch of two if there are two different passages', () => {
    const facts = factsWith({ split: splitOf(200, { trainPassages: 2 }) });
    expect(found('fewDistinct', experimentWith(batchOf(16)), facts)[0]?.fix).toEqual({
      setting: 'batchSize',
      value: 2,
    });
  });
});

describe('the batch size that is enough', () => {
  it('is not above the number of different passages or questions', () => {
    for (const change of [{ trainPassages: 20 }, { trainAnchors: 20 }]) {
      const facts = factsWith({ split: splitOf(5000, change) });
      expect(found('smallBatch', experimentWith(batchOf(16)), facts)[0]?.facts.enough).toBe(20);
    }
  });
});

describe('the batch size that a memory plan proposes', () => {
  const at = (batchSize: number, fits: boolean, maxTokens = 128) => ({
    batchSize,
    maxTokens,
    choice: choiceOf('plain', batchSize * 1e6, fits),
  });
  const fixWith = (alternatives: ReturnType<typeof at>[], trainPassages = 5000) => {
    const split = splitOf(5000, { trainPassages });
    const memory = memoryOf(16, choiceOf('plain', 1e6), alternatives);
    return found('smallBatch', experimentWith(batchOf(16)), factsWith({ split, memory }))[0]?.fix;
  };
  const enough = { setting: 'batchSize', value: 32 };

  it('is the largest that fits, in whatever order the plan lists them', () => {
    const sizes = [at(64, true), at(32, true), at(48, true)];
    expect(fixWith(sizes)).toEqual({ setting: 'batchSize', value: 64, bytes: 64e6 });
    expect(fixWith(sizes.toReversed())).toEqual({ setting: 'batchSize', value: 64, bytes: 64e6 });
  });

  it('is not above the number of different passages', () => {
    expect(fixWith([at(32, true), at(64, true)], 40)).toEqual({ setting: 'batchSize', value: 32, bytes: 32e6 });
  });

  it('is absent if only batches smaller than needed fit', () => {
    expect(fixWith([at(24, true), at(32, false)])).toBeUndefined();
    expect(fixWith([at(32, false)])).toBeUndefined();
  });

  it('is the one needed if the plan covers no size between the current one and that', () => {
    expect(fixWith([at(16, true)]), 'no other size').toEqual(enough);
    expect(fixWith([at(16, false)]), 'the present size').toEqual(enough);
    expect(fixWith([at(16, true), at(32, false, 64)]), 'shorter texts').toEqual(enough);
    expect(fixWith([at(64, false)]), 'a larger size').toEqual(enough);
  });
});

describe('the share of rows that meet their own answer as a negative', () => {
  it('is not reported if it is 1% exactly', () => {
    // (8 − 1) / (176 − 1) · 2 · 22 / 176 = 0.04 · 0.25.
    const of = (samePassage: number) =>
      found(
        'duplicatePositives',
        experimentWith(batchOf(8, false)),
        factsWith({ split: splitOf(176), texts: { ...healthyTexts, repeated: 30, samePassage } }),
      );
    expect(of(22)).toEqual([]);
    expect(of(23)).toHaveLength(1);
  });

  it('is not reported before the split or the texts are known, or for a single pair', () => {
    const experiment = experimentWith(batchOf(1, false));
    const texts = { ...healthyTexts, repeated: 30, samePassage: 99 };
    expect(found('duplicatePositives', experiment, factsWith({ split: null, texts }))).toEqual([]);
    expect(found('duplicatePositives', experiment, factsWith({ texts: null }))).toEqual([]);
    expect(found('duplicatePositives', experiment, factsWith({ split: splitOf(1), texts }))).toEqual([]);
  });
});

describe('the duration of a stage', () => {
  const lasting = (epochs: number, batchSize: number) =>
    experimentWith({ ...batchOf(batchSize), duration: { unit: 'epochs', value: epochs } });
  const pairs = (n: number) => factsWith({ split: splitOf(n) });

  it('is examined if the pairs fill one batch', () => {
    expect(found('manyEpochs', lasting(50, 17), pairs(16))).toEqual([]);
    expect(found('fewSteps', lasting(1, 17), pairs(16))).toEqual([]);
    expect(found('manyEpochs', lasting(50, 16), pairs(16))).toHaveLength(1);
  });

  it('is shortened to as many epochs as 40 steps need, if these are more than the usual ones', () => {
    // 40 steps of 16 pairs are 6.4 epochs of 100 pairs; 5 epochs are usual.
    expect(found('manyEpochs', lasting(11, 16), pairs(100))[0]?.fix).toEqual({ setting: 'epochs', value: 7 });
    expect(found('manyEpochs', lasting(11, 16), pairs(900))[0]?.fix).toEqual({ setting: 'epochs', value: 5 });
  });
});
