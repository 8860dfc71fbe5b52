import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import { runLockName, weightsImportLock } from '../../../src/protocol/locks';
import { deleteUnused } from '../../../src/storage/deleteUnused';
import { whilePinned } from '../../../src/storage/pins';
import { deleteRun } from '../../../src/storage/runs';
import { storageUse } from '../../../workers/services/storage/storageUse';
import { sweepWhenAlone } from '../../../workers/services/storage/sweepWhenAlone';
import { fill, storeModel, storePassages } from '../project/support';
import { freshDatabase, storedExperiment, stubLocks } from './support';

afterEach(() => vi.unstubAllGlobals());

describe('the list of stored items', () => {
  it('states the size and users of each item, whatever its kind', async () => {
    const db = await freshDatabase();
    const { model, experiment } = await fill(db, 'e', 'r', { steps: [1], rows: 5 });
    await db.put('experiments', storedExperiment('second', { experiment, deletedAt: 9 }));
    const unused = await storePassages(db, 2);
    await db.put('batchLists', { sha256: 'b', batches: [[1, 2]] });
    const set = { key: 't', ids: new ArrayBuffer(8), offsets: new ArrayBuffer(4), truncated: 0 };
    await db.put('tokenSets', set);
    const items = await storageUse(db);
    const of = (kind: string) => items.filter((item) => item.kind === kind);
    expect(of('experiment').map(({ name, deletedAt }) => [name, deletedAt])).toEqual([
      ['one', undefined],
      ['second', 9],
    ]);
    const weights = model.totalFloats * 4;
    expect(of('experiment')[0]?.bytes).toBeGreaterThan(4 * weights);
    expect(of('model')).toMatchObject([{ name: 'tiny', usedBy: ['one'], usedByDeleted: ['second'] }]);
    expect(of('model')[0]?.bytes).toBeGreaterThan(weights);
    expect(of('dataset').find(({ ids }) => ids[0] === unused)).toMatchObject({
      role: 'knowledgeBase',
      usedBy: [],
      usedByDeleted: [],
    });
    expect(of('dataset').filter(({ usedBy }) => usedBy.join() === 'one')).toHaveLength(1);
    expect(of('tokenSet')).toEqual([
      { kind: 'tokenSet', ids: ['t'], name: '', bytes: 12, usedBy: [], usedByDeleted: [] },
    ]);
    expect(of('batchList')).toMatchObject([{ ids: ['b'], bytes: 7, usedBy: [] }]);
  });

  it('says which experiment lists its batches in a batch list', async () => {
    const db = await freshDatabase();
    const { experiment } = await fill(db);
    const listed = { ...defaultStage(), batching: { kind: 'listed' as const, sha256: 'b' } };
    await db.put('experiments', storedExperiment('second', { experiment: { ...experiment, stages: [listed] } }));
    for (const sha256 of ['b', 'c']) await db.put('batchLists', { sha256, batches: [[1, 2]] });
    const lists = (await storageUse(db)).filter(({ kind }) => kind === 'batchList');
    expect(lists.map(({ ids, usedBy }) => [ids[0], usedBy])).toEqual([
      ['b', ['second']],
      ['c', []],
    ]);
  });

  it('distinguishes deleted experiments from others, even of the same name', async () => {
    const db = await freshDatabase();
    const { experiment } = await fill(db);
    await db.put('experiments', { ...storedExperiment('second', { experiment, deletedAt: 9 }), name: 'one' });
    const models = async () => (await storageUse(db)).filter(({ kind }) => kind === 'model');
    expect(await models()).toMatchObject([{ usedBy: ['one'], usedByDeleted: ['one'] }]);
    await db.delete('experiments', 'e');
    expect(await models()).toMatchObject([{ usedBy: [], usedByDeleted: ['one'] }]);
  });

  it('says which experiment token sets belong to', async () => {
    const db = await freshDatabase();
    await fill(db);
    const { tokenSetKeys } = await import('../../../workers/services/tokenize/tokenize');
    const { experiment } = (await db.get('experiments', 'e')) ?? storedExperiment('e');
    for (const key of await tokenSetKeys(db, experiment))
      await db.put('tokenSets', { key, ids: new ArrayBuffer(4), offsets: new ArrayBuffer(4), truncated: 0 });
    const sets = (await storageUse(db)).filter(({ kind }) => kind === 'tokenSet');
    expect(sets.map(({ usedBy }) => usedBy)).toEqual([['one']]);
  });
});

describe('deleting an unused item', () => {
  it('deletes a model with its weights and the records that repeat it, and no other', async () => {
    const db = await freshDatabase();
    const { model } = await fill(db);
    const other = await storeModel(db, 2);
    await db.put('models', { ...other, contentSha256: 'former', aliasOf: other.contentSha256 });
    expect(await deleteUnused(db, 'model', [other.contentSha256])).toBe(true);
    expect(await db.getAllKeys('models')).toEqual([model.contentSha256]);
    const weights = new Set((await db.getAllKeys('weightParts')).map(([id]) => id));
    expect(weights.has('model-1')).toBe(true);
    expect(weights.has('model-2')).toBe(false);
  });

  it.each(['an experiment', 'a run', 'a former identity'])('keeps a model that %s still refers to', async (user) => {
    const db = await freshDatabase();
    const { model } = await fill(db);
    if (user === 'a run') await db.put('experiments', storedExperiment('e'));
    else await deleteRun(db, 'r');
    if (user === 'a former identity') {
      await db.put('models', { ...model, contentSha256: 'now' });
      await db.put('models', { ...model, aliasOf: 'now' });
    }
    expect(await deleteUnused(db, 'model', [user === 'a former identity' ? 'now' : model.contentSha256])).toBe(false);
    expect(await db.getKey('models', model.contentSha256)).toBeDefined();
  });

  it('deletes an unused data set with its rows and keeps a used one', async () => {
    const db = await freshDatabase();
    const { dataset } = await fill(db);
    const unused = await storePassages(db, 2);
    expect(await deleteUnused(db, 'dataset', [unused])).toBe(true);
    expect(await deleteUnused(db, 'dataset', [dataset])).toBe(false);
    expect(await db.getAllKeys('datasets')).toEqual([dataset]);
    expect(new Set((await db.getAllKeys('datasetBlocks')).map(([id]) => id))).toEqual(new Set([dataset]));
  });

  it('deletes the weights that a model only keeps for its export, with the model', async () => {
    const db = await freshDatabase();
    await fill(db);
    const other = await storeModel(db, 2);
    await db.put('models', { ...other, untrained: { weightsId: 'model-pooler', tensors: [] } });
    await db.put('weightParts', { weightsId: 'model-pooler', part: 0, bytes: new ArrayBuffer(4) });
    expect(await deleteUnused(db, 'model', [other.contentSha256])).toBe(true);
    expect(await db.getKey('weightParts', ['model-pooler', 0])).toBeUndefined();
  });

  it('keeps a model that only the shared link of an experiment names', async () => {
    const db = await freshDatabase();
    const { model, experiment } = await fill(db);
    await deleteRun(db, 'r');
    await db.put('experiments', storedExperiment('e', { linked: experiment }));
    expect(await deleteUnused(db, 'model', [model.contentSha256])).toBe(false);
    await db.put('experiments', storedExperiment('e'));
    expect(await deleteUnused(db, 'model', [model.contentSha256])).toBe(true);
  });

  it('deletes the batch lists that no experiment names, and keeps the others', async () => {
    const db = await freshDatabase();
    const stage = { ...defaultStage(), batching: { kind: 'listed' as const, sha256: 'used' } };
    await db.put('experiments', storedExperiment('e', { experiment: { ...defaultExperiment(), stages: [stage] } }));
    for (const sha256 of ['used', 'unused', 'other']) await db.put('batchLists', { sha256, batches: [[1, 2]] });
    expect(await deleteUnused(db, 'batchList', ['unused'])).toBe(true);
    expect(await deleteUnused(db, 'batchList', ['used', 'other'])).toBe(false);
    expect(await db.getAllKeys('batchLists')).toEqual(['other', 'used']);
  });

  it('deletes the chosen token sets and no others, because they can be computed again', async () => {
    const db = await freshDatabase();
    for (const key of ['a', 'b', 'c'])
      await db.put('tokenSets', { key, ids: new ArrayBuffer(4), offsets: new ArrayBuffer(4), truncated: 0 });
    expect(await deleteUnused(db, 'tokenSet', ['a', 'c'])).toBe(true);
    expect(await db.getAllKeys('tokenSets')).toEqual(['b']);
  });

  it('waits until a project that is being saved is written', async () => {
    stubLocks();
    const db = await freshDatabase();
    const unused = await storePassages(db, 2);
    let deleting: Promise<boolean> | undefined;
    await whilePinned(async () => {
      deleting = deleteUnused(db, 'dataset', [unused]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await db.getKey('datasets', unused)).toBeDefined();
    });
    expect(await deleting).toBe(true);
  });
});

describe('the sweep before storage is listed', () => {
  async function withLeftovers() {
    const db = await freshDatabase();
    for (const weightsId of ['model-left', 'checkpoint-left'])
      await db.put('weightParts', { weightsId, part: 0, bytes: new ArrayBuffer(4) });
    await db.put('datasetBlocks', { contentSha256: 'left', block: 0, rows: [], sha256: '' });
    return db;
  }
  const left = async (db: Awaited<ReturnType<typeof withLeftovers>>) => [
    ...(await db.getAllKeys('weightParts')).map(([id]) => id),
    ...(await db.getAllKeys('datasetBlocks')).map(([id]) => id),
  ];

  it('deletes weights and rows that nothing refers to', async () => {
    stubLocks();
    const db = await withLeftovers();
    await sweepWhenAlone(db, 0);
    expect(await left(db)).toEqual([]);
  });

  it('deletes no weights of checkpoints while a run is in progress', async () => {
    stubLocks();
    const db = await withLeftovers();
    await navigator.locks.request(runLockName('r'), () => sweepWhenAlone(db, 0));
    expect(await left(db)).toEqual(['checkpoint-left']);
  });

  it('deletes nothing while another tab imports a model or opens a project', async () => {
    stubLocks();
    const db = await withLeftovers();
    await navigator.locks.request(weightsImportLock, () => sweepWhenAlone(db, 0));
    expect(await left(db)).toHaveLength(3);
  });
});
