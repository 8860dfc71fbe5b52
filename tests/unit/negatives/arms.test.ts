import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { armOf, armNames, armsOf, armsRefusal, minedRanks } from '../../../src/domain/negatives/arms';
import { compareArms } from '../../../src/domain/negatives/compareArms';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { armsSentence } from '../../../src/ui/negatives/armsText';
import { devColumns, lossColumns } from '../../../src/ui/negatives/armCurves';

const base = defaultExperiment();
const withNegatives = (negatives: NonNullable<(typeof base.stages)[0]['negatives']>) => ({
  ...base,
  stages: base.stages.map((stage) => ({ ...stage, negatives })),
});

describe('the arms of the negatives experiment', () => {
  it('differ only in the negatives of their stages, with the ranks of the field report scaled to the knowledge base', () => {
    const arms = armsOf({ ...base, evaluation: { ...base.evaluation, checkpoint: 'last' } }, 600);
    expect(arms.inBatch.stages[0]?.negatives).toBeUndefined();
    const ranks = { from: 'mined', perAnchor: 5, firstRank: 18, lastRank: 30, pick: 'random' };
    expect(arms.mined.stages[0]?.negatives).toEqual(ranks);
    expect(arms.filtered.stages[0]?.negatives).toEqual({ ...ranks, relativeMargin: 0.05 });
    expect(minedRanks(base, 600)).toMatchObject({ firstRank: 18, lastRank: 30, scaled: true });
    for (const name of armNames) {
      const [{ negatives: _, ...stage } = { negatives: null }] = arms[name].stages;
      expect(stage).toEqual(base.stages[0]);
      expect({ ...arms[name], stages: [] }).toEqual({
        ...arms.inBatch,
        schemaVersion: arms[name].schemaVersion,
        stages: [],
      });
      expect(armOf(arms[name])).toBe(name);
    }
  });

  it('mine from the ranks and with the number that the experiment states, and only the filtered one drops passages', () => {
    const dropped = ['0123456789abcdef01234567'];
    const arms = armsOf(
      withNegatives({
        from: 'mined',
        perAnchor: 2,
        firstRank: 7,
        lastRank: 9,
        relativeMargin: 0.3,
        pick: 'top',
        dropped,
      }),
      20_000,
    );
    expect(arms.mined.stages[0]?.negatives).toMatchObject({ perAnchor: 2, firstRank: 7, lastRank: 9 });
    expect(arms.mined.stages[0]?.negatives).not.toHaveProperty('dropped');
    expect(arms.filtered.stages[0]?.negatives).toMatchObject({ dropped, relativeMargin: 0.05 });
  });

  it('are mined by the model that the experiment mines with', () => {
    const settings = { pooling: 'cls', normalize: true, maxTokens: 64, queryPrefix: '', passagePrefix: '' } as const;
    const model = { contentSha256: 'a'.repeat(64), ...settings };
    const arms = armsOf(
      withNegatives({ from: 'mined', perAnchor: 2, firstRank: 7, lastRank: 9, pick: 'top', model }),
      20_000,
    );
    expect(arms.mined.stages[0]?.negatives).toMatchObject({ model });
    expect(arms.filtered.stages[0]?.negatives).toMatchObject({ model });
  });

  it('state whether the ranks are scaled; the ranks of an experiment and those for 10,000 passages are not', () => {
    const own = withNegatives({ from: 'mined', perAnchor: 2, firstRank: 7, lastRank: 9, pick: 'top' });
    expect(
      [minedRanks(own, 600), minedRanks(base, 10_000), minedRanks(base, 9999)].map(({ scaled }) => scaled),
    ).toEqual([false, false, true]);
  });

  it('take the number per question from any negatives, but model and ranks only from mined ones', () => {
    const random = withNegatives({ from: 'random', perAnchor: 3 });
    expect(armsOf(random, 600).mined.stages[0]?.negatives).not.toHaveProperty('model');
    expect(armsOf(random, 600).mined.stages[0]?.negatives).toMatchObject({ from: 'mined', perAnchor: 3 });
    expect(armOf(random)).toBe('filtered');
    const [first] = base.stages;
    if (!first) throw new Error('no stage');
    const model = {
      ...{ contentSha256: 'a'.repeat(64), pooling: 'cls' as const, normalize: true, maxTokens: 64 },
      ...{ queryPrefix: '', passagePrefix: '' },
    };
    const mined = { from: 'mined' as const, perAnchor: 3, firstRank: 7, lastRank: 9, pick: 'top' as const, model };
    const mixed = { ...base, stages: [...random.stages, first, ...withNegatives(mined).stages] };
    expect(armsOf(mixed, 600).mined.stages.map(({ negatives }) => negatives)).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ model, firstRank: 7, lastRank: 9 }) as unknown),
    );
  });

  it('end at the last step, without early stop', () => {
    const arms = armsOf({ ...base, evaluation: { ...base.evaluation, earlyStop: { patience: 2 } } }, 600);
    expect(arms.mined.evaluation).toEqual({ ...base.evaluation, checkpoint: 'last' });
  });

  it('are refused without dev questions or with a loss that needs explicit negatives', () => {
    expect(armsRefusal(armsOf(base, 600), 0, 256)).toEqual({ kind: 'nothing-to-evaluate', part: 'dev' });
    expect(armsRefusal(armsOf(base, 600), 9, 256)).toBeNull();
    const [stage] = base.stages;
    if (stage?.loss.kind !== 'inBatchInfoNce') throw new Error('another default loss');
    const own = { ...base, stages: [{ ...stage, loss: { ...stage.loss, contrast: 'own' as const } }] };
    expect(armsRefusal(armsOf(own, 600), 9, 256)).toMatchObject({ kind: 'loss-needs-negatives' });
  });
});

const results = (ranks: number[]) => ranks.map((rank, i) => ({ questionId: `q${i}`, ranks: [rank], top: [] }));

describe('the comparison of the arms', () => {
  const inBatch = Array.from({ length: 40 }, (_, i) => (i < 20 ? 1 : 2));
  const mined = inBatch.map((rank, i) => (i < 10 ? 3 : rank));
  const compared = () =>
    compareArms(
      { inBatch: results(inBatch), mined: results(mined), filtered: [...results(inBatch)].reverse() },
      'hitRateAt1',
    );

  it('pairs the questions by id and claims a difference only if the interval excludes 0', () => {
    const comparison = compared();
    expect(comparison).toMatchObject({ questions: 40, means: { inBatch: 0.5, mined: 0.25, filtered: 0.5 } });
    expect(comparison.mined).toMatchObject({ change: -0.25, verdict: 'worse' });
    expect(comparison.mined.interval.high).toBeLessThan(0);
    expect(comparison.filtered).toMatchObject({ change: 0, verdict: 'noDifferenceShown' });
  });

  it('says that an arm is better if all of the interval is above 0', () => {
    const { mined: change } = compareArms(
      { inBatch: results(mined), mined: results(inBatch), filtered: results(mined) },
      'hitRateAt1',
    );
    expect(change).toMatchObject({ change: 0.25, verdict: 'better' });
    expect(change.interval.low).toBeGreaterThan(0);
  });

  it('leaves out questions that an arm was not evaluated on', () => {
    const few = { inBatch: results(inBatch), mined: results(mined).slice(5), filtered: results(inBatch) };
    expect(compareArms(few, 'hitRateAt1').questions).toBe(35);
  });

  it('is stated in one sentence with its intervals, in both languages', () => {
    const english = armsSentence(en, compared());
    expect(english).toMatch(
      /on 40 dev questions, mined ones do worse \(Hit rate@1 −25\.0 percentage points, 95% interval −\d+\.\d to −\d+\.\d\)/,
    );
    expect(english).toMatch(/mined and filtered ones show no difference/);
    expect(armsSentence(zh, compared())).toMatch(/^在 40 个验证问题上.*挖掘的更差（.*−25\.0 个百分点.*。$/);
    const mrr = compareArms(
      { inBatch: results(inBatch), mined: results(mined), filtered: results(inBatch) },
      'mrrAt10',
    );
    expect(armsSentence(en, mrr)).toMatch(/MRR@10 −0\.\d{3}, 95% interval/);
  });
});

describe('the picture of the arms', () => {
  it('has dev and smoothed loss of each arm over the steps of all, and the last evaluation at the last step', () => {
    const step = (at: number, loss: number) => ({ step: at, loss }) as never;
    const dev = [{ step: 0, metrics: { hitRateAt1: 0.1 } as never, best: false }];
    const curves = {
      inBatch: { steps: [step(1, 2), step(2, 2)], dev, last: { step: 2, value: 0.4 } },
      mined: { steps: [step(1, 3)], dev, last: null },
      filtered: null,
    };
    expect(devColumns(curves, 'hitRateAt1')).toEqual({
      x: [0, 2],
      series: [
        [0.1, 0.4],
        [0.1, null],
        [null, null],
      ],
    });
    const loss = lossColumns(curves);
    expect(loss.x).toEqual([1, 2]);
    expect(loss.series[1]).toEqual([3, null]);
    expect(loss.series[0]?.[1]).toBeCloseTo(2);
  });

  it('draws only evaluations on a sample if there are some, because others are not comparable', () => {
    const at = (step: number, value: number, sampleOf?: number) =>
      ({ step, metrics: { hitRateAt1: value }, best: false, ...(sampleOf ? { sampleOf } : {}) }) as never;
    const dev = [at(0, 0.1), at(5, 0.5, 9000)];
    const curves = { inBatch: { steps: [], dev, last: { step: 6, value: 0.2 } }, mined: null, filtered: null };
    expect(devColumns(curves, 'hitRateAt1')).toEqual({ x: [5], series: [[0.5], [null], [null]] });
  });
});
