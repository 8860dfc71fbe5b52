import 'fake-indexeddb/auto';
import { own } from '../../../src/domain/errorWords';
import { downloadZip } from 'client-zip';
import { describe, expect, it } from 'vitest';
import { projectFormat } from '../../../src/domain/project/manifest';
import { keptCheckpoint, latestCheckpoint } from '../../../src/storage/checkpoints';
import { openDatabase } from '../../../src/storage/database';
import { deleteExperiment } from '../../../src/storage/deletedExperiments';
import { listExperiments, putExperiment } from '../../../src/storage/experiments';
import { appendEvents } from '../../../src/storage/runEvents';
import { freshDatabase, storedExperiment, stubLocks } from '../storage/support';
import { edited, entriesOf, fileOf } from './edit';
import { all, contentsOf, fill, never, none, open, quiet, saved, storeRun, weightsIn } from './support';

const empty = { experiments: 0, runs: 0, warnings: [] };

describe('opening a project in an empty database', () => {
  it('restores every row and every weight byte for byte', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r', { steps: [1], rows: 1001 });
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

type Rows = Record<string, unknown>[];
const first = (change: (row: Record<string, never>) => object) => (rows: Rows) =>
  rows.map((row, index) => (index === 0 ? change(row as never) : row));
const blocks = (change: (rows: Rows) => unknown) => (block: { rows: Rows }) => ({ ...block, rows: change(block.rows) });

describe('a project file with a hostile or broken record', () => {
  const cases: [string, string | RegExp, (value: never) => unknown][] = [
    ['a date beyond the range of dates', 'experiments.json', first((row) => ({ ...row, createdAt: 1e20 }))],
    ['a run without a status that exists', 'runs.json', first((row) => ({ ...row, status: 'sleeping' }))],
    [
      'a run whose settings are not those of its hash',
      'runs.json',
      first((row) => ({ ...row, experimentHash: 'a'.repeat(64) })),
    ],
    ['an id that is a path', 'experiments.json', first((row) => ({ ...row, experimentId: '../x' }))],
    ['an unknown field', 'experiments.json', first((row) => ({ ...row, surprise: 1 }))],
    ['a record that is null', 'runs.json', () => [null]],
    ['a list that is no list', 'models.json', () => ({})],
    ['two records of one key', 'runs.json', (rows: Rows) => [...rows, ...rows]],
    [
      'a rank of 0',
      'evaluations.json',
      first((row) => ({ ...row, results: [{ questionId: 'q', ranks: [0], top: [] }] })),
    ],
    ['a metric above 1', 'evaluations.json', first((row) => ({ ...row, hitRateAtK: { 1: 7 } }))],
    ['an event out of order', 'runEvents/r.json', (rows: Rows) => rows.slice(1)],
    ['an event of an unknown type', 'runEvents/r.json', first((row) => ({ ...row, type: 'alert' }))],
    ['a model whose tensors are elsewhere', 'models.json', first((row) => ({ ...row, totalFloats: 1 }))],
    ['a model of other weights', 'models.json', first((row) => ({ ...row, contentSha256: 'b'.repeat(64) }))],
    ['a row that was changed', /^datasetBlocks/, blocks((rows) => [{ ...rows[0], text: 'changed' }, ...rows.slice(1)])],
    ['a row that is left out', /^datasetBlocks/, blocks((rows) => rows.slice(1))],
    ['a row without a text', /^datasetBlocks/, blocks((rows) => [{ id: '1' }, ...rows.slice(1)])],
  ];
  it.each(cases)('is refused by naming the entry with %s, and nothing is stored', async (_what, entry, edit) => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here);
    const file = await saved(here);
    const path =
      typeof entry === 'string' ? entry : ([...(await entriesOf(file)).keys()].find((key) => entry.test(key)) ?? '');
    await expect(open(there, await edited(file, path, edit))).rejects.toMatchObject({
      details: { kind: 'project-invalid', file: 'p.zip', entry: expect.stringContaining(path) as string },
    });
    const rows = Object.values(await contentsOf(there)).flat();
    expect(rows).toEqual([]);
    expect(await there.count('weightParts')).toBe(0);
  });

  const other = (kept: object) => blocks(first((row) => ({ ...row, kept })));
  const kept: [string, RegExp, (value: never) => unknown][] = [
    ['was changed', /^datasetBlocks/, other({ topic: '牛' })],
    ['was added', /^datasetBlocks/, other({ topic: '猪', chunk: '1' })],
    ['is missing', /^datasetBlocks/, other({})],
    ['is not in the record', /^datasets.json/, (sets: Rows) => sets.map(({ kept: _, ...set }) => set)],
    [
      'has another count',
      /^datasets.json/,
      (sets: { kept: object }[]) => sets.map((set) => ({ ...set, kept: { ...set.kept, fields: [] } })),
    ],
  ];
  it.each(kept)('is refused if a kept column %s, and nothing is stored', async (_what, entry, edit) => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here);
    const file = await saved(here);
    const path = [...(await entriesOf(file)).keys()].find((key) => entry.test(key)) ?? '';
    await expect(open(there, await edited(file, path, edit))).rejects.toMatchObject({
      details: { kind: 'project-invalid', entry: expect.stringMatching(/^datasets.json /) as string },
    });
    expect(Object.values(await contentsOf(there)).flat()).toEqual([]);
  });

  it.each([['[null]'], ['[{"path": 7}]'], ['{}']])('is refused if its manifest lists the files %s', async (files) => {
    const manifest = `{"app":"recallsmith","format":2,"build":"x","files":${files}}`;
    const zip = await downloadZip([{ name: 'manifest.json', input: manifest }]).blob();
    await expect(open(await freshDatabase(), new File([zip], 'p.zip'))).rejects.toMatchObject({
      details: { kind: 'project-invalid', file: 'p.zip', entry: 'manifest.json' },
    });
  });

  it('is refused if a block of rows is not JSON', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here);
    const entries = await entriesOf(await saved(here));
    const path = [...entries.keys()].find((key) => key.startsWith('datasetBlocks')) ?? '';
    entries.set(path, new TextEncoder().encode('{"rows": [oops'));
    await expect(open(there, await fileOf(entries))).rejects.toMatchObject({
      details: { kind: 'project-invalid', entry: path, reason: own('not-json') },
    });
  });

  it('names each part of the weights by its hash, and is refused if a name differs', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here);
    const entries = await entriesOf(await saved(here));
    const path = [...entries.keys()].find((key) => key.startsWith('weights/')) ?? '';
    entries.set(path, Uint8Array.of(1, 2, 3, 4));
    await expect(open(there, await fileOf(entries))).rejects.toMatchObject({ details: { entry: path } });
  });
});

describe('a project file that lacks something', () => {
  it('is opened without the run whose weights are missing, and the run is named', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const filled = await fill(here, 'e', 'r');
    await storeRun(here, 'r2', 'e', filled, { loss: 7 });
    const cut = (rows: Rows) => rows.map((row) => (row['runId'] === 'r' ? { ...row, weights: [] } : row));
    const file = await edited(await saved(here), 'checkpoints.json', cut);
    expect(await open(there, file)).toEqual({
      experiments: 1,
      runs: 1,
      warnings: [{ kind: 'project-partial', file: 'p.zip', name: 'one', fault: 'weights-missing', runId: 'r' }],
    });
    for (const store of ['runs', 'runEvents', 'evaluations', 'checkpoints'] as const)
      expect(new Set((await there.getAll(store)).map(({ runId }) => runId)), store).toEqual(new Set(['r2']));
  });

  it('says which data sets and models an experiment still lacks', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const filled = await fill(here);
    await here.put('experiments', storedExperiment('x', { experiment: filled.experiment }));
    const file = await edited(
      await edited(await saved(here, true, ['x']), 'models.json', () => []),
      'datasets.json',
      () => [],
    );
    expect((await open(there, file)).warnings).toEqual([
      { kind: 'project-partial', file: 'p.zip', name: 'x', fault: 'data-missing' },
      { kind: 'project-partial', file: 'p.zip', name: 'x', fault: 'model-missing' },
    ]);
  });
});

describe('a damaged project file', () => {
  it('is refused with the damaged entry, and nothing is stored', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here);
    const file = await saved(here);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const at = new TextDecoder('latin1').decode(bytes).lastIndexOf('"seed":7');
    bytes[at + 7] = 56;
    await expect(open(there, new File([bytes], 'p.zip'))).rejects.toMatchObject({
      details: { kind: 'project-invalid', file: 'p.zip', entry: 'runs.json', reason: own('damaged') },
    });
    expect(Object.values(await contentsOf(there)).flat()).toEqual([]);
  });

  it.each([0, 10, 200])('is refused with one error if cut to %i bytes', async (length) => {
    const db = await freshDatabase();
    await fill(db);
    const file = await saved(db);
    await expect(open(db, new File([file.slice(0, length)], 'p.zip'))).rejects.toMatchObject({
      details: { kind: 'project-invalid', file: 'p.zip' },
    });
  });

  it('is refused with both versions if a newer version wrote it', async () => {
    const manifest = JSON.stringify({ app: 'recallsmith', format: projectFormat + 1, build: 'later', files: [] });
    const zip = await downloadZip([{ name: 'manifest.json', input: manifest }]).blob();
    await expect(open(await freshDatabase(), new File([zip], 'p.zip'))).rejects.toMatchObject({
      details: { kind: 'project-too-new', file: 'p.zip', version: projectFormat + 1, supported: projectFormat },
    });
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
