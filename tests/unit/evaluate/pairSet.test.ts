import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import { defaultStage } from '../../../src/domain/experiment';
import { putComparison } from '../../../src/storage/comparisons';
import { comparedCandidates } from '../../../workers/services/evaluate/comparedPart';
import { comparisonKey } from '../../../workers/services/evaluate/compareModels';
import { listCandidates } from '../../../workers/services/evaluate/listCandidates';
import { pairSet } from '../../../workers/services/evaluate/pairSet';
import { fill, storePairs, storeRun } from '../project/support';
import { freshDatabase, storedExperiment } from '../storage/support';

it('pairs that a listed run of another experiment was trained on are left out for all models', async () => {
  const db = await freshDatabase();
  const { experiment, model } = await fill(db);
  const pairs = await storePairs(db, 3);
  const data = [...experiment.data, { role: 'scoredPairs' as const, contentSha256: pairs }];
  const own = { ...experiment, data };
  await db.put('experiments', storedExperiment('e', { experiment: own }));
  expect(await pairSet(db, 'e')).toMatchObject({ trainedOn: 0 });
  // The other experiment trains on these pairs, and its run is a candidate here.
  const stages = [
    { ...defaultStage(), loss: { kind: 'cosent' as const, temperature: 0.05 }, data: 'scoredPairs' as const },
  ];
  const other = { ...own, stages, schemaVersion: 2 as const };
  await db.put('experiments', storedExperiment('other', { name: 'other', experiment: other }));
  await storeRun(db, 'trained', 'other', { experiment: other, model });
  expect((await listCandidates(db, 'e')).some(({ run }) => run?.experiment === 'other')).toBe(true);
  expect(await pairSet(db, 'e')).toMatchObject({ trainedOn: 3, pairs: [] });
});

it('a blend that has scored only pairs is listed', async () => {
  const db = await freshDatabase();
  await fill(db);
  const candidate = { kind: 'blend' as const, runId: 'r', ratio: 0.375 };
  const key = await comparisonKey(db, candidate, { sha256: 'f'.repeat(64) });
  await putComparison(db, { experimentId: 'e', key, candidate, part: 'pairs', scores: [1], createdAt: 1 });
  expect((await listCandidates(db, 'e')).map((option) => option.candidate)).toContainEqual(candidate);
});

it('results of a model on a probe set are read once', async () => {
  const db = await freshDatabase();
  const { experiment } = await fill(db);
  const candidate = { kind: 'base' as const, model: experiment.model! };
  const common = { experimentId: 'e', key: 'a'.repeat(64), candidate, createdAt: 1 };
  await putComparison(db, { ...common, part: 'probe', results: [], passagesPerSecond: null });
  expect(await comparedCandidates(db, 'e')).toEqual([candidate]);
  const get = vi.spyOn(db, 'get');
  expect(await comparedCandidates(db, 'e')).toEqual([candidate]);
  expect(get).not.toHaveBeenCalled();
});
