import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { defaultStage, type Experiment } from '../../../src/domain/experiment';
import { fillExperiment, fillSweep, parseExperimentFile } from '../../../src/domain/experimentFile';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { referencesOf } from '../../../src/domain/project/references';
import { experimentHash } from '../../../src/domain/experimentHash';
import { guideOf, teacherOf } from '../../../src/domain/train/stageModels';
import { lossOfKind } from '../../../src/domain/train/lossSchema';

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error instanceof AppError ? error.details : error;
  }
  return undefined;
}

describe('an experiment', () => {
  it('drops the model that mines negatives if it is the base model, and completes another one', () => {
    const base = {
      ...{ contentSha256: 'a'.repeat(64), pooling: 'mean', normalize: true, maxTokens: 128 },
      ...{ queryPrefix: '', passagePrefix: '' },
    };
    const { queryPrefix: _, ...stated } = { ...base, contentSha256: 'b'.repeat(64) };
    const negatives = { from: 'mined', perAnchor: 1, firstRank: 2, lastRank: 9, relativeMargin: 0, pick: 'top' };
    const minedBy = (model: object): unknown =>
      parseExperiment({ model: base, stages: [{ negatives: { ...negatives, model } }] }).stages[0]?.negatives;
    expect(minedBy(base)).toEqual(negatives);
    expect(minedBy(stated)).toEqual({ ...negatives, model: { ...stated, queryPrefix: '' } });
    const wrong = { ...base, pooling: 'max' };
    expect(thrown(() => minedBy(wrong))).toMatchObject({ path: 'stages.0.negatives.model.pooling' });
  });

  it('reads the model that mines negatives from its own location, and keeps what the file states about it', () => {
    const settings = { pooling: 'cls', normalize: true, maxTokens: 64, queryPrefix: '', passagePrefix: '' } as const;
    const negatives = { from: 'mined', perAnchor: 1, firstRank: 2, lastRank: 9, relativeMargin: 0, pick: 'top' };
    const file = parseExperimentFile({
      stages: [{ negatives: { ...negatives, model: { maxTokens: 32 } } }, { negatives }],
      locations: { model: 'base', negativesModel: 'strong' },
    });
    expect(file.locations.negativesModel).toBe('strong');
    const [model, miner] = ['a', 'b'].map((letter) => ({ contentSha256: letter.repeat(64), ...settings }));
    if (!model || !miner) throw new Error('no model');
    const { stages } = fillExperiment(file, { data: [], model, stageModels: { negativesModel: miner } });
    expect(stages.map((stage) => stage.negatives)).toEqual([
      { ...negatives, model: { ...miner, maxTokens: 32 } },
      negatives,
    ]);
  });

  it('completes the guide that masks false negatives, even if it is the base model, and keeps its hash without one', async () => {
    const model = {
      ...{ contentSha256: 'a'.repeat(64), pooling: 'mean', normalize: true, maxTokens: 128 },
      ...{ queryPrefix: '', passagePrefix: '' },
    };
    const guidedBy = (byScore: object): Experiment =>
      parseExperiment({ model, stages: [{ loss: { falseNegatives: { byScore } } }] });
    const mask = { kind: 'relative', margin: 0.05 };
    const { queryPrefix: _, ...stated } = model;
    expect(guidedBy({ ...mask, model: stated }).stages[0]?.loss).toMatchObject({
      falseNegatives: { byScore: { ...mask, model } },
    });
    expect(guideOf(guidedBy({ ...mask, model }).stages[0] ?? defaultStage())).toEqual(model);
    expect(guideOf(guidedBy(mask).stages[0] ?? defaultStage())).toBe(undefined);
    expect(await experimentHash(guidedBy({ ...mask, model }))).not.toBe(await experimentHash(guidedBy(mask)));
    const wrong = thrown(() => guidedBy({ ...mask, model: { ...model, maxTokens: 0 } }));
    expect(wrong).toMatchObject({ path: 'stages.0.loss.falseNegatives.byScore.model.maxTokens' });
  });

  it('reads the guide from its own location, and names it among the content that it refers to', () => {
    const settings = { pooling: 'cls', normalize: true, maxTokens: 64, queryPrefix: '', passagePrefix: '' } as const;
    const [model, guide] = ['a', 'b'].map((letter) => ({ contentSha256: letter.repeat(64), ...settings }));
    if (!model || !guide) throw new Error('no model');
    const loss = (given?: object) => ({
      falseNegatives: { byScore: { kind: 'absolute', margin: 0, ...(given && { model: given }) } },
    });
    const stages = [{ loss: loss({ queryPrefix: 'q: ' }) }, { loss: loss() }];
    const file = parseExperimentFile({ stages, locations: { model: 'base', guideModel: 'strong' } });
    expect(file.locations.guideModel).toBe('strong');
    const filled = fillExperiment(file, { data: [], model, stageModels: { guideModel: guide } });
    expect(filled.stages.map(guideOf)).toEqual([{ ...guide, queryPrefix: 'q: ' }, undefined]);
    expect([...referencesOf([filled]).models]).toEqual([model.contentSha256, guide.contentSha256]);
    expect(
      thrown(() => parseExperimentFile({ stages: [{ loss: loss({ maxTokens: 0 }) }], locations: { guideModel: 'x' } })),
    ).toMatchObject({
      path: 'stages.0.loss.falseNegatives.byScore.model.maxTokens',
    });
  });

  it('reads the teacher from its own location, completes it, and keeps it even if it is the base model', () => {
    const settings = { pooling: 'cls', normalize: true, maxTokens: 64, queryPrefix: '', passagePrefix: '' } as const;
    const [model, teacher] = ['a', 'b'].map((letter) => ({ contentSha256: letter.repeat(64), ...settings }));
    if (!model || !teacher) throw new Error('no model');
    const loss = (given?: object) => ({ kind: 'distillation', temperature: 1, ...(given && { teacher: given }) });
    const stages = [{ loss: loss({ queryPrefix: 'q: ' }) }, { loss: loss() }];
    const file = parseExperimentFile({ stages, locations: { model: 'base', teacherModel: 'strong' } });
    expect(file.locations.teacherModel).toBe('strong');
    const filled = fillExperiment(file, { data: [], model, stageModels: { teacherModel: teacher } });
    expect(filled.stages.map(teacherOf)).toEqual([{ ...teacher, queryPrefix: 'q: ' }, undefined]);
    expect([...referencesOf([filled]).models]).toEqual([model.contentSha256, teacher.contentSha256]);
    const { passagePrefix: _, ...stated } = model;
    const own = parseExperiment({ model, stages: [{ loss: loss(stated) }] });
    expect(own.stages.map(teacherOf)).toEqual([model]);
    expect(
      thrown(() =>
        parseExperimentFile({ stages: [{ loss: loss({ maxTokens: 0 }) }], locations: { teacherModel: 'x' } }),
      ),
    ).toMatchObject({ path: 'stages.0.loss.teacher.maxTokens' });
  });

  it('reads the model that mines negatives also for the values of a sweep', () => {
    const settings = { pooling: 'cls', normalize: true, maxTokens: 64, queryPrefix: '', passagePrefix: '' } as const;
    const negatives = { from: 'mined', perAnchor: 1, firstRank: 2, lastRank: 9, relativeMargin: 0, pick: 'top' };
    const sweep = [
      { setting: 'negatives', values: [null, negatives, { ...negatives, model: { maxTokens: 32 } }] },
      { setting: 'stages', values: [[{}], [{ dropout: 0.1, negatives: { ...negatives, model: {} } }]] },
    ];
    const file = parseExperimentFile({ sweep, locations: { model: 'base', negativesModel: 'strong' } });
    expect(file.swept.models).toEqual([
      { slot: 'negativesModel', stated: { maxTokens: 32 } },
      { slot: 'negativesModel', stated: {} },
    ]);
    const [model, miner] = ['a', 'b'].map((letter) => ({ contentSha256: letter.repeat(64), ...settings }));
    if (!model || !miner) throw new Error('no model');
    const read = { data: [], model, stageModels: { negativesModel: miner } };
    const axes = fillSweep(file, fillExperiment(file, read), read);
    expect(axes?.map(({ values }) => values)).toEqual([
      [null, negatives, { ...negatives, model: { ...miner, maxTokens: 32 } }],
      [[{}], [{ dropout: 0.1, negatives: { ...negatives, model: miner } }]],
    ]);
    expect(thrown(() => parseExperimentFile({ sweep: [sweep[0]] }))).toMatchObject({ path: 'sweep.0.values.2' });
    const wrong = [{ setting: 'negatives', values: [{ ...negatives, model: { maxTokens: 0 } }] }];
    expect(
      thrown(() => parseExperimentFile({ sweep: wrong, locations: { model: 'base', negativesModel: 'strong' } })),
    ).toMatchObject({ path: 'sweep.0.values.0.model.maxTokens' });
  });

  it('keeps the temperature when the loss changes, and starts with 0.05 after a loss without one', () => {
    const triplet = lossOfKind('triplet', defaultStage().loss);
    expect(triplet).toEqual({ kind: 'triplet', distance: 'cosine', margin: 0.2 });
    expect(parseExperiment({ stages: [{ loss: triplet }] }).stages[0]?.loss).toEqual(triplet);
    expect(lossOfKind('inBatchInfoNce', triplet)).toEqual(defaultStage().loss);
    expect(lossOfKind('sigmoidPairs', { kind: 'inBatchInfoNce', temperature: 0.02, directions: 'both' })).toMatchObject(
      {
        temperature: 0.02,
      },
    );
  });
});
