import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import { rowSchemas } from '../../../src/domain/project/contentSchemas';
import { projectBytes, type ProjectContents } from '../../../src/domain/project/contents';
import {
  blockPath,
  eventsPath,
  isProjectPath,
  minedPath,
  partPath,
  storedPartPath,
} from '../../../src/domain/project/manifest';
import { experimentsIn, referencesOf } from '../../../src/domain/project/references';
import { sameValue } from '../../../src/domain/project/sameValue';
import { errorSchema, id, measured, projectJson, sha256, time, whole } from '../../../src/domain/project/schemaFields';
import { validate } from '../../../src/domain/project/validate';

const accepts = (schema: v.GenericSchema, value: unknown): boolean => v.safeParse(schema, value).success;

describe('a value of a project file', () => {
  it('may be a measurement that JSON lacks, written as text', () => {
    const values = [1.5, NaN, Infinity, -Infinity];
    const json = projectJson({ values, text: 'NaN' });
    expect(json).toBe('{"values":[1.5,"NaN","Infinity","-Infinity"],"text":"NaN"}');
    const read = v.parse(v.object({ values: v.array(measured) }), JSON.parse(json));
    expect(read.values).toEqual(values);
    expect(v.parse(measured, null)).toBeNaN();
    expect(accepts(measured, 'nan')).toBe(false);
  });

  it('has bounds: an id is part of a path, a time can be shown, a count is exact', () => {
    for (const good of ['a', 'A_b-9', 'x'.repeat(100)]) expect(accepts(id, good)).toBe(true);
    for (const bad of ['', '../a', 'a/b', 'a b', 'x'.repeat(101)]) expect(accepts(id, bad)).toBe(false);
    expect([accepts(sha256, 'a'.repeat(64)), accepts(sha256, 'A'.repeat(64)), accepts(sha256, 'a'.repeat(65))]).toEqual(
      [true, false, false],
    );
    expect([accepts(time, 8.64e15), accepts(time, 8.64e15 + 1), accepts(time, -1)]).toEqual([true, false, false]);
    expect([accepts(whole, 0), accepts(whole, 0.5), accepts(whole, -1), accepts(whole, 2 ** 53)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('is an error if it has a kind, and fields that are plain or part of a sentence', () => {
    const words = { code: 'row', values: [3, 'x'] };
    for (const field of [1, 'a', true, null, words, [words, 'a'], [[words], 'a']])
      expect(accepts(errorSchema, { kind: 'made-up', field })).toBe(true);
    for (const field of [
      {},
      { code: 1, values: [] },
      { code: 'row' },
      { code: 'row', values: ['x', {}] },
      [1],
      ['a', 1],
      [[[words]]],
    ])
      expect(accepts(errorSchema, { kind: 'made-up', field })).toBe(false);
    for (const value of [null, [], 'x', {}, { kind: 7 }]) expect(accepts(errorSchema, value)).toBe(false);
  });

  it('that is wrong is reported with its place, and what is expected and found there', () => {
    const schema = v.strictObject({ list: v.array(v.string()) });
    expect(validate(schema, { list: ['a'] })).toEqual({ output: { list: ['a'] } });
    expect(validate(schema, { list: ['a', 7] })).toEqual({
      mismatch: { place: 'list.1', expected: 'string', received: '7' },
    });
    expect(validate(schema, 7)).toMatchObject({ mismatch: { place: '', received: '7' } });
    const failing = v.pipe(
      v.string(),
      v.check(() => false),
    );
    expect(validate(failing, 'x')).toMatchObject({ mismatch: { expected: 'check' } });
  });
});

describe('a pair of a project file', () => {
  const pair = { id: 'a', anchor: 'q', positive: 'p' };

  it.each([
    [{}],
    [{ teacherScores: [0.5] }],
    [{ negatives: ['n', 'm'], teacherScores: [1, 2, 3] }],
    [{ negatives: ['n'] }],
  ])('may have a teacher’s score for each of its passages: %j', (fields) =>
    expect(accepts(rowSchemas.pairs, { ...pair, ...fields })).toBe(true),
  );

  it.each([[{ teacherScores: [] }], [{ teacherScores: [1, 2] }], [{ negatives: ['n'], teacherScores: [1] }]])(
    'has neither more nor fewer of them: %j',
    (fields) => expect(accepts(rowSchemas.pairs, { ...pair, ...fields })).toBe(false),
  );
});

describe('two values', () => {
  it.each<[unknown, unknown]>([
    [1, 1],
    [NaN, NaN],
    [null, null],
    [
      [1, ['a']],
      [1, ['a']],
    ],
    [
      { a: 1, b: { c: [2] } },
      { b: { c: [2] }, a: 1 },
    ],
    [{ a: undefined }, { a: undefined }],
  ])('are the same: %j and %j', (a, b) => expect(sameValue(a, b)).toBe(true));

  it.each<[unknown, unknown]>([
    [1, '1'],
    [0, -0],
    [null, {}],
    [[1], [1, 2]],
    [[1, 2], [1]],
    [
      [1, 2],
      [1, 3],
    ],
    [[], {}],
    [[], null],
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1, b: 2 }, { a: 1 }],
    [
      { a: 1, b: 2 },
      { a: 1, b: 3 },
    ],
    [{ a: undefined }, { b: undefined }],
  ])('differ: %j and %j', (a, b) => expect(sameValue(a, b)).toBe(false));
});

describe('the content that experiments refer to', () => {
  it('includes the content of the experiments in their link and their sweeps', () => {
    const [own, linked, swept] = [1, 2, 3].map((seed) => ({ ...defaultExperiment(), seed }));
    const stored = { experiment: own!, linked: linked!, sweeps: [{ experiment: swept! }] };
    expect(experimentsIn(stored)).toEqual([own, linked, swept]);
    expect(experimentsIn({ experiment: own! })).toEqual([own]);
  });

  it('consists of their data sets, models and batch lists', () => {
    const model = {
      contentSha256: 'm',
      pooling: 'cls',
      normalize: true,
      maxTokens: 8,
      queryPrefix: '',
      passagePrefix: '',
    };
    const listed = { ...defaultStage(), batching: { kind: 'listed' as const, sha256: 'b' } };
    const experiment = {
      ...defaultExperiment(),
      data: [{ role: 'pairs' as const, contentSha256: 'd' }],
      model: { ...model, pooling: 'cls' as const },
      stages: [defaultStage(), listed],
    };
    expect(referencesOf([experiment, defaultExperiment()])).toEqual({
      datasets: new Set(['d']),
      models: new Set(['m']),
      batchLists: new Set(['b']),
    });
  });
});

describe('the size of a project file', () => {
  const part = (key: string, bytes: number, optimizerState = false) => ({ key, bytes, optimizerState });
  const contents = (experimentId: string, ...parts: ProjectContents['parts']): ProjectContents => ({
    experimentId,
    name: '',
    runs: 0,
    unfinished: 0,
    parts,
  });

  it('counts a shared part once, and the state of the optimizer only if it is saved', () => {
    const both = [contents('a', part('x', 1), part('y', 10, true)), contents('b', part('x', 1), part('z', 100))];
    expect(projectBytes(both, new Set(['a', 'b']), true)).toBe(111);
    expect(projectBytes(both, new Set(['a', 'b']), false)).toBe(101);
    expect(projectBytes(both, new Set(['a']), true)).toBe(11);
    expect(projectBytes(both, new Set(), true)).toBe(0);
  });
});

it('a file in a project has the same path in every version', () => {
  const paths = [eventsPath('r'), blockPath('d', 2), storedPartPath('w', 3), partPath('s'), minedPath('m')];
  expect(paths).toEqual([
    'runEvents/r.json',
    'datasetBlocks/d/2.json',
    'weightParts/w/3.bin',
    'weights/s.bin',
    'minedNegatives/m.bin',
  ]);
  for (const path of [...paths, 'manifest.json', 'runs.json']) expect(isProjectPath(path)).toBe(true);
  for (const path of ['readme.txt', `backup/${paths[0]}`, 'weights.bin']) expect(isProjectPath(path)).toBe(false);
});
