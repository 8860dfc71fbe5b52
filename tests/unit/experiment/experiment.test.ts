import { describe, expect, it } from 'vitest';
import { experimentHash } from '../../../src/domain/experimentHash';
import type { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { defaultExperiment, schemaVersion, type Experiment } from '../../../src/domain/experiment';
import { experimentFileOf, fillExperiment, parseExperimentFile } from '../../../src/domain/experimentFile';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { lossOfKind } from '../../../src/domain/train/lossSchema';

const hash = (digit: string): string => digit.repeat(64);
function thrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as AppError).details;
  }
}

describe('an experiment', () => {
  it('parsed from an empty object equals the default experiment', () => {
    expect(parseExperiment({})).toEqual(defaultExperiment());
  });

  it('keeps the given fields and takes the rest from the defaults, at any depth', () => {
    const parsed = parseExperiment({
      seed: 3,
      stages: [
        { optimizer: { learningRate: 1e-5 }, schedule: { kind: 'cosine' }, duration: { unit: 'steps', value: 9 } },
      ],
    });
    const expected = defaultExperiment();
    const [stage] = expected.stages;
    expected.seed = 3;
    expected.stages = [
      {
        ...stage!,
        optimizer: { ...stage!.optimizer, learningRate: 1e-5 },
        schedule: { kind: 'cosine', warmup: 0.1 },
        duration: { unit: 'steps', value: 9 },
      },
    ];
    expect(parsed).toEqual(expected);
  });

  it.each([
    [{ seeds: 3 }, 'seeds'],
    [{ stages: [{ optimizer: { learningrate: 1 } }] }, 'stages.0.optimizer.learningrate'],
    [{ stages: [{}, { batching: { batchSize: 1 } }] }, 'stages.1.batching.batchSize'],
    [{ stages: [{ batching: { batchSize: 0 } }] }, 'stages.0.batching.batchSize'],
    [{ stages: [{ duration: { unit: 'steps', value: 1e9 } }] }, 'stages.0.duration.value'],
    [{ stages: [{ duration: { unit: 'epochs', value: 1e9 } }] }, 'stages.0.duration.value'],
    [{ stages: [{ batching: { kind: 'listed', sha256: hash('a'), batchSize: 4 } }] }, 'stages.0.batching.batchSize'],
    [{ stages: [{ optimizer: { beta1: 1 } }] }, 'stages.0.optimizer.beta1'],
    [{ stages: [{ dropout: 1 }] }, 'stages.0.dropout'],
    [{ stages: [{ loss: { kind: 'sigmoid', temperature: 0.05 } }] }, 'stages.0.loss.kind'],
    [{ stages: [{ loss: { kind: 'sigmoidPairs' } }] }, 'stages.0.loss.temperature'],
    [{ stages: [{ loss: { kind: 'sigmoidPairs', temperature: 0 } }] }, 'stages.0.loss.temperature'],
    [{ stages: [{ loss: { kind: 'sigmoidPairs', temperature: 1, directions: 'both' } }] }, 'stages.0.loss.directions'],
    [{ stages: [{ dropout: 'config' }] }, 'stages.0.dropout'],
    [{ stages: [] }, 'stages'],
    [{ data: [{ role: 'pairs', contentSha256: 'abc' }] }, 'data.0.contentSha256'],
    [{ evaluation: { primary: 'accuracy' } }, 'evaluation.primary'],
    [{ schemaVersion: 0 }, 'schemaVersion'],
    [[], ''],
    [null, ''],
  ])('is rejected with the path of the invalid field: %j', (input, path) => {
    expect(thrown(() => parseExperiment(input))).toMatchObject({ kind: 'experiment-invalid', path });
  });

  it('has version 2 if a stage uses the sigmoid pair loss, and version 1 after it returns to the default', () => {
    const pairs = parseExperiment({ stages: [{ loss: { kind: 'sigmoidPairs', temperature: 0.05 } }] });
    expect([pairs.schemaVersion, pairs.stages[0]?.loss]).toEqual([2, { kind: 'sigmoidPairs', temperature: 0.05 }]);
    const loss = lossOfKind('inBatchInfoNce', { kind: 'sigmoidPairs', temperature: 0.05 });
    expect(parseExperiment({ ...pairs, stages: [{ loss }] })).toEqual(defaultExperiment());
  });

  it.each<[object, unknown, unknown]>([
    [{ seed: 'x' }, '"x"', own('number')],
    [{ seed: 1.5 }, '1.5', own('integer')],
    [{ seed: -1 }, '-1', '>=0'],
    [{ seeds: 3 }, '"seeds"', own('no-such-field')],
    [{ split: 3 }, '3', own('object')],
    [{ stages: {} }, '{}', own('list')],
    [{ stages: [{ batching: { avoidDuplicatePassages: 1 } }] }, '1', own('boolean')],
    [{ stages: [{ strategy: { kind: 'bitFit', keywords: ['gamma'] } }] }, '"gamma"', own('parameter-keyword')],
    [
      { stages: [{ loss: { matryoshka: [8, 8].map((dimension) => ({ dimension, weight: 1 })) } }] },
      '[{"dimension":8,"weight":1},{"dimension":8,"weight":1}]',
      undefined,
    ],
    [{ model: { contentSha256: 'abc' } }, '"abc"', own('sha256')],
    [{ data: [{ role: 'pairs' }] }, own('no-value'), undefined],
    [{ evaluation: { checkpoint: 'first' } }, '"first"', ['"bestDev"', '"last"']],
    [{ seed: 'x'.repeat(100) }, `"${'x'.repeat(79)}`, own('number')],
    [{ schemaVersion: '1' }, '"1"', own('integer-from-to', 1, schemaVersion)],
    [{ schemaVersion: 0.5 }, '0.5', own('integer-from-to', 1, schemaVersion)],
  ])('that is rejected has an error with the value found and the one expected: %j', (input, found, expected) => {
    const details = thrown(() => parseExperiment(input));
    expect(details).toMatchObject({ kind: 'experiment-invalid', found });
    expect((details as { expected?: unknown }).expected).toEqual(expected);
  });

  it('fills in the prefixes of its model, but no other setting of it', () => {
    const model = { contentSha256: hash('1'), pooling: 'cls', normalize: true, maxTokens: 64 };
    expect(parseExperiment({ model }).model).toEqual({ ...model, queryPrefix: '', passagePrefix: '' });
    expect(parseExperiment({ model: { ...model, queryPrefix: '问：' } }).model?.queryPrefix).toBe('问：');
    expect(thrown(() => parseExperiment({ model: { contentSha256: hash('1') } }))).toMatchObject({
      path: 'model.pooling',
    });
  });

  it('states that titles are joined only if they are', () => {
    const entry = { role: 'knowledgeBase', contentSha256: hash('1') };
    const of = (joinTitles: boolean) => parseExperiment({ data: [{ ...entry, joinTitles }] }).data;
    expect(of(false)).toEqual([entry]);
    expect(of(true)).toEqual([{ ...entry, joinTitles: true }]);
  });

  it('keeps a union of another kind unchanged', () => {
    const batching = { kind: 'listed', sha256: hash('a') };
    expect(parseExperiment({ stages: [{ batching }] }).stages[0]?.batching).toEqual(batching);
    const [epochs] = parseExperiment({ stages: [{ duration: { unit: 'epochs' } }] }).stages;
    expect(epochs?.duration).toEqual({ unit: 'epochs', value: 2 });
    expect(thrown(() => parseExperiment({ stages: [{ duration: { unit: 'steps' } }] }))).toMatchObject({
      path: 'stages.0.duration.value',
    });
  });

  it('states its precision only if it is not full, so that older experiments keep their hash', async () => {
    const of = (stage: object): Experiment => parseExperiment({ stages: [stage] });
    expect(of({ precision: 'full' })).toEqual(defaultExperiment());
    expect(await experimentHash(of({ precision: 'full' }))).toBe(await experimentHash(defaultExperiment()));
    expect(of({ precision: 'mixed' }).stages[0]?.precision).toBe('mixed');
    expect(of({ precision: 'mixed-matrices' }).stages[0]?.precision).toBe('mixed-matrices');
    expect(await experimentHash(of({ precision: 'mixed' }))).not.toBe(await experimentHash(defaultExperiment()));
    const hashes = ['full', 'mixed', 'mixed-matrices'].map((precision) => experimentHash(of({ precision })));
    expect(new Set(await Promise.all(hashes)).size).toBe(3);
    expect(thrown(() => of({ precision: 'half' }))).toMatchObject({ path: 'stages.0.precision' });
  });

  it('states that near-duplicates are removed only if they are, so that older experiments keep their hash', async () => {
    const of = (split: object): Experiment => parseExperiment({ split });
    expect(of({ removeNearDuplicates: false })).toEqual(defaultExperiment());
    expect(await experimentHash(of({ removeNearDuplicates: false }))).toBe(await experimentHash(defaultExperiment()));
    expect(of({ removeNearDuplicates: true }).split.removeNearDuplicates).toBe(true);
    expect(await experimentHash(of({ removeNearDuplicates: true }))).not.toBe(
      await experimentHash(defaultExperiment()),
    );
    expect(parseExperimentFile({ split: { removeNearDuplicates: true } }).experiment.split.removeNearDuplicates).toBe(
      true,
    );
    expect(thrown(() => of({ removeNearDuplicates: 1 }))).toMatchObject({ path: 'split.removeNearDuplicates' });
  });

  it('with a newer schema version is rejected as too new', () => {
    const tooNew = { kind: 'experiment-too-new', version: 99, supported: 2 };
    expect(thrown(() => parseExperiment({ schemaVersion: 99, newField: 1 }))).toEqual(tooNew);
    expect(thrown(() => parseExperimentFile({ schemaVersion: 99, locations: {} }))).toEqual(tooNew);
  });

  it('has the same hash whether written briefly, in full or in another field order', async () => {
    const brief = { seed: 7 };
    expect(await experimentHash(parseExperiment(brief))).toBe(await experimentHash(defaultExperiment()));
    const shuffled: Experiment = JSON.parse(
      JSON.stringify(defaultExperiment(), Object.keys(flatNames(defaultExperiment())).reverse()),
    );
    expect(await experimentHash(shuffled)).toBe(await experimentHash(defaultExperiment()));
    expect(await experimentHash({ ...defaultExperiment(), seed: 8 })).not.toBe(
      await experimentHash(defaultExperiment()),
    );
  });
});

function flatNames(value: unknown, names: Record<string, true> = {}): Record<string, true> {
  if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      names[name] = true;
      flatNames(inner, names);
    }
  return names;
}

describe('an experiment file', () => {
  it('states whether titles are joined, also for a knowledge base that is read from a file', () => {
    const joinTitles = (data: unknown[]) => parseExperimentFile({ data }).joinTitles;
    expect(joinTitles([{ role: 'knowledgeBase', joinTitles: true }])).toBe(true);
    expect(joinTitles([{ role: 'knowledgeBase', joinTitles: false }])).toBe(false);
    expect([joinTitles([{ role: 'knowledgeBase' }]), joinTitles([{ role: 'pairs' }]), joinTitles([])]).toEqual([
      null,
      null,
      null,
    ]);
    const entries = [{ role: 'pairs' }, { role: 'pairs', contentSha256: hash('2') }];
    expect(parseExperimentFile({ data: entries }).experiment.data).toEqual([entries[1]]);
    expect(thrown(() => parseExperimentFile({ data: [{ role: 'pairs' }, { role: 'pears' }] }))).toMatchObject({
      path: 'data.1.role',
    });
    expect(thrown(() => parseExperimentFile({ data: 'x' }))).toMatchObject({ path: 'data' });
  });

  it('gets a hash only for the stages that list their batches without one', () => {
    const listed = { kind: 'listed', sha256: hash('9') };
    const file = parseExperimentFile({
      locations: { batches: 'b.json' },
      stages: [{ batching: listed }, {}, { batching: { kind: 'listed' } }],
    });
    expect(file.stagesToFill).toEqual([2]);
    const model = { contentSha256: hash('1'), pooling: 'mean', normalize: true, maxTokens: 8 } as const;
    const read = { data: [], model: { ...model, queryPrefix: '', passagePrefix: '' }, batchesSha256: hash('3') };
    expect(fillExperiment(file, read).stages.map(({ batching }) => batching)).toEqual([
      listed,
      defaultExperiment().stages[0]?.batching,
      { kind: 'listed', sha256: hash('3') },
    ]);
  });

  it('written for an experiment names the model of a hub and the files of the data, if they are known', () => {
    const experiment = defaultExperiment();
    const hub = { host: 'huggingface.co', id: 'a/b', commit: 'c'.repeat(40) };
    expect(experimentFileOf(experiment, null)).toEqual(experiment);
    expect(experimentFileOf(experiment, {})).toEqual(experiment);
    // A location does not name its host, so only a model of the public hub can be found again.
    expect(experimentFileOf(experiment, { hub: { ...hub, host: 'hub.example' } })).toEqual(experiment);
    const facts = { contentSha256: hash('2'), name: 'a', rows: 1, characters: 1, createdAt: 1 };
    const pairs = { ...facts, role: 'pairs' as const, sources: [{ path: 'a.csv' }] };
    expect(experimentFileOf(experiment, { hub }, { pairs })).toEqual({
      ...experiment,
      locations: { pairs: 'a.csv', model: `hub:a/b@${hub.commit}` },
    });
    expect(experimentFileOf(experiment, null, { pairs })).toEqual({ ...experiment, locations: { pairs: 'a.csv' } });
  });

  const locations = {
    knowledgeBase: 'kb.jsonl',
    pairs: 'pairs.jsonl',
    testQuestions: 'test.jsonl',
    model: '../models/demo-zh',
    batches: 'batches.json',
  };

  it('gets its hashes from the files that it names', () => {
    const file = parseExperimentFile({
      locations,
      model: { maxTokens: 128 },
      stages: [{ batching: { kind: 'listed' }, duration: { unit: 'steps', value: 100 } }],
    });
    expect(file.locations).toEqual({
      ...locations,
      knowledgeBase: [{ path: 'kb.jsonl' }],
      pairs: [{ path: 'pairs.jsonl' }],
      testQuestions: [{ path: 'test.jsonl' }],
    });
    const model = {
      contentSha256: hash('1'),
      pooling: 'mean' as const,
      normalize: true,
      maxTokens: 512,
      queryPrefix: '',
      passagePrefix: '',
    };
    const data = [{ role: 'pairs' as const, contentSha256: hash('2') }];
    const experiment = fillExperiment(file, { data, model, batchesSha256: hash('3') });
    expect(experiment.model).toEqual({ ...model, maxTokens: 128 });
    expect(experiment.data).toEqual(data);
    expect(experiment.stages[0]?.batching).toEqual({ kind: 'listed', sha256: hash('3') });
    expect(parseExperiment(experiment)).toEqual(experiment);
  });

  it('may be a complete experiment that already contains hashes', () => {
    const whole = {
      ...defaultExperiment(),
      data: [{ role: 'pairs', contentSha256: hash('2') }],
      model: { contentSha256: hash('1') },
    };
    const file = parseExperimentFile(whole);
    expect(file.experiment.data).toEqual(whole.data);
    expect(file.model).toEqual({ contentSha256: hash('1') });
    expect(file.locations).toEqual({});
  });

  it.each([
    [{ locations: { knowledgebase: 'x' } }, 'locations.knowledgebase'],
    [{ locations: { pairs: '' } }, 'locations.pairs'],
    [{ model: { pooling: 'max' } }, 'model.pooling'],
    [{ stages: [{ batching: { kind: 'listed' } }] }, 'locations.batches'],
    [{ stages: [{ loss: { temperature: 0 } }] }, 'stages.0.loss.temperature'],
    ['text', ''],
  ])('is rejected with the path of the invalid field: %j', (input, path) => {
    expect(thrown(() => parseExperimentFile(input))).toMatchObject({ kind: 'experiment-invalid', path });
  });
});
