import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import { experimentHash } from '../../../src/domain/experimentHash';
import type { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { defaultExperiment, defaultStage, type Experiment } from '../../../src/domain/experiment';
import { fillExperiment, parseExperimentFile } from '../../../src/domain/experimentFile';
import { sha256Hasher, sha256Hex, sha256Stream } from '../../../src/domain/hash';
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

describe('canonical JSON', () => {
  // Examples from RFC 8785, sections 3.2.2 and 3.2.3.
  it('matches the example in RFC 8785 for numbers, strings and literals', () => {
    const value = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"\/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts object keys by UTF-16 code units, as RFC 8785 requires', () => {
    const value = {
      '\u20ac': 'Euro',
      '\r': 'CR',
      '\ufb33': 'Dalet',
      '1': 'One',
      '\ud83d\ude00': 'Smiley',
      '\u0080': 'Control',
      '\u00f6': 'o',
    };
    const order = [...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map((match) => match[1]);
    expect(order).toEqual(['CR', 'One', 'Control', 'o', 'Euro', 'Smiley', 'Dalet']);
  });

  it('does not depend on the order of members, and parses back to the same value', () => {
    const property = fc.property(fc.dictionary(fc.string(), fc.jsonValue({ stringUnit: 'grapheme' })), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    });
    fc.assert(property);
  });

  it('rejects a value without a canonical form and names its path', () => {
    expect(thrown(() => canonicalJson({ a: [1, Number.NaN] }))).toEqual({
      kind: 'experiment-invalid',
      path: 'a[1]',
      found: 'NaN',
      expected: own('finite-number'),
    });
    expect(thrown(() => canonicalJson({ a: { b: 'x\ud800' } }))).toMatchObject({
      path: 'a.b',
      found: own('lone-surrogate'),
    });
    expect(canonicalJson({ a: undefined, b: -0 })).toBe('{"b":0}');
  });
});

describe('SHA-256', () => {
  it('matches the example in FIPS 180-2, however the bytes are split', async () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(await sha256Hex('abc')).toBe(expected);
    expect(await sha256Stream(['a', new TextEncoder().encode('bc')])).toBe(expected);
    const whole = Float32Array.of(1, 2, 3, 4);
    expect(await sha256Stream([whole.subarray(0, 1), whole.subarray(1)])).toBe(await sha256Hex(whole));
    const hasher = await sha256Hasher();
    hasher.update('ab').update('c');
    expect(hasher.hex()).toBe(expected);
  });
});

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
    const pairs = parseExperiment({ stages: [{ loss: { kind: 'sigmoidPairs', temperature: 0.1 } }] });
    expect([pairs.schemaVersion, pairs.stages[0]?.loss]).toEqual([2, { kind: 'sigmoidPairs', temperature: 0.1 }]);
    const loss = lossOfKind('inBatchInfoNce', { ...defaultStage().loss, temperature: 0.05 });
    expect(parseExperiment({ ...pairs, stages: [{ loss }] })).toEqual(defaultExperiment());
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
