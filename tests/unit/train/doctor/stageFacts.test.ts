import { describe, expect, it } from 'vitest';
import type { Stage } from '../../../../src/domain/experiment';
import type { LossSettings } from '../../../../src/domain/train/lossSchema';
import { examine } from '../../../../src/domain/train/doctor/examine';
import { leavesOutKnown, trainRowCount, usesInBatchNegatives } from '../../../../src/domain/train/doctor/perStage';
import { trainCountsOf } from '../../../../src/domain/train/pairCounts';
import { usualSettings } from '../../../../src/domain/train/doctor/usualSettings';
import { batchOf, experimentWith, factsWith, found, healthyTexts, splitOf } from './patient';

const infoNce = (experimentWith().stages[0] as Stage).loss;

describe('a loss', () => {
  it.each<[LossSettings, boolean]>([
    [infoNce, true],
    [{ ...infoNce, contrast: 'explicit' } as LossSettings, false],
    [{ kind: 'sigmoidPairs', temperature: 0.05 }, true],
    [{ kind: 'triplet', distance: 'cosine', margin: 0.2 }, false],
    [{ kind: 'cosent', temperature: 0.05 }, false],
    [{ kind: 'angle', temperature: 0.05 }, false],
    [{ kind: 'cosineMse' }, false],
    [{ kind: 'distillation', temperature: 0.05 }, false],
  ])('%j compares a question with the passages of the others: %s', (loss, expected) => {
    expect(usesInBatchNegatives({ loss })).toBe(expected);
  });

  it('leaves out known answers only if it is set to', () => {
    expect(leavesOutKnown({ loss: infoNce })).toBe(false);
    expect(leavesOutKnown({ loss: { ...infoNce, falseNegatives: { known: false } } as LossSettings })).toBe(false);
    expect(leavesOutKnown({ loss: { ...infoNce, falseNegatives: { known: true } } as LossSettings })).toBe(true);
  });
});

describe('the rows of a stage', () => {
  const split = splitOf(960, { scored: 70, trainPassages: 500, trainAnchors: 600 });

  it('are pairs, unless the stage trains on scored pairs', () => {
    expect(trainRowCount({}, split)).toBe(960);
    expect(trainRowCount({ data: 'scoredPairs' }, split)).toBe(70);
  });

  it('are counted by kind, and every scored pair counts as different', () => {
    expect(trainCountsOf(split)).toEqual({
      pairs: { pairs: 960, passages: 500, anchors: 600 },
      scoredPairs: { pairs: 70, passages: 70, anchors: 70 },
    });
  });

  it('determine the usual batch size: different passages limit it for pairs only', () => {
    const facts = factsWith({ split: splitOf(9000, { trainPassages: 40, scored: 9000 }) });
    const of = (stage: Partial<Stage>) => usualSettings(experimentWith(stage), 0, facts)?.batchSize;
    expect([of({}), of({ data: 'scoredPairs' })]).toEqual([40, 64]);
  });

  it('have usual settings from the second different passage on', () => {
    const of = (trainPassages: number) =>
      usualSettings(experimentWith(), 0, factsWith({ split: splitOf(200, { trainPassages }) }));
    expect(of(1)).toBeNull();
    expect(of(2)?.batchSize).toBe(2);
  });
});

describe('the examination', () => {
  it('finds nothing, and does not fail, while nothing is known yet', () => {
    const nothing = { model: null, split: null, texts: null, memory: null };
    expect(examine(experimentWith(batchOf(2, false)), nothing)).toEqual([]);
    expect(examine({ ...experimentWith(batchOf(2, false)), model: null }, nothing)).toEqual([]);
  });

  it('finds nothing that depends on the model in an experiment without one', () => {
    const truncated = { texts: 100, truncated: 90, p99: 128 };
    const prompts = { questions: [{ prompt: '请回答：', training: 1, evaluation: 0 }], passages: [] };
    const texts = { ...healthyTexts, lengths: { ...healthyTexts.lengths, positives: truncated }, prompts };
    expect(examine({ ...experimentWith(batchOf(32)), model: null }, factsWith({ texts }))).toEqual([]);
  });

  it('finds nothing about texts whose length limit is not known, because the model is not', () => {
    const truncated = { texts: 100, truncated: 90, p99: 128 };
    const texts = { ...healthyTexts, lengths: { ...healthyTexts.lengths, positives: truncated } };
    expect(examine(experimentWith(batchOf(32)), factsWith({ texts, model: null }))).toEqual([]);
  });

  it('lists what stops a run first, then warnings, then advice', () => {
    const lengths = { ...healthyTexts.lengths, positives: { texts: 100, truncated: 5, p99: 128 } };
    const facts = factsWith({ split: splitOf(200, { trainPassages: 24 }), texts: { ...healthyTexts, lengths } });
    const experiment = experimentWith((stage) => ({
      ...batchOf(64),
      duration: { unit: 'epochs', value: 10 },
      loss: { ...stage.loss, temperature: 1 } as LossSettings,
    }));
    expect(examine(experiment, facts).map(({ kind, severity }) => [kind, severity])).toEqual([
      ['fewDistinct', 'stops'],
      ['temperatureHigh', 'warns'],
      ['truncated', 'advises'],
    ]);
  });

  it('warns of pairs that a batch list trains on, but only if there are any', () => {
    const listed = (exact: number) =>
      factsWith({ split: splitOf(960, { leaks: { exact, normalised: 0 }, listedBatches: true }) });
    expect(found('listedLeaks', experimentWith(), listed(0))).toEqual([]);
    expect(found('listedLeaks', experimentWith(), listed(1))).toMatchObject([{ severity: 'warns' }]);
  });
});
