import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { StoredModel } from '../../../src/domain/model';
import { rowsPerBlock } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { getModel, putModel } from '../../../src/storage/models';
import { hasWeights, WeightWriter } from '../../../src/storage/weights';
import { hasAllParts } from '../../../workers/services/project/placeContent';
import { freshDatabase } from '../storage/support';
import { fill, open, saved } from './support';

async function withPooler(db: Database, model: StoredModel): Promise<StoredModel> {
  const writer = new WeightWriter(db, 'model-pooler');
  await writer.write(new Float32Array(4).fill(7));
  await writer.finish();
  const tensors = [{ name: 'pooler.dense.bias', dtype: 'F32' as const, shape: [4], offset: 0, bytes: 16 }];
  const stored = { ...model, untrained: { weightsId: 'model-pooler', tensors } };
  await putModel(db, stored);
  return stored;
}

/** Returns a database with a model and its pooler, and the project file of its contents. */
async function stored(): Promise<{ db: Database; model: StoredModel; file: File }> {
  const db = await freshDatabase();
  const model = await withPooler(db, (await fill(db, 'e', 'r')).model);
  return { db, model, file: await saved(db) };
}

describe('opening a project again after a part of its model is lost', () => {
  it('puts back a lost pooler and leaves the weights, which a run may be reading', async () => {
    const { db, model, file } = await stored();
    await db.delete('weightParts', ['model-pooler', 0]);
    await open(db, file);
    const healed = (await getModel(db, model.contentSha256))!;
    expect(healed).toEqual({ ...model, untrained: { ...model.untrained, weightsId: healed.untrained?.weightsId } });
    expect(await hasAllParts(db, healed)).toBe(true);
  });

  it('puts back lost weights and leaves a pooler that the file lacks', async () => {
    const { db, model } = await stored();
    await putModel(db, { ...model, untrained: null });
    const file = await saved(db);
    await putModel(db, model);
    await db.delete('weightParts', [model.weightsId, 0]);
    await open(db, file);
    const healed = (await getModel(db, model.contentSha256))!;
    expect(healed).toEqual({ ...model, weightsId: healed.weightsId });
    expect(await hasAllParts(db, healed)).toBe(true);
  });

  it('heals every model with the lost parts, also one that the file lacks', async () => {
    const { db, model, file } = await stored();
    const twin = { ...model, contentSha256: 'd'.repeat(64) };
    await putModel(db, twin);
    await db.clear('weightParts');
    await open(db, file);
    const [healed, other] = [await getModel(db, model.contentSha256), await getModel(db, twin.contentSha256)];
    expect([other?.weightsId, other?.untrained]).toEqual([healed?.weightsId, healed?.untrained]);
    expect(other && (await hasAllParts(db, other))).toBe(true);
  });

  it.each([[undefined], [{ 'config.json': '{}' }]])('puts back its text files if it has %j', async (files) => {
    const { db, model, file } = await stored();
    await putModel(db, { ...model, files } as never);
    await open(db, file);
    expect(await getModel(db, model.contentSha256)).toEqual({ ...model, files: { ...model.files, ...files } });
    expect(await hasWeights(db, model.weightsId, model.totalFloats * 4)).toBe(true);
  });
});

describe('opening a project again after rows of its data set are lost', () => {
  const rows = rowsPerBlock + 2;

  it('leaves the rows that are here, with their kept columns', async () => {
    const db = await freshDatabase();
    const { dataset } = await fill(db, 'e', 'r', { rows });
    const file = await saved(db);
    const [first, second] = await db.getAll('datasetBlocks');
    const mine = { ...first!, rows: first!.rows.map((row) => ({ ...row, kept: { document: 'mine' } })) };
    await db.put('datasetBlocks', mine);
    await db.delete('datasetBlocks', [dataset, 1]);
    await open(db, file);
    expect(await db.getAll('datasetBlocks')).toEqual([mine, second]);
    expect((await db.get('datasets', dataset))?.kept?.fields).toEqual([
      { field: 'topic', rows: 2, values: 2 },
      { field: 'document', rows: rowsPerBlock, values: 1 },
    ]);
    expect(await readRows(db, 'knowledgeBase', dataset)).toHaveLength(rows);
  });
});
