import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src/domain/run';
import { keptCheckpoint, latestCheckpoint } from '../../../src/storage/checkpoints';
import { openDatabase } from '../../../src/storage/database';
import { deleteExperiment } from '../../../src/storage/deletedExperiments';
import { listExperiments, putExperiment } from '../../../src/storage/experiments';
import { appendEvents } from '../../../src/storage/runEvents';
import { freshDatabase, storedExperiment, stubLocks } from '../storage/support';
import { all, contentsOf, fill, never, none, open, quiet, saved, storeRun, weightsIn } from './support';

const empty = { experiments: 0, runs: 0, warnings: [] };

/** Every field that a run's record may lack, except its error. */
const optionalFields = {
  memory: { budgetBytes: 2e9, ways: [{ kind: 'gradCache', tokensPerPass: 64 }], encodingTokens: 512, snapshotBytes: 9 },
  leftOut: [[1, 2], [0]],
  finishedAt: 8,
  weightsSha256: 'a'.repeat(64),
  keptStep: 1,
  rowsSha256: 'b'.repeat(64),
  deviceLosses: 2,
  deviceChanges: [1],
  buildChanges: [{ step: 1, build: 'older' }],
} satisfies Partial<RunRecord>;

describe('opening a project in an empty database', () => {
  it('restores every row and every weight byte for byte', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const { model } = await fill(here, 'e', 'r', { steps: [1], rows: 1001 });
    await here.put('models', {
      ...model,
      files: { ...model.files, 'vocab.txt': '[PAD]\n猪' },
      hub: { host: 'huggingface.co', id: 'a/b', commit: 'c'.repeat(40) },
    });
    await here.put('runs', { ...((await here.get('runs', 'r')) as RunRecord), ...optionalFields });
    expect(await open(there, await saved(here))).toEqual({ experiments: 1, runs: 1, warnings: [] });
    const [before, after] = [await contentsOf(here), await contentsOf(there)];
    for (const store of ['experiments', 'datasetBlocks', 'models', 'runs', 'runEvents', 'evaluations', 'checkpoints'])
      expect(before[store]?.length, store).toBeGreaterThan(0);
    expect(after).toEqual(before);
  });

  it('lets a run resume from the same bits and keep the same weights', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r', { status: 'interrupted', steps: [1, 2, 3] });
    await open(there, await saved(here));
    const bytes = async (db: typeof here, weightsId = '') => (await weightsIn(db)).get(weightsId);
    const [latestHere, latestThere] = [await latestCheckpoint(here, 'r'), await latestCheckpoint(there, 'r')];
    expect(latestThere?.step).toBe(3);
    expect(await bytes(there, latestThere?.weightsId)).toEqual(await bytes(here, latestHere?.weightsId));
    const [keptHere, keptThere] = [await keptCheckpoint(here, 'r'), await keptCheckpoint(there, 'r')];
    expect(await bytes(there, keptThere.weights.weightsId)).toEqual(await bytes(here, keptHere.weights.weightsId));
  });

  it('restores the average of an unfinished run, which a finished one is saved without', async () => {
    const [here, there, small] = [await freshDatabase(), await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r', { status: 'interrupted', steps: [1, 2], decay: 0.75 });
    expect(await open(there, await saved(here))).toEqual({ experiments: 1, runs: 1, warnings: [] });
    expect((await latestCheckpoint(there, 'r'))?.averaged).toBe(true);
    const { checkpoints: [best, ...latest] = [] } = await contentsOf(here);
    expect((await contentsOf(there))['checkpoints']).toEqual([best, latest.at(-1)]);
    await here.put('runs', { ...((await here.get('runs', 'r')) as RunRecord), status: 'done' });
    expect(await open(small, await saved(here, false))).toEqual({ experiments: 1, runs: 1, warnings: [] });
    const [kept] = await small.getAll('checkpoints');
    expect(kept).toMatchObject({ role: 'kept' });
    expect(kept).not.toHaveProperty('averaged');
  });

  it('leaves out a run whose checkpoint has an average that its stage does not keep', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r', { status: 'interrupted', steps: [1] });
    const latest = (await here.getAll('checkpoints')).find(({ role }) => role === 'latest');
    if (!latest) throw new Error('there is no checkpoint');
    await here.put('checkpoints', { ...latest, momentFloats: latest.floats / 4, averaged: true });
    const { runs, warnings } = await open(there, await saved(here));
    expect([runs, warnings.length]).toEqual([0, 1]);
  });

  it('marks a run as interrupted if it was saved while a worker was executing it', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r', { status: 'running' });
    await open(there, await saved(here));
    expect((await there.get('runs', 'r'))?.status).toBe('interrupted');
  });

  it('never uses a weights id of the file, which could name weights of another owner', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here);
    await there.put('weightParts', { weightsId: 'model-1', part: 0, bytes: Uint8Array.of(9).buffer });
    await open(there, await saved(here));
    expect((await weightsIn(there)).get('model-1')).toEqual([9]);
    expect((await there.getAll('models'))[0]?.weightsId).not.toBe('model-1');
  });
});

describe('opening a project where its ids are taken', () => {
  it('adds nothing and asks nothing if everything in it is already stored', async () => {
    const db = await freshDatabase();
    await fill(db);
    const [file, before] = [await saved(db), await contentsOf(db)];
    expect(await open(db, file)).toEqual(empty);
    expect(await contentsOf(db)).toEqual(before);
    expect(await db.count('weightParts')).toBe(8);
  });

  it('adds nothing if a run has only continued here since the file was saved', async () => {
    const db = await freshDatabase();
    await fill(db, 'e', 'r', { status: 'interrupted' });
    const file = await saved(db);
    await appendEvents(db, 'r', [{ at: 9, body: { type: 'phase', phase: 'done' } }]);
    const before = await contentsOf(db);
    expect(await open(db, file)).toEqual(empty);
    expect(await contentsOf(db)).toEqual(before);
  });

  it('keeps two histories of one run apart by adding the other one as a complete copy', async () => {
    const [a, b] = [await freshDatabase(), await freshDatabase()];
    await fill(a, 'e', 'r', { loss: 3, steps: [1] });
    await fill(b, 'e', 'r', { loss: 5, steps: [1] });
    const before = await contentsOf(a);
    expect(await open(a, await saved(b), all)).toEqual({ experiments: 0, runs: 1, warnings: [] });
    const after = await contentsOf(a);
    const of = (rows: unknown[] = [], runId: string) =>
      rows.filter((row) => (row as { runId: string }).runId === runId);
    for (const store of ['runs', 'runEvents', 'evaluations', 'checkpoints'])
      expect(of(after[store], 'r'), store).toEqual(before[store]);
    const copy = (await a.getAllKeys('runs')).find((runId) => runId !== 'r') ?? '';
    const other = await contentsOf(b);
    for (const store of ['runs', 'runEvents', 'evaluations', 'checkpoints'])
      expect(of(after[store], copy), store).toEqual(other[store]?.map((row) => ({ ...(row as object), runId: copy })));
  });

  it('distinguishes two histories even if only one event differs', async () => {
    const [a, b] = [await freshDatabase(), await freshDatabase()];
    for (const db of [a, b]) await fill(db, 'e', 'r');
    await b.put('runEvents', { ...(await b.get('runEvents', ['r', 1])), at: 77 } as never);
    expect(await open(a, await saved(b), all)).toMatchObject({ runs: 1 });
    expect((await a.get('runEvents', ['r', 1]))?.at).toBe(1);
  });

  it('distinguishes two histories even if only one evaluation differs', async () => {
    const [a, b] = [await freshDatabase(), await freshDatabase()];
    for (const db of [a, b]) await fill(db, 'e', 'r');
    const [evaluation] = await b.getAll('evaluations');
    if (!evaluation) throw new Error('no evaluation');
    await b.put('evaluations', { ...evaluation, encodeMs: 77 });
    expect(await open(a, await saved(b), all)).toMatchObject({ runs: 1 });
    const { runId, part, moment } = evaluation;
    expect((await a.get('evaluations', [runId, part, moment]))?.encodeMs).toBe(evaluation.encodeMs);
    expect((await a.getAll('evaluations')).filter(({ encodeMs }) => encodeMs === 77)).toHaveLength(1);
  });

  it('leaves the other history out if the user wants no copy', async () => {
    const [a, b] = [await freshDatabase(), await freshDatabase()];
    await fill(a, 'e', 'r', { loss: 3 });
    await fill(b, 'e', 'r', { loss: 5 });
    const before = await contentsOf(a);
    expect(await open(a, await saved(b), none)).toEqual(empty);
    expect(await contentsOf(a)).toEqual(before);
  });

  it('adds a run that is not stored here to the stored experiment', async () => {
    const [a, b] = [await freshDatabase(), await freshDatabase()];
    await fill(a, 'e', 'r');
    const filled = await fill(b, 'e', 'r');
    await storeRun(b, 'r2', 'e', filled, { loss: 7 });
    expect(await open(a, await saved(b))).toEqual({ experiments: 0, runs: 1, warnings: [] });
    expect((await a.getAllFromIndex('runs', 'experimentId', 'e')).map(({ runId }) => runId)).toEqual(['r', 'r2']);
  });

  it('asks before it adds a copy of an edited experiment, and finds that copy when opened again', async () => {
    const db = await freshDatabase();
    const { experiment } = await fill(db);
    const file = await saved(db);
    await putExperiment(db, storedExperiment('e', { name: 'mine', experiment: { ...experiment, seed: 99 } }));
    const asked: unknown[] = [];
    const first = await open(db, file, (conflicts) => {
      asked.push(...conflicts);
      return all(conflicts);
    });
    expect(asked).toEqual([{ experimentId: 'e', name: 'one', edited: true, runs: 1 }]);
    expect(first).toEqual({ experiments: 1, runs: 1, warnings: [] });
    for (let again = 0; again < 2; again++) expect(await open(db, file)).toEqual(empty);
    expect((await listExperiments(db)).map(({ name }) => name).sort()).toEqual(['mine', 'one']);
  });

  it('attaches the runs of a copied experiment to the copy and leaves the local runs where they are', async () => {
    const db = await freshDatabase();
    const { experiment } = await fill(db);
    const file = await saved(db);
    await putExperiment(db, storedExperiment('e', { name: 'mine', experiment: { ...experiment, seed: 99 } }));
    await open(db, file, all);
    const copy = (await db.getAllKeys('experiments')).find((id) => id !== 'e') ?? '';
    expect(await db.getAllKeysFromIndex('runs', 'experimentId', 'e')).toEqual(['r']);
    const runs = await db.getAllKeysFromIndex('runs', 'experimentId', copy);
    expect(runs).toHaveLength(1);
    expect(runs).not.toContain('r');
    expect(await db.get('evaluations', [runs[0] ?? '', 'test', 'after'])).toBeDefined();
  });

  it('adds nothing at all if the user cancels', async () => {
    const db = await freshDatabase();
    const { experiment } = await fill(db);
    const file = await saved(db);
    await putExperiment(db, storedExperiment('e', { experiment: { ...experiment, seed: 99 } }));
    const before = await contentsOf(db);
    const cancelling = open(db, file, () => Promise.resolve(null));
    await expect(cancelling).rejects.toMatchObject({ details: { kind: 'cancelled' } });
    expect(await contentsOf(db)).toEqual(before);
  });

  it('restores an experiment that was deleted here', async () => {
    const db = await freshDatabase();
    await fill(db);
    const file = await saved(db);
    await deleteExperiment(db, 'e');
    expect(await open(db, file)).toMatchObject({ experiments: 1 });
    expect(await listExperiments(db)).toHaveLength(1);
  });
});

it('two tabs that open one project at once take turns: the second finds all of it stored', async () => {
  stubLocks();
  const here = await freshDatabase();
  await fill(here);
  const file = await saved(here);
  const { dataWorkerApi } = await import('../../../workers/services/dataWorkerApi');
  const opening = [1, 2].map(() => dataWorkerApi.openProject(file, never, quiet));
  expect(await Promise.all(opening)).toEqual([{ experiments: 1, runs: 1, warnings: [] }, empty]);
  expect((await listExperiments(await openDatabase())).map(({ experimentId }) => experimentId)).toEqual(['e']);
});

it('if another tab adds the same run while a project is opened, says so and adds nothing of the project', async () => {
  const [here, there] = [await freshDatabase(), await freshDatabase()];
  const filled = await fill(here);
  await fill(there, 'e', 'other');
  await putExperiment(there, storedExperiment('e', { experiment: { ...filled.experiment, seed: 1 } }));
  const opening = open(there, await saved(here), async (conflicts) => {
    const copied = await all(conflicts);
    await there.put('runs', { ...(await here.get('runs', 'r')), experimentId: 'e', build: 'taken' } as never);
    return copied;
  });
  const file = expect.stringMatching(/^recallsmith-project-/) as string;
  await expect(opening).rejects.toMatchObject({ details: { kind: 'project-overtaken', file } });
  expect(await there.getAllKeys('experiments')).toEqual(['e']);
  expect((await there.get('runs', 'r'))?.build).toBe('taken');
  expect(await there.get('evaluations', ['r', 'test', 'after'])).toBeUndefined();
});
