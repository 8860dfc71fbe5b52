import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { rowsPerBlock, type Passage } from '../../../src/domain/records';
import type { StoredModel } from '../../../src/domain/model';
import { getBatchList, putBatchList } from '../../../src/storage/batchLists';
import type { Database } from '../../../src/storage/database';
import { getDataset, putDataset, readRows, readRowsPage, writeDatasetBlock } from '../../../src/storage/datasets';
import { getDeviceCheck, listDeviceChecks, putDeviceCheck } from '../../../src/storage/deviceChecks';
import { getEvaluation, putEvaluation } from '../../../src/storage/evaluations';
import { deleteExperiment } from '../../../src/storage/deletedExperiments';
import { listExperiments, putExperiment, replaceExperiment } from '../../../src/storage/experiments';
import { listModels, putModel, redirectModels } from '../../../src/storage/models';
import { addRun, getRun, listRuns, putRun, updateRun } from '../../../src/storage/runs';
import { getTokenSet, hasTokenSet, putTokenSet } from '../../../src/storage/tokenSets';
import { evaluationOf, freshDatabase, runRecord, storedExperiment } from './support';

const modelOf = (contentSha256: string, weightsId: string, aliasOf?: string): StoredModel =>
  ({ contentSha256, weightsId, ...(aliasOf === undefined ? {} : { aliasOf }) }) as StoredModel;

describe('stored rows', () => {
  async function withPassages(count: number): Promise<{ db: Database; rows: Passage[] }> {
    const db = await freshDatabase();
    const rows = Array.from({ length: count }, (_, i) => ({ id: `${i}`, text: `段${i}` }));
    for (let block = 0; block * rowsPerBlock < count; block++)
      await writeDatasetBlock(db, 'd', block, rows.slice(block * rowsPerBlock, (block + 1) * rowsPerBlock), '');
    await writeDatasetBlock(db, 'other', 0, [{ id: 'x', text: '别的' }], '');
    const facts = { name: 'kb', rows: count, characters: 1, createdAt: 1 };
    await putDataset(db, { contentSha256: 'd', role: 'knowledgeBase', ...facts });
    return { db, rows };
  }

  it('are read in order, without rows of another data set', async () => {
    const { db, rows } = await withPassages(2 * rowsPerBlock + 3);
    expect(await readRows(db, 'knowledgeBase', 'd')).toEqual(rows);
    expect((await getDataset(db, 'd'))?.rows).toBe(rows.length);
  });

  it('are missing if no data set has the hash, or only one of another role', async () => {
    const { db } = await withPassages(1);
    const missing = { kind: 'data-missing', role: 'pairs', contentSha256: 'd' };
    await expect(readRows(db, 'pairs', 'd')).rejects.toMatchObject({ details: missing });
    await expect(readRows(db, 'knowledgeBase', 'other')).rejects.toMatchObject({ details: { kind: 'data-missing' } });
  });

  it.each([
    ['at the start', 0, 2],
    ['within a block', 7, 5],
    ['across the end of a block', rowsPerBlock - 2, 4],
    ['up to the end of a block', rowsPerBlock - 3, 3],
    ['from the start of a later block', 2 * rowsPerBlock, 2],
    ['past the last row', 2 * rowsPerBlock + 1, 50],
  ])('are read page by page: %s', async (_, from, count) => {
    const { db, rows } = await withPassages(2 * rowsPerBlock + 3);
    expect(await readRowsPage(db, 'd', from, count)).toEqual(rows.slice(from, from + count));
  });
});

describe('stored token sets', () => {
  it('are read back unchanged, even if they were part of a larger array', async () => {
    const db = await freshDatabase();
    const ids = Int32Array.of(9, 9, 101, 7, -1, 102, 9).subarray(2, 6);
    const offsets = Uint32Array.of(9, 0, 3, 4).subarray(1);
    await putTokenSet(db, { key: 't', ids, offsets, truncated: 1 });
    expect(await getTokenSet(db, 't')).toEqual({
      key: 't',
      ids: Int32Array.of(101, 7, -1, 102),
      offsets: Uint32Array.of(0, 3, 4),
      truncated: 1,
    });
    expect([await hasTokenSet(db, 't'), await hasTokenSet(db, 'u')]).toEqual([true, false]);
    expect(await getTokenSet(db, 'u')).toBeUndefined();
  });
});

describe('stored experiments', () => {
  it('are listed with the last changed one first', async () => {
    const db = await freshDatabase();
    for (const [id, updatedAt] of [
      ['a', 2],
      ['b', 3],
      ['c', 1],
    ] as const)
      await putExperiment(db, storedExperiment(id, { updatedAt }));
    expect((await listExperiments(db)).map(({ experimentId }) => experimentId)).toEqual(['b', 'a', 'c']);
  });

  it('are replaced, unless another tab has changed them since: then its version is returned', async () => {
    const db = await freshDatabase();
    const mine = storedExperiment('a', { name: 'mine', updatedAt: 3 });
    expect(await replaceExperiment(db, storedExperiment('a', { updatedAt: 2 }), 1)).toBeNull();
    expect(await replaceExperiment(db, mine, 1)).toEqual(storedExperiment('a', { updatedAt: 2 }));
    expect(await replaceExperiment(db, mine, 2)).toBeNull();
    expect(await db.get('experiments', 'a')).toEqual(mine);
  });

  it('stay deleted when they are replaced', async () => {
    const db = await freshDatabase();
    await putExperiment(db, storedExperiment('a'));
    await deleteExperiment(db, 'a');
    expect(await replaceExperiment(db, storedExperiment('a', { name: 'edited' }), 1)).toBeNull();
    expect(await db.get('experiments', 'a')).toMatchObject({ name: 'edited', deletedAt: expect.any(Number) });
  });
});

describe('stored models', () => {
  it('are listed once, without the records of former identities', async () => {
    const db = await freshDatabase();
    await putModel(db, modelOf('now', 'model-1'));
    await putModel(db, modelOf('former', 'model-1', 'now'));
    expect((await listModels(db)).map(({ contentSha256 }) => contentSha256)).toEqual(['now']);
  });

  it('use other weights after a redirection, and no other model does', async () => {
    const db = await freshDatabase();
    await putModel(db, modelOf('a', 'model-1'));
    await putModel(db, modelOf('b', 'model-2'));
    await putModel(db, modelOf('c', 'model-1'));
    await redirectModels(db, 'model-1', 'model-3');
    expect((await db.getAll('models')).map(({ weightsId }) => weightsId)).toEqual(['model-3', 'model-2', 'model-3']);
  });
});

describe('stored runs', () => {
  it('are those of one experiment, newest first', async () => {
    const db = await freshDatabase();
    for (const [id, experimentId, createdAt] of [
      ['r', 'a', 1],
      ['s', 'a', 3],
      ['t', 'b', 2],
      ['u', 'a', 2],
    ] as const)
      await putRun(db, runRecord(id, experimentId, { createdAt }));
    expect((await listRuns(db, 'a')).map(({ runId }) => runId)).toEqual(['s', 'u', 'r']);
  });

  it('begin only if their experiment is stored', async () => {
    const db = await freshDatabase();
    const refused = { details: { kind: 'not-found', what: 'experiment', id: 'a' } };
    await expect(addRun(db, runRecord('r', 'a'))).rejects.toMatchObject(refused);
    expect(await getRun(db, 'r')).toBeUndefined();
    await putExperiment(db, storedExperiment('a'));
    await addRun(db, runRecord('r', 'a'));
    expect(await getRun(db, 'r')).toEqual(runRecord('r', 'a'));
  });

  it('keep every field that an update does not name', async () => {
    const db = await freshDatabase();
    await putRun(db, runRecord('r', 'a'));
    await updateRun(db, 'r', { step: 4, status: 'paused' });
    expect(await getRun(db, 'r')).toEqual(runRecord('r', 'a', { step: 4, status: 'paused' }));
  });

  it('cannot be updated once they are deleted', async () => {
    const db = await freshDatabase();
    const refused = { details: { kind: 'not-found', what: 'run', id: 'r' } };
    await expect(updateRun(db, 'r', { step: 4 })).rejects.toMatchObject(refused);
    expect(await db.count('runs')).toBe(0);
  });
});

describe('stored evaluations, batch lists and checks of devices', () => {
  it('are found by run, part and moment', async () => {
    const db = await freshDatabase();
    await putRun(db, runRecord('r', 'a'));
    await putEvaluation(db, evaluationOf('r'));
    await putEvaluation(db, { ...evaluationOf('r', 0.1), moment: 'before' });
    expect(await getEvaluation(db, 'r', 'test', 'after')).toEqual(evaluationOf('r'));
    expect((await getEvaluation(db, 'r', 'test', 'before'))?.metrics.hitRateAt1).toBe(0.1);
    expect(await getEvaluation(db, 'r', 'dev', 'after')).toBeUndefined();
  });

  it('are read back unchanged', async () => {
    const db = await freshDatabase();
    await putBatchList(db, 'b', [[3, 1], [2]]);
    expect(await getBatchList(db, 'b')).toEqual([[3, 1], [2]]);
    expect(await getBatchList(db, 'c')).toBeUndefined();
    const check = { checkedAt: 5 } as never;
    await putDeviceCheck(db, 'gpu', check);
    expect(await getDeviceCheck(db, 'gpu')).toEqual(check);
    expect(await listDeviceChecks(db)).toEqual(new Map([['gpu', check]]));
  });
});
