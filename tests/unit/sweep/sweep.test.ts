import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import { parseExperimentFile } from '../../../src/domain/experimentFile';
import { experimentHash } from '../../../src/domain/experimentHash';
import { storedExperimentSchema } from '../../../src/domain/project/contentSchemas';
import { mostRuns, parseAxes, runCount, sweepPoints } from '../../../src/domain/sweep/sweep';
import { axisName, sweepCsv, sweepTable } from '../../../src/domain/sweep/sweepTable';
import { lossOfKind } from '../../../src/domain/train/lossSchema';
import { errorSentences } from '../../../src/ui/i18n/errors';

const base = defaultExperiment();
function refusal(sweep: unknown, experiment = base): { path: string; zh: string; en: string } {
  try {
    parseAxes(sweep, experiment);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.details.kind !== 'experiment-invalid') throw thrown;
    return { path: thrown.details.path, ...errorSentences(thrown.details, 'sweep.json') };
  }
  throw new Error('the sweep was accepted');
}

describe('the runs of a sweep', () => {
  it('are all combinations of the values, the last setting varying fastest', () => {
    const axes = parseAxes(
      [
        { setting: 'temperature', values: [0.02, 0.05] },
        { setting: 'seed', values: [1, 2, 3] },
      ],
      base,
    );
    const points = sweepPoints(base, axes);
    expect(runCount(axes)).toBe(6);
    expect(points.map(({ values }) => values)).toEqual([
      [0.02, 1],
      [0.02, 2],
      [0.02, 3],
      [0.05, 1],
      [0.05, 2],
      [0.05, 3],
    ]);
    expect(points[4]?.experiment).toEqual({ ...base, seed: 2 });
    expect(points[0]?.experiment.stages[0]?.loss).toEqual({ ...defaultStage().loss, temperature: 0.02 });
  });

  it('have each setting in its place, with its defaults filled in', () => {
    const axes = parseAxes(
      [
        { setting: 'strategy', values: [{ kind: 'bitFit' }] },
        { setting: 'learningRate', values: [1e-3] },
        { setting: 'batchSize', values: [8] },
        { setting: 'negatives', values: [null, { from: 'random', perAnchor: 2 }] },
      ],
      base,
    );
    const [without, withRandom] = sweepPoints(base, axes);
    const [stage] = without?.experiment.stages ?? [];
    expect(stage).toMatchObject({ strategy: { kind: 'bitFit', keywords: ['bias'] }, batching: { batchSize: 8 } });
    expect(stage?.optimizer).toEqual({ ...defaultStage().optimizer, learningRate: 1e-3 });
    expect(stage && 'negatives' in stage).toBe(false);
    expect(withRandom?.experiment.stages[0]?.negatives).toEqual({ from: 'random', perAnchor: 2 });
    expect(withRandom?.experiment.schemaVersion).toBe(2);
  });

  it('take a list of stages first, so that other settings change a stage of it', () => {
    const two = [{ strategy: { kind: 'full' } }, { strategy: { kind: 'bitFit' } }];
    const axes = parseAxes(
      [
        { setting: 'learningRate', stage: 1, values: [5e-4] },
        { setting: 'stages', values: [two] },
      ],
      base,
    );
    const [point] = sweepPoints(base, axes);
    expect(point?.experiment.stages.map(({ optimizer }) => optimizer.learningRate)).toEqual([2e-4, 5e-4]);
  });
});

describe('a sweep is refused', () => {
  it('for an unknown setting, which the sentence names with the known ones', () => {
    const { path, en, zh } = refusal([{ setting: 'optimiser', values: [1] }]);
    expect(path).toBe('sweep.0.setting');
    expect(en).toContain('"optimiser" at sweep.0.setting');
    expect(en).toContain('learningRate');
    expect(zh).toContain('sweep.0.setting');
  });

  it.each([
    ['no setting', [], 'sweep'],
    ['a sweep that is not a list', { seed: [1] }, 'sweep'],
    ['an entry that is not an object', ['seed'], 'sweep.0'],
    ['a setting without values', [{ setting: 'seed', values: [] }], 'sweep.0.values'],
    ['a setting whose values are no list', [{ setting: 'seed', values: 7 }], 'sweep.0.values'],
    ['an unknown field', [{ setting: 'seed', values: [7], count: 3 }], 'sweep.0.count'],
    ['a value that the setting can’t have', [{ setting: 'temperature', values: [0.05, 0] }], 'sweep.0.values.1'],
    ['a value of another type', [{ setting: 'seed', values: [1, '2'] }], 'sweep.0.values.1'],
    ['a value twice', [{ setting: 'seed', values: [1, 2, 1] }], 'sweep.0.values.2'],
    ['a stage that the experiment lacks', [{ setting: 'temperature', stage: 1, values: [0.05] }], 'sweep.0.stage'],
    [
      'a setting twice',
      [
        { setting: 'seed', values: [1] },
        { setting: 'seed', values: [2] },
      ],
      'sweep.1.setting',
    ],
    [
      'two runs that are the same',
      [{ setting: 'strategy', values: [{ kind: 'bitFit' }, { kind: 'bitFit', keywords: ['bias'] }] }],
      'sweep',
    ],
  ])('with the path: %s', (_, sweep, path) => {
    expect(refusal(sweep).path).toBe(path);
  });

  it('for a batch size if the batches are listed', () => {
    const stages = [{ ...defaultStage(), batching: { kind: 'listed' as const, sha256: 'a'.repeat(64) } }];
    expect(refusal([{ setting: 'batchSize', values: [8] }], { ...base, stages }).path).toBe('sweep.0.values.0');
  });

  it('for more runs than a sweep may have, with both numbers', () => {
    const seeds = (count: number) => ({ setting: 'seed', values: Array.from({ length: count }, (_, i) => i) });
    const rates = { setting: 'learningRate', values: [1e-4, 2e-4, 3e-4, 4e-4, 5e-4] };
    expect(parseAxes([seeds(mostRuns)], base)).toHaveLength(1);
    const { path, zh, en } = refusal([rates, seeds(13)]);
    expect(path).toBe('sweep');
    expect(en).toContain('65 runs');
    expect(en).toContain('at most 64');
    expect(zh).toContain('65 次训练');
    expect(refusal([seeds(mostRuns + 1)]).path).toBe('sweep.0.values');
  });
});

describe('a sweep of lists of stages', () => {
  it('tries the other settings on the stages of each list, not on those of the experiment', () => {
    const triplet = { ...defaultStage(), loss: lossOfKind('triplet', defaultStage().loss) };
    const temperatures = { setting: 'temperature', values: [0.02, 0.05] };
    const experiment = { ...base, stages: [triplet] };
    expect(refusal([temperatures], experiment).path).toBe('sweep.0.values.0');
    const axes = parseAxes([temperatures, { setting: 'stages', values: [[{}], [{ dropout: 0.1 }]] }], experiment);
    expect(sweepPoints(experiment, axes)).toHaveLength(4);
    const mixed = { setting: 'stages', values: [[{}], [{ loss: triplet.loss }]] };
    expect(refusal([mixed, temperatures], base).path).toBe('sweep.1.values.0');
  });
});

describe('the table of a sweep', () => {
  const axes = parseAxes(
    [
      { setting: 'seed', values: [1, 2] },
      { setting: 'temperature', values: [0.02, 0.05] },
    ],
    base,
  );
  const points = sweepPoints(base, axes);

  it('has a row per combination without the seed, with mean and interval over seeds', () => {
    const [low, high] = sweepTable(axes, points, [0.25, 0.5, 0.35, null]);
    expect(low).toMatchObject({ values: [0.02], runs: 2, scores: [0.25, 0.35], mean: 0.3 });
    expect(low?.interval?.low).toBe(0);
    expect(low?.interval?.high).toBeCloseTo(0.3 + 12.7062 * 0.05, 4);
    expect(high).toEqual({ values: [0.05], runs: 2, scores: [0.5], mean: 0.5, interval: null });
  });

  it('says nothing about the mean while no run is done', () => {
    expect(sweepTable(axes, points, [])[0]).toEqual({
      values: [0.02],
      runs: 2,
      scores: [],
      mean: null,
      interval: null,
    });
  });

  it('is exported as CSV, with values of several fields as quoted JSON', () => {
    const strategies = parseAxes([{ setting: 'strategy', values: [{ kind: 'full' }, { kind: 'bitFit' }] }], base);
    const rows = sweepTable(strategies, sweepPoints(base, strategies), [0.5, null]);
    expect(sweepCsv(strategies, rows, 'hitRateAt1')).toBe(
      'strategy,runs,done,hitRateAt1,low,high,scores\r\n' +
        '"{""kind"":""full""}",1,1,0.5,,,0.5\r\n' +
        '"{""kind"":""bitFit""}",1,0,,,,\r\n',
    );
  });

  it('names a setting of a later stage with its stage', () => {
    expect(axisName({ setting: 'temperature', stage: 1, values: [] })).toBe('stages.1.temperature');
    expect(axisName({ setting: 'temperature', values: [] })).toBe('temperature');
  });
});

describe('the sweep of an experiment file', () => {
  const file = JSON.parse(readFileSync(new URL('../../../examples/sweep.json', import.meta.url), 'utf8')) as object;

  it('is read from the example, and is not part of the experiment', async () => {
    const { experiment, sweep, locations } = parseExperimentFile(file);
    expect(sweep && runCount(sweep)).toBe(6);
    expect(locations.model).toBe('../public/models/demo-zh');
    const { sweep: _, ...single } = file as { sweep: unknown };
    expect(parseExperimentFile(single).sweep).toBeNull();
    expect(await experimentHash(experiment)).toBe(await experimentHash(parseExperimentFile(single).experiment));
  });

  it('is refused before any file is read', () => {
    expect(() => parseExperimentFile({ ...file, sweep: [{ setting: 'seed', values: [-1] }] })).toThrow(
      'sweep.0.values.0',
    );
  });
});

describe('a sweep in a project file', () => {
  const stored = { experimentId: 'e', name: 'e', experiment: base, createdAt: 1, updatedAt: 1, demo: false };
  const sweep = { sweepId: 's', experiment: base, axes: [{ setting: 'seed', values: [1, 2] }], createdAt: 1 };

  it('is opened with its axes, and refused if they do not suit its experiment', () => {
    expect(v.parse(storedExperimentSchema, { ...stored, sweeps: [sweep] })).toEqual({ ...stored, sweeps: [sweep] });
    const wrong = { ...sweep, axes: [{ setting: 'temperature', stage: 3, values: [1] }] };
    expect(() => v.parse(storedExperimentSchema, { ...stored, sweeps: [wrong] })).toThrow('sweep.0.stage');
  });
});
