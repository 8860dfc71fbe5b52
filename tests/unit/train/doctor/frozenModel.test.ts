import { describe, expect, it } from 'vitest';
import type { Experiment, ExperimentModel, Stage } from '../../../../src/domain/experiment';
import { applyFix } from '../../../../src/domain/train/doctor/applyFix';
import { experimentWith, factsWith, found } from './patient';

const { model } = experimentWith();
if (!model) throw new Error('no model');
const settings: ExperimentModel = { ...model, maxTokens: 64 };
const negatives = { from: 'random', perAnchor: 2 } as const;
const taughtBy = (contentSha256: string): Partial<Stage> => ({
  loss: { kind: 'distillation', temperature: 0.05, teacher: { ...settings, contentSha256 } },
  negatives,
});
const guidedBy = (contentSha256: string, known = false): Partial<Stage> => ({
  loss: {
    kind: 'inBatchInfoNce',
    temperature: 0.05,
    directions: 'both',
    falseNegatives: {
      ...(known ? { known } : {}),
      byScore: { kind: 'absolute', margin: 0.1, model: { ...settings, contentSha256 } },
    },
  },
});
const other = 'b'.repeat(64);

/** Returns the experiment with the fix of its only finding of a kind, after checking that none is left. */
function cured(kind: 'teacherIsBase' | 'guideIsBase', experiment: Experiment): Experiment {
  const [finding, ...further] = found(kind, experiment);
  if (!finding || further.length > 0) throw new Error('not one finding');
  const fixed = applyFix(experiment, finding);
  expect(found(kind, fixed)).toEqual([]);
  return fixed;
}

describe('a teacher that is the base model', () => {
  it('is a warning, in the stage that names it and whatever its settings', () => {
    const experiment = experimentWith(taughtBy(other), taughtBy(model.contentSha256));
    const fix = { setting: 'loss', value: 'inBatchInfoNce' };
    expect(found('teacherIsBase', experiment, factsWith())).toEqual([
      { kind: 'teacherIsBase', severity: 'warns', stage: 1, facts: {}, fix },
    ]);
    const unchosen = { loss: { kind: 'distillation', temperature: 0.05 } } as const;
    expect(found('teacherIsBase', { ...experimentWith(unchosen), model: null }, factsWith())).toEqual([]);
  });

  it('is gone with in-batch InfoNCE, which keeps the temperature and the negatives', () => {
    const fixed = cured('teacherIsBase', experimentWith(taughtBy(model.contentSha256)));
    expect(fixed.stages[0]?.loss).toEqual({
      ...{ kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' },
    });
    expect(fixed.stages[0]?.negatives).toEqual(negatives);
  });
});

describe('a guide that is the base model', () => {
  it('is advised against, in each stage that names it', () => {
    const own = model.contentSha256;
    const experiment = experimentWith(guidedBy(own), guidedBy(other), guidedBy(own));
    const finding = { kind: 'guideIsBase', severity: 'advises', facts: {}, fix: { setting: 'ownScores' } };
    expect(found('guideIsBase', experiment, factsWith())).toEqual([
      { ...finding, stage: 0 },
      { ...finding, stage: 2 },
    ]);
    expect(found('guideIsBase', { ...experimentWith(), model: null }, factsWith())).toEqual([]);
  });

  it('is gone once the trained model’s own scores decide, with the same margin and other masks', () => {
    const fixed = cured('guideIsBase', experimentWith(guidedBy(model.contentSha256, true)));
    expect(fixed.stages[0]?.loss).toMatchObject({
      falseNegatives: { known: true, byScore: { kind: 'absolute', margin: 0.1 } },
    });
    expect(JSON.stringify(fixed.stages[0])).not.toContain('contentSha256');
  });
});
