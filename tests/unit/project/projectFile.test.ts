import 'fake-indexeddb/auto';
import { downloadZip } from 'client-zip';
import { expect, test } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { openDatabase, type Database } from '../../../src/storage/database';
import { openProject, projectFormat, saveProject } from '../../../workers/services/project/projectFile';

const quiet = (): void => undefined;
const stores = ['datasetBlocks', 'datasets', 'weightParts', 'experiments', 'runEvents', 'batchLists'] as const;

async function filled(): Promise<Database> {
  const db = await openDatabase(`test-${crypto.randomUUID()}`);
  await db.put('datasetBlocks', { contentSha256: 'd', block: 0, rows: [{ id: '1', text: '猪' }], sha256: 'x' });
  await db.put('datasets', {
    contentSha256: 'd',
    role: 'knowledgeBase',
    name: 'kb',
    rows: 1,
    characters: 1,
    createdAt: 1,
  });
  await db.put('weightParts', { weightsId: 'model-1', part: 0, bytes: new Blob([Uint8Array.of(1, 2, 255)]) });
  await db.put('experiments', {
    experimentId: 'e',
    name: 'one',
    experiment: defaultExperiment(),
    createdAt: 1,
    updatedAt: 1,
    demo: false,
  });
  await db.put('batchLists', { sha256: 'b', batches: [[1, 2]] });
  return db;
}

async function contents(db: Database): Promise<string> {
  const all = await Promise.all(stores.map((store) => db.getAll(store)));
  const weights = (await db.getAll('weightParts')).map(({ bytes }) => new Response(bytes).arrayBuffer());
  return JSON.stringify([all, (await Promise.all(weights)).map((bytes) => [...new Uint8Array(bytes)])]);
}

async function saved(db: Database): Promise<File> {
  const { zip, fileName } = await saveProject(db, 'test', quiet);
  return new File([zip], fileName);
}

test('a saved project opened in an empty database restores the same rows, byte for byte', async () => {
  const [here, there] = [await filled(), await openDatabase(`test-${crypto.randomUUID()}`)];
  expect(await openProject(there, await saved(here), quiet)).toEqual({ experiments: 1, warnings: [] });
  expect(await contents(there)).toBe(await contents(here));
});

test('a project file of format 1, with weights stored as array buffers, still opens', async () => {
  const here = await filled();
  await here.put('weightParts', { weightsId: 'model-1', part: 0, bytes: Uint8Array.of(1, 2, 255).buffer });
  const bytes = new Uint8Array(await (await saved(here)).arrayBuffer());
  const text = new TextDecoder('latin1').decode(bytes);
  const format = `"format":${projectFormat}`;
  bytes[text.indexOf(format) + format.length - 1] = '1'.charCodeAt(0);
  const there = await openDatabase(`test-${crypto.randomUUID()}`);
  expect(await openProject(there, new File([bytes], 'p.zip'), quiet)).toMatchObject({ experiments: 1 });
  expect(await contents(there)).toBe(await contents(await filled()));
});

test('opening a project twice changes nothing, and an edited experiment is kept beside the opened one', async () => {
  const db = await filled();
  const file = await saved(db);
  await openProject(db, file, quiet);
  expect(await db.count('experiments')).toBe(1);
  await db.put('experiments', {
    experimentId: 'e',
    name: 'mine',
    experiment: { ...defaultExperiment(), seed: 99 },
    createdAt: 1,
    updatedAt: 2,
    demo: false,
  });
  await openProject(db, file, quiet);
  expect((await db.getAll('experiments')).map(({ name }) => name).sort()).toEqual(['mine', 'one']);
});

test('a damaged byte in a project file is detected, its entry is named, and nothing is stored', async () => {
  const file = await saved(await filled());
  const bytes = new Uint8Array(await file.arrayBuffer());
  const at = bytes.findIndex((value, i) => value === 1 && bytes[i + 1] === 2 && bytes[i + 2] === 255);
  bytes[at + 2] = 254;
  const db = await openDatabase(`test-${crypto.randomUUID()}`);
  await expect(openProject(db, new File([bytes], 'p.zip'), quiet)).rejects.toMatchObject({
    details: { kind: 'project-invalid', file: 'p.zip', entry: 'weightParts/model-1/0.bin' },
  });
  expect(await contents(db)).toBe(JSON.stringify([stores.map(() => []), []]));
});

test.each([0, 10, 200])('a project file cut to %i bytes is rejected with one error', async (length) => {
  const file = await saved(await filled());
  const db = await openDatabase(`test-${crypto.randomUUID()}`);
  await expect(openProject(db, new File([file.slice(0, length)], 'p.zip'), quiet)).rejects.toMatchObject({
    details: { kind: 'project-invalid', file: 'p.zip' },
  });
});

test('a project from a newer version is rejected with both versions', async () => {
  const manifest = JSON.stringify({ app: 'recallsmith', format: projectFormat + 1, build: 'later', files: [] });
  const zip = await downloadZip([{ name: 'manifest.json', input: manifest }]).blob();
  const db = await openDatabase(`test-${crypto.randomUUID()}`);
  await expect(openProject(db, new File([zip], 'p.zip'), quiet)).rejects.toMatchObject({
    details: { kind: 'project-too-new', file: 'p.zip', version: projectFormat + 1, supported: projectFormat },
  });
});

test('kept columns travel in a project, also to a database that has the same rows without them', async () => {
  const withTopics = await filled();
  const dataset = await withTopics.get('datasets', 'd');
  const block = await withTopics.get('datasetBlocks', ['d', 0]);
  if (!dataset || !block) throw new Error('the data set is missing');
  const kept = { sha256: 'k', fields: [{ field: 'topic' as const, rows: 1, values: 1 }] };
  const rows = block.rows.map((row) => ({ ...row, kept: { topic: '病' } }));
  await withTopics.put('datasets', { ...dataset, kept, sources: [{ path: 'kb.csv', columns: { text: '正文' } }] });
  await withTopics.put('datasetBlocks', { ...block, rows });

  const plain = await filled();
  const before = await saved(plain);
  await openProject(plain, await saved(withTopics), quiet);
  expect(await plain.get('datasets', 'd')).toMatchObject({ kept, sources: [{ path: 'kb.csv' }] });
  expect((await plain.get('datasetBlocks', ['d', 0]))?.rows).toEqual(rows);

  // A project saved before columns were kept takes nothing away.
  await openProject(withTopics, before, quiet);
  expect((await withTopics.get('datasetBlocks', ['d', 0]))?.rows).toEqual(rows);
});
