import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { own } from '../../../src/domain/errorWords';
import type { StoredModel } from '../../../src/domain/model';
import { rowsPerBlock, type Dataset } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { readRows, readRowsPage } from '../../../src/storage/datasets';
import { deleteUnused } from '../../../src/storage/deleteUnused';
import { getModel, putModel } from '../../../src/storage/models';
import { hasWeights } from '../../../src/storage/weights';
import { importModel } from '../../../workers/services/import/importModel';
import { modelFoldsCase } from '../../../workers/services/tokenize/letterCase';
import { experimentModelOf } from '../../../src/domain/experiment';
import { importDataset } from '../../../workers/services/import/importDataset';
import { freshDatabase } from '../storage/support';
import { tinyFolder, tinyTensors, vocab } from './tinyModel';

const quiet = (): void => undefined;
const pooler = [
  { name: 'pooler.dense.weight', shape: [8, 8], values: new Float32Array(64).fill(1) },
  { name: 'pooler.dense.bias', shape: [8], values: new Float32Array(8).fill(2) },
];
const imported = async (db: Database, texts: Record<string, string> = {}, tensors = tinyTensors()) =>
  importModel(await tinyFolder(texts, tensors), 'x', quiet, db);
const isWhole = (db: Database, { weightsId, totalFloats }: StoredModel) => hasWeights(db, weightsId, totalFloats * 4);
const cls = { '1_Pooling/config.json': JSON.stringify({ pooling_mode_cls_token: true }) };

describe('a stored model with lost parts', () => {
  it.each<[string, (model: StoredModel) => Partial<StoredModel>]>([
    ['the tokenizer', ({ files: { 'tokenizer.json': _, ...files } }) => ({ files })],
    ['all text files', () => ({ files: undefined })],
    ['the settings', () => ({ defaults: undefined })],
    ['a readable tokenizer_config.json', ({ files }) => ({ files: { ...files, 'tokenizer_config.json': '{' } })],
  ])('gets back %s from another import, under its identity', async (_case, damaged) => {
    const db = await freshDatabase();
    const first = await imported(db);
    await putModel(db, { ...first, ...damaged(first) });
    expect(await imported(db)).toEqual(first);
    expect(await getModel(db, first.contentSha256)).toEqual(first);
    expect([await db.count('models'), await db.count('weightParts')]).toEqual([1, 1]);
  });

  it('gets back its pooler, and has none if the folder has none either', async () => {
    const db = await freshDatabase();
    const all = [...tinyTensors(), ...pooler];
    const first = await imported(db, {}, all);
    await db.delete('weightParts', [first.untrained?.weightsId ?? '', 0]);
    const without = await imported(db);
    expect([without.contentSha256, without.untrained]).toEqual([first.contentSha256, null]);
    const whole = await imported(db, {}, all);
    expect(await hasWeights(db, whole.untrained?.weightsId ?? '', 72 * 4)).toBe(true);
    expect(await db.count('weightParts')).toBe(2);
  });

  it('keeps its pooler when a folder with the same one is imported again', async () => {
    const db = await freshDatabase();
    const all = [...tinyTensors(), ...pooler];
    const first = await imported(db, {}, all);
    expect(await imported(db, {}, all)).toEqual(first);
    const [weight, bias] = pooler;
    const other = await imported(db, {}, [...tinyTensors(), weight!, { ...bias!, values: new Float32Array(8) }]);
    expect(other.untrained?.weightsId).not.toBe(first.untrained?.weightsId);
    expect(await db.count('weightParts')).toBe(2);
  });

  it('keeps replaced weights while a project is being saved', async () => {
    const db = await freshDatabase();
    const first = await imported(db, {}, [...tinyTensors(), ...pooler]);
    const [weight, bias] = pooler;
    const request = (_: string, ...[options, work]: [object, (lock: null) => unknown]) =>
      Promise.resolve('ifAvailable' in options ? work(null) : undefined);
    vi.stubGlobal('navigator', { locks: { request } });
    await imported(db, {}, [...tinyTensors(), weight!, { ...bias!, values: new Float32Array(8) }]);
    vi.unstubAllGlobals();
    expect(await hasWeights(db, first.untrained?.weightsId ?? '', 72 * 4)).toBe(true);
  });

  it('folds case as its tokenizer does once the tokenizer is back', async () => {
    const db = await freshDatabase();
    const normalizer = { type: 'BertNormalizer', lowercase: true };
    const tokenizer = {
      'tokenizer.json': JSON.stringify({ normalizer, model: { type: 'WordPiece', vocab: vocab(5) } }),
    };
    const model = await imported(db, tokenizer);
    const experiment = { model: experimentModelOf(model) };
    const { 'tokenizer.json': _, ...files } = model.files;
    await putModel(db, { ...model, files });
    expect(await modelFoldsCase(db, experiment)).toBe(false);
    await imported(db, tokenizer);
    expect(await modelFoldsCase(db, experiment)).toBe(true);
  });
});

describe('two models with the same weights and different pooling', () => {
  it('are deleted one at a time, and the weights stay for the other', async () => {
    const db = await freshDatabase();
    const first = await imported(db, cls);
    const second = await imported(db);
    expect(second.contentSha256).not.toBe(first.contentSha256);
    expect(await deleteUnused(db, 'model', [first.contentSha256])).toBe(true);
    expect(await isWhole(db, second)).toBe(true);
    expect(await deleteUnused(db, 'model', [second.contentSha256])).toBe(true);
    expect([await db.count('models'), await db.count('weightParts')]).toEqual([0, 0]);
  });

  it('both get lost weights back from another import of either', async () => {
    const db = await freshDatabase();
    const first = await imported(db, cls);
    await imported(db);
    await db.delete('weightParts', [first.weightsId, 0]);
    const second = await imported(db);
    expect(await isWhole(db, second)).toBe(true);
    const healed = await getModel(db, first.contentSha256);
    expect(healed && (await isWhole(db, healed))).toBe(true);
  });
});

describe('a stored data set with lost rows', () => {
  const count = 2 * rowsPerBlock + 3;
  const file = (): File =>
    new File(
      [Array.from({ length: count }, (_, i) => JSON.stringify({ id: `${i}`, text: `段${i}` })).join('\n')],
      'kb.jsonl',
    );
  async function damaged(block: number): Promise<{ db: Database; dataset: Dataset }> {
    const db = await freshDatabase();
    const { dataset } = await importDataset(db, [file()], 'knowledgeBase', quiet);
    await db.delete('datasetBlocks', [dataset.contentSha256, block]);
    return { db, dataset };
  }
  const lost = (rows: number) => ({
    details: { kind: 'storage-failed', reason: own('rows-missing', rows, 'kb.jsonl') },
  });

  it.each([
    [0, rowsPerBlock],
    [1, rowsPerBlock],
    [2, 3],
  ])('is never read as if it were smaller: block %i', async (block, rows) => {
    const { db, dataset } = await damaged(block);
    await expect(readRows(db, 'knowledgeBase', dataset.contentSha256)).rejects.toMatchObject(lost(rows));
    const page = readRowsPage(db, dataset.contentSha256, block * rowsPerBlock, 50);
    await expect(page).rejects.toMatchObject(lost(rows));
    const other = block === 0 ? rowsPerBlock : 0;
    expect((await readRowsPage(db, dataset.contentSha256, other + 5, 1))[0]?.id).toBe(`${other + 5}`);
  });

  it('gets them back from another import of the same file', async () => {
    const { db, dataset } = await damaged(1);
    const again = await importDataset(db, [file()], 'knowledgeBase', quiet);
    expect(again.dataset).toEqual(dataset);
    expect(await readRows(db, 'knowledgeBase', dataset.contentSha256)).toHaveLength(count);
  });
});
