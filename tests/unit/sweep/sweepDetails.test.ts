import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import type { RunRecord } from '../../../src/domain/run';
import { mostRuns, parseAxes } from '../../../src/domain/sweep/sweep';
import { lastRunMs, readNumbers } from '../../../src/domain/sweep/sweepForm';
import { mapSweepModels } from '../../../src/domain/sweep/sweepModels';
import { sweepCsv } from '../../../src/domain/sweep/sweepTable';
import { settingRanges } from '../../../src/domain/train/settingRanges';

describe('the models that the values of a sweep name', () => {
  const mapWith = (seen: unknown[]) => (model: object, slot: string, path: string) => {
    seen.push([slot, path]);
    return { mapped: model };
  };

  it('are those of negatives, guides and teachers, each with its path in the file', () => {
    const seen: unknown[] = [];
    const mined = { from: 'mined', model: { id: 'miner' } };
    const stage = { negatives: mined, loss: { falseNegatives: { byScore: { model: { id: 'guide' } } } } };
    const sweep = [
      { setting: 'negatives', values: [null, mined] },
      { setting: 'stages', values: ['no list', [{}, stage], [{ loss: { teacher: { id: 'teacher' } } }]] },
    ];
    expect(mapSweepModels(sweep, mapWith(seen))).toEqual([
      { setting: 'negatives', values: [null, { from: 'mined', model: { mapped: { id: 'miner' } } }] },
      {
        setting: 'stages',
        values: [
          'no list',
          [
            {},
            {
              negatives: { from: 'mined', model: { mapped: { id: 'miner' } } },
              loss: { falseNegatives: { byScore: { model: { mapped: { id: 'guide' } } } } },
            },
          ],
          [{ loss: { teacher: { mapped: { id: 'teacher' } } } }],
        ],
      },
    ]);
    expect(seen).toEqual([
      ['negativesModel', 'sweep.0.values.1.model'],
      ['negativesModel', 'sweep.1.values.1.1.negatives.model'],
      ['guideModel', 'sweep.1.values.1.1.loss.falseNegatives.byScore.model'],
      ['teacherModel', 'sweep.1.values.2.0.loss.teacher'],
    ]);
  });

  it('leave everything else as it is, valid or not', () => {
    const model = { model: { id: 'm' }, negatives: { model: { id: 'm' } } };
    for (const sweep of [
      null,
      'x',
      { setting: 'negatives', values: [model] },
      [null, 'x', { setting: 'negatives' }, { setting: 'negatives', values: 'x' }],
      [{ setting: 'seed', values: [model, [model]] }],
    ])
      expect(mapSweepModels(sweep, mapWith([]))).toEqual(sweep);
  });
});

describe('the refusal of a sweep', () => {
  const base = defaultExperiment();
  const refusal = (sweep: unknown, experiment = base): unknown => {
    try {
      return parseAxes(sweep, experiment);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.details.kind === 'experiment-invalid')
        return [thrown.details.path, thrown.details.expected];
      throw thrown;
    }
  };
  const seeds = { setting: 'seed', values: [1, 2] };

  it('says what is expected, and where', () => {
    const axis = (fields: object) => [{ setting: 'temperature', values: [0.1, 0.2], ...fields }];
    expect([refusal([]), refusal(null), refusal(Array(8).fill(seeds))]).toEqual(
      Array(3).fill(['sweep', own('list-of', 1, 7)]),
    );
    expect(refusal(['x'])).toEqual(['sweep.0', own('object')]);
    expect(refusal(axis({ other: 1 }))).toEqual(['sweep.0.other', own('no-such-field')]);
    expect(refusal(axis({ values: [] }))).toEqual(['sweep.0.values', own('list-of', 1, mostRuns)]);
    for (const stage of [-1, 0.5, 16, '0'])
      expect(refusal(axis({ stage }))).toEqual(['sweep.0.stage', own('integer-from-to', 0, 15)]);
    expect(refusal(axis({ stage: 1 }))).toEqual(['sweep.0.stage', own('integer-from-to', 0, 0)]);
    expect(refusal(axis({ values: [0.1, 0.1] }))).toEqual(['sweep.0.values.1', own('different-values')]);
    expect(refusal([...axis({}), ...axis({ stage: 0 })])).toEqual(['sweep.1.setting', own('different-values')]);
  });

  it('names the wrong value of a list of stages, and of the setting that is tried on it', () => {
    const stages = { setting: 'stages', values: [[defaultStage()], 'x'] };
    expect(refusal([seeds, stages])).toMatchObject(['sweep.1.values.1', {}]);
    const lists = { setting: 'stages', values: [[defaultStage()], [defaultStage(), defaultStage()]] };
    expect(refusal([lists, { setting: 'temperature', stage: 1, values: [-1, 0.2] }])).toMatchObject([
      'sweep.1.values.0',
      {},
    ]);
  });

  it('does not concern a sweep of every setting, or one with its stages first', () => {
    expect(refusal([{ setting: 'stages', values: [[defaultStage()]] }, seeds])).toEqual([
      { setting: 'stages', values: [[defaultStage()]] },
      seeds,
    ]);
    const one = (setting: string, value: unknown) => ({ setting, values: [value] });
    const all = [
      one('seed', 1),
      one('stages', [defaultStage()]),
      one('strategy', { kind: 'full' }),
      one('learningRate', 1e-4),
      one('temperature', 0.05),
      one('batchSize', 8),
      one('negatives', null),
    ];
    expect(refusal(all)).toEqual(all);
  });
});

describe('a sweep in the form', () => {
  it('accepts the ends of a range, and numbers separated by several characters', () => {
    for (const axis of ['temperature', 'batchSize'] as const) {
      const { low, high } = settingRanges[axis];
      expect(readNumbers(`${low}, ,；${high}`, axis)).toEqual([low, high]);
      expect([readNumbers(String(low / 2), axis), readNumbers(String(high * 2), axis)]).toEqual([null, null]);
    }
    expect(readNumbers('8.5', 'batchSize')).toBeNull();
  });

  it('is as long as the newest run that ended as done', () => {
    const run = (status: RunRecord['status'], times: { finishedAt?: number }) =>
      ({ runId: 'r', experimentId: 'e', status, createdAt: 1, ...times }) as RunRecord;
    expect(lastRunMs([run('failed', { finishedAt: 5 }), run('done', {}), run('done', { finishedAt: 8 })])).toBe(7);
    expect(lastRunMs([run('failed', { finishedAt: 5 }), run('done', {})])).toBeNull();
  });
});

it('a table of a sweep has texts and numbers as they are, and a score per seed', () => {
  const axes = [{ setting: 'strategy' as const, values: ['full', 3, null, { b: 1, a: 2 }] }];
  const rows = axes[0]!.values.map((value) => ({
    values: [value],
    runs: 2,
    scores: [0.5, 0.25],
    mean: 0.375,
    interval: null,
  }));
  expect(sweepCsv(axes, rows, 'mrr').split('\r\n')).toEqual([
    'strategy,runs,done,mrr,low,high,scores',
    'full,2,2,0.375,,,0.5 0.25',
    '3,2,2,0.375,,,0.5 0.25',
    ',2,2,0.375,,,0.5 0.25',
    '"{""a"":2,""b"":1}",2,2,0.375,,,0.5 0.25',
    '',
  ]);
});
