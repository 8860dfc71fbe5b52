import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { downloadZip } from 'client-zip';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import { own } from '../../../src/domain/errorWords';
import { projectFormat } from '../../../src/domain/project/manifest';
import { freshDatabase, storedExperiment } from '../storage/support';
import { edited, entriesOf, fileOf } from './edit';
import { contentsOf, fill, open, saved, storeRun } from './support';

type Rows = Record<string, unknown>[];
const first = (change: (row: Record<string, never>) => object) => (rows: Rows) =>
  rows.map((row, index) => (index === 0 ? change(row as never) : row));
const blocks = (change: (rows: Rows) => unknown) => (block: { rows: Rows }) => ({ ...block, rows: change(block.rows) });

const figures = { questions: 2, unanswerable: 0, unanswerableAnswered: 0, answered: 1, right: 1, rejectedRight: 1 };
const precisionInterval = { low: 0.2, high: 1 };
const threshold = {
  ...{ value: 0.5, rule: { by: 'f1' }, test: null, chosenAt: 1 },
  dev: { ...figures, precision: 1, recall: 0.5, f1: 0.6, precisionInterval },
};

describe('a project file with a hostile or broken record', () => {
  const cases: [string, string | RegExp, (value: never) => unknown][] = [
    ['a date beyond the range of dates', 'experiments.json', first((row) => ({ ...row, createdAt: 1e20 }))],
    ['a run without a status that exists', 'runs.json', first((row) => ({ ...row, status: 'sleeping' }))],
    [
      'a run whose settings are not those of its hash',
      'runs.json',
      first((row) => ({ ...row, experimentHash: 'a'.repeat(64) })),
    ],
    ['a batch list of another hash', 'batchLists.json', () => [{ sha256: 'a'.repeat(64), batches: [[0, 1]] }]],
    ['an id that is a path', 'experiments.json', first((row) => ({ ...row, experimentId: '../x' }))],
    ['an unknown field', 'experiments.json', first((row) => ({ ...row, surprise: 1 }))],
    ['a record that is null', 'runs.json', () => [null]],
    ['a list that is not a list', 'models.json', () => ({})],
    ['two records of one key', 'runs.json', (rows: Rows) => [...rows, ...rows]],
    [
      'a rank of 0',
      'evaluations.json',
      first((row) => ({ ...row, results: [{ questionId: 'q', ranks: [0], top: [] }] })),
    ],
    ['a metric above 1', 'evaluations.json', first((row) => ({ ...row, hitRateAtK: { 1: 7 } }))],
    ['a threshold on test', 'evaluations.json', first((row) => ({ ...row, threshold }))],
    ['an event out of order', 'runEvents/r.json', (rows: Rows) => rows.slice(1)],
    ['an event of an unknown type', 'runEvents/r.json', first((row) => ({ ...row, type: 'alert' }))],
    ['a model whose tensors are elsewhere', 'models.json', first((row) => ({ ...row, totalFloats: 1 }))],
    ['a model of other weights', 'models.json', first((row) => ({ ...row, contentSha256: 'b'.repeat(64) }))],
    ['a row that was changed', /^datasetBlocks/, blocks((rows) => [{ ...rows[0], text: 'changed' }, ...rows.slice(1)])],
    ['a row that is left out', /^datasetBlocks/, blocks((rows) => rows.slice(1))],
    ['a block of another place', /^datasetBlocks/, (block: object) => ({ ...block, block: 1 })],
    ['a block of another data set', /^datasetBlocks/, (block: object) => ({ ...block, contentSha256: 'c'.repeat(64) })],
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

  it('is refused if a changed row has the hash of its block, but not that of its data set', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const { dataset } = await fill(here);
    const file = await saved(here);
    const path = [...(await entriesOf(file)).keys()].find((key) => key.startsWith('datasetBlocks')) ?? '';
    const change = (block: { rows: Rows }) => {
      const rows = block.rows.map((row, index) => (index === 0 ? { ...row, text: 'changed' } : row));
      const text = rows.map(({ kept: _, ...content }) => `${canonicalJson(content)}\n`).join('');
      return { ...block, rows, sha256: createHash('sha256').update(text).digest('hex') };
    };
    await expect(open(there, await edited(file, path, change as never))).rejects.toMatchObject({
      details: { kind: 'project-invalid', entry: `datasets.json ${dataset}`, reason: own('hash-differs') },
    });
    expect(Object.values(await contentsOf(there)).flat()).toEqual([]);
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

  it('is refused if a block of rows is nested 200,000 levels deep', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here);
    const entries = await entriesOf(await saved(here));
    const path = [...entries.keys()].find((key) => key.startsWith('datasetBlocks')) ?? '';
    entries.set(path, new TextEncoder().encode(`${'['.repeat(200_000)}${']'.repeat(200_000)}`));
    await expect(open(there, await fileOf(entries))).rejects.toMatchObject({
      details: { kind: 'project-invalid', entry: path, reason: own('nested-containers', 64) },
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

  it('is opened without the run whose events are missing, and the run is named', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here);
    const entries = await entriesOf(await saved(here));
    expect(entries.delete('runEvents/r.json')).toBe(true);
    expect(await open(there, await fileOf(entries))).toEqual({
      experiments: 1,
      runs: 0,
      warnings: [{ kind: 'project-partial', file: 'p.zip', name: 'one', fault: 'events-missing', runId: 'r' }],
    });
    expect([await there.count('runs'), await there.count('weightParts')]).toEqual([0, 1]);
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

  it('is refused if it is another archive, compressed or not, because that is not a project', async () => {
    const db = await freshDatabase();
    const details = { kind: 'project-invalid', file: 'p.zip', reason: own('not-a-project') };
    const document = { '说明.txt': strToU8('说明'.repeat(99)) };
    for (const level of [0, 9] as const)
      await expect(open(db, new File([zipSync(document, { level })], 'p.zip'))).rejects.toHaveProperty(
        'details',
        details,
      );
    // A project that was unpacked and packed again is still called a project.
    const packed = zipSync({ 'runs.json': strToU8('[]'.repeat(99)) }, { level: 9 });
    await expect(open(db, new File([packed], 'p.zip'))).rejects.toMatchObject({
      details: { entry: 'runs.json', reason: own('entry-compressed') },
    });
  });

  it('is named as an experiment file if it is one, and other JSON is not', async () => {
    const db = await freshDatabase();
    const details = { kind: 'project-is-experiment', file: 'experiment.json' };
    for (const text of ['{"stages": []}', '\uFEFF{"locations": {"pairs": "pairs.csv"}}'])
      await expect(open(db, new File([text], 'experiment.json'))).rejects.toHaveProperty('details', details);
    for (const text of ['{}', '[]', 'null', '{"stages": '])
      await expect(open(db, new File([text], 'p.json'))).rejects.toMatchObject({
        details: { kind: 'project-invalid', file: 'p.json', reason: own('not-a-zip') },
      });
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
