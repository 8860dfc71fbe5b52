import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { candidateId, type Candidate } from '../../../src/domain/evaluate/candidate';
import { experimentModelOf } from '../../../src/domain/experiment';
import {
  listAllComparisons,
  listComparisons,
  listPairScores,
  putComparison,
  usesOfPart,
} from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';
import { comparisonKey } from '../../../workers/services/evaluate/compareModels';
import { comparedData } from '../../../workers/services/evaluate/comparedData';
import { comparedPairs } from '../../../workers/services/evaluate/pairResults';
import { pairSet } from '../../../workers/services/evaluate/pairSet';
import { freshDatabase } from '../storage/support';
import { edited, entriesOf, fileOf } from './edit';
import { all, contentsOf, fill, none, open, saved, storePairs } from './support';

const dataSha256 = 'd'.repeat(64);
const keywords: Candidate = { kind: 'keywords' };
const ofRun: Candidate = { kind: 'run', runId: 'r', weights: 'kept' };
const blend: Candidate = { kind: 'fused', dense: { kind: 'blend', runId: 'r', ratio: 0.5 } };
const results = [
  { questionId: 'q', ranks: [1, 3], top: [{ passageId: '0', score: 0.5 }], rightScore: 0.5 },
  { questionId: 'p', ranks: [Infinity], top: [] },
];
const path = 'comparisons.json';

/** Stores results of candidates on test, on a probe set and on scored pairs. */
async function compare(db: Database, candidates: readonly Candidate[], experimentId = 'e'): Promise<void> {
  for (const candidate of candidates) {
    const key = await comparisonKey(db, candidate, { sha256: dataSha256 });
    const common = { experimentId, candidate, dataSha256, createdAt: 5 };
    await putComparison(db, { ...common, key, part: 'test', results, passagesPerSecond: 7.5, scores: [] });
    for (const [sha256, part] of [['e'.repeat(64), 'probe'] as const, ['f'.repeat(64), 'pairs'] as const]) {
      const other = { ...common, dataSha256: sha256, key: await comparisonKey(db, candidate, { sha256 }) };
      if (part === 'pairs') await putComparison(db, { ...other, part, scores: [0.25, -1] });
      else await putComparison(db, { ...other, part, results, passagesPerSecond: null });
    }
  }
}

async function given() {
  const [here, there] = [await freshDatabase(), await freshDatabase()];
  const { model } = await fill(here, 'e', 'r');
  const base: Candidate = { kind: 'base', model: experimentModelOf(model) };
  await compare(here, [keywords, base, ofRun, blend]);
  return { here, there, base };
}

/** Whether every stored result has the key that its candidate and its data have here. */
async function areAllCurrent(db: Database, experimentId: string): Promise<boolean> {
  for (const { candidate, key, dataSha256: sha256 = '' } of await listAllComparisons(db, experimentId))
    if ((await comparisonKey(db, candidate, { sha256 })) !== key) return false;
  return true;
}

const withoutKeys = (stored: readonly { key: string }[]) =>
  stored.map(({ key: _, ...rest }) =>
    JSON.stringify(rest, (_name, field: unknown) => (field === Infinity ? '∞' : field)),
  );

describe('the comparisons of an experiment in a project file', () => {
  it('come back complete and current, although the weights of a run have another hash without optimizer state', async () => {
    const { here, there } = await given();
    expect(await open(there, await saved(here, false))).toMatchObject({ warnings: [] });
    const [before, after] = [await listAllComparisons(here, 'e'), await listAllComparisons(there, 'e')];
    expect(withoutKeys(after).toSorted()).toEqual(withoutKeys(before).toSorted());
    expect(before.map(({ key }) => key).toSorted()).not.toEqual(after.map(({ key }) => key).toSorted());
    expect(await areAllCurrent(there, 'e')).toBe(true);
    expect(usesOfPart(await listComparisons(there, 'e'), 'test')).toBe(4);
    // Opening the file again adds nothing, and a second trip keeps them current.
    await open(there, await saved(here, false));
    expect(await listAllComparisons(there, 'e')).toEqual(after);
    const third = await freshDatabase();
    await open(third, await saved(there));
    expect(await areAllCurrent(third, 'e')).toBe(true);
  });

  it('name the copy of a run, if the run’s id is taken by another one', async () => {
    const { here, there } = await given();
    await fill(there, 'e', 'r', { loss: 2 });
    const mine = await there.get('experiments', 'e');
    await compare(there, [ofRun]);
    const kept = await listAllComparisons(there, 'e');
    await open(there, await saved(here), all);
    const runIds = (await there.getAllKeys('runs')).filter((id) => id !== 'r');
    const [copy] = runIds;
    const opened = (await there.getAll('runs')).find(({ runId }) => runId === copy);
    const owner = opened?.experimentId ?? '';
    const named = JSON.stringify((await listAllComparisons(there, owner)).map(({ candidate }) => candidate));
    expect(named).toContain(copy);
    expect(await areAllCurrent(there, owner)).toBe(true);
    expect(await there.get('experiments', 'e')).toMatchObject({ name: mine?.name });
    for (const one of kept) expect(await listAllComparisons(there, 'e')).toContainEqual(one);
  });

  it('are kept without their models, which a warning says, and still count as uses of test', async () => {
    const { here, there } = await given();
    await here.delete('runs', 'r');
    const file = await saved(here);
    const { warnings } = await open(there, file);
    expect(warnings).toContainEqual({
      kind: 'project-partial',
      file: file.name,
      name: 'one',
      fault: 'candidates-missing',
    });
    expect(usesOfPart(await listComparisons(there, 'e'), 'test')).toBe(4);
  });

  it('keep the key of the file if their run was left out, so that another run with its id does not show them', async () => {
    const { here, there } = await given();
    await fill(there, 'e', 'r', { loss: 2 });
    const { warnings } = await open(there, await saved(here), none);
    expect(warnings).toMatchObject([{ fault: 'candidates-missing' }]);
    const keys = (await listAllComparisons(here, 'e')).map(({ key }) => key);
    const opened = await listAllComparisons(there, 'e');
    expect(opened.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    for (const { candidate, key, dataSha256: sha256 = '' } of opened)
      if (JSON.stringify(candidate).includes('"r"'))
        expect(await comparisonKey(there, candidate, { sha256 })).not.toBe(key);
  });

  it('may fail to be stored, which a warning says while the rest of the project stays whole', async () => {
    const { here, there } = await given();
    const file = await saved(here);
    const transaction = there.transaction.bind(there);
    const failing = vi.spyOn(there, 'transaction').mockImplementation((stores: unknown, ...rest: unknown[]) => {
      if (Array.isArray(stores) && stores.join() === 'experiments,comparisons')
        throw new DOMException('no space', 'QuotaExceededError');
      return (transaction as (...all: unknown[]) => never)(stores, ...rest);
    });
    const { runs, warnings } = await open(there, file);
    failing.mockRestore();
    expect(runs).toBe(1);
    expect(warnings).toEqual([
      { kind: 'project-partial', file: file.name, name: 'one', fault: 'comparisons-unstored' },
      { kind: 'quota-exceeded' },
    ]);
    const whole = await freshDatabase();
    await open(whole, file);
    expect(await contentsOf(there)).toEqual(await contentsOf(whole));
    expect(await open(there, file)).toMatchObject({ warnings: [] });
    expect(await listAllComparisons(there, 'e')).toHaveLength(12);
  });

  it('are saved if the data of results of an earlier version can’t be read', async () => {
    const { here, there } = await given();
    const [one] = (await listComparisons(here, 'e')).filter(({ candidate }) => candidate.kind === 'run');
    const { dataSha256: _, ...earlier } = one!;
    await here.put('comparisons', { ...earlier, part: 'dev' });
    const stored = (await here.get('experiments', 'e'))!;
    const { experiment } = stored;
    // Passage ids are there twice.
    const data = [...experiment.data, ...experiment.data];
    await here.put('experiments', { ...stored, experiment: { ...experiment, data } });
    await expect(comparedData(here, { experimentId: 'e' }, 'dev')).rejects.toMatchObject({
      details: { kind: 'experiment-invalid' },
    });
    await open(there, await saved(here));
    expect(await listAllComparisons(there, 'e')).toHaveLength(12);
  });

  it('leave out scores that are not as many as the pairs here, which a warning says', async () => {
    const { here, there } = await given();
    const pairs = await storePairs(here, 3);
    await here.put('experiments', { ...(await here.get('experiments', 'e'))!, comparedPairs: pairs });
    const { sha256 } = (await pairSet(here, 'e'))!;
    for (const [candidate, scores] of [
      [keywords, [1, 2]],
      [ofRun, [1, 2, 3]],
    ] as const) {
      const key = await comparisonKey(here, candidate, { sha256 });
      const common = { experimentId: 'e', candidate, dataSha256: sha256, createdAt: 5 };
      await putComparison(here, { ...common, key, part: 'pairs', scores: [...scores] });
    }
    expect((await comparedPairs(here, 'e'))?.ids).toEqual([candidateId(ofRun)]);
    const { warnings } = await open(there, await saved(here));
    expect(warnings).toMatchObject([{ fault: 'scores-misfit', name: 'one' }]);
    const opened = await listPairScores(there, 'e');
    expect(opened.filter(({ dataSha256 }) => dataSha256 === sha256).map(({ scores }) => scores)).toEqual([[1, 2, 3]]);
  });

  it('are refused if a record is invalid, is there twice or belongs to no experiment of the file', async () => {
    const { here } = await given();
    const file = await saved(here);
    const details = { kind: 'project-invalid', entry: expect.stringContaining(path) as string };
    for (const edit of [
      ([one]: object[]) => [{ ...one, results: [{ questionId: 'q', ranks: [0], top: [] }] }],
      ([one]: object[]) => [{ ...one, candidate: { kind: 'run', runId: '../r', weights: 'kept' } }],
      ([one]: object[]) => [one, one],
      ([one]: object[]) => [{ ...one, experimentId: 'another' }],
    ])
      await expect(open(await freshDatabase(), await edited(file, path, edit))).rejects.toMatchObject({ details });
  });

  it('may be missing, as in files of earlier versions', async () => {
    const { here, there, base } = await given();
    const entries = await entriesOf(await saved(here));
    entries.delete(path);
    expect(await open(there, await fileOf(entries))).toMatchObject({ experiments: 1, warnings: [] });
    expect(await listAllComparisons(there, 'e')).toEqual([]);
    expect(base.kind === 'base' && (await getModel(there, base.model.contentSha256))).toBeTruthy();
  });
});
