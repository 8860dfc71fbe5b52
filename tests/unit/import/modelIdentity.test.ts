import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { sha256Hasher } from '../../../src/domain/hash';
import type { StoredModel } from '../../../src/domain/model';
import { openDatabase, type Database } from '../../../src/storage/database';
import { getModel, listModels, putModel } from '../../../src/storage/models';
import { hasWeights } from '../../../src/storage/weights';
import { importModel } from '../../../workers/services/import/importModel';
import { tinyFolder, tinyTensors } from './tinyModel';

const open = () => openDatabase(`test-${crypto.randomUUID()}`);
const imported = async (db: Database, texts: Record<string, string> = {}, name = 'x'): Promise<StoredModel> =>
  importModel(await tinyFolder(texts), name, () => undefined, db);

const cls = { '1_Pooling/config.json': JSON.stringify({ pooling_mode_cls_token: true }) };
const prompts = { 'config_sentence_transformers.json': JSON.stringify({ prompts: { query: 'q: ' } }) };
const passagePrompt = { 'config_sentence_transformers.json': JSON.stringify({ prompts: { document: 'q: ' } }) };
const unnormalized = { 'modules.json': JSON.stringify([{ path: '', type: 'a.Transformer' }]) };
const cased = { 'tokenizer_config.json': JSON.stringify({ do_lower_case: false }) };
const limit = { 'sentence_bert_config.json': JSON.stringify({ max_seq_length: 7 }) };

describe('the identity of a model', () => {
  it('is the hash of config, tokenizer and weights if the folder says nothing unusual', async () => {
    const model = await imported(await open());
    const hasher = (await sha256Hasher()).update(model.files['config.json'] ?? '');
    hasher.update(model.files['tokenizer.json'] ?? '');
    for (const { values } of tinyTensors()) hasher.update(values);
    expect(model.contentSha256).toBe(hasher.hex());
  });

  it('changes with pooling, normalization, prompts and tokenizer flags, but not with their order', async () => {
    const folders = [{}, cls, prompts, passagePrompt, unnormalized, cased, { ...cls, ...prompts }];
    const db = await open();
    const models = [];
    for (const texts of folders) models.push(await imported(db, texts));
    const ids = models.map(({ contentSha256 }) => contentSha256);
    expect(new Set(ids).size).toBe(folders.length);
    const other = await open();
    for (const [i, texts] of [...folders.entries()].reverse())
      expect((await imported(other, texts)).contentSha256, `folder ${i}`).toBe(ids[i]);
  });

  it('differs from that of a model stored earlier with the same weights and another pooling', async () => {
    const db = await open();
    const plain = await imported(db);
    // An earlier version stored this for a folder with [CLS] pooling.
    await putModel(db, { ...plain, defaults: { ...plain.defaults, pooling: { value: 'cls', guessed: false } } });
    const again = await imported(db);
    expect(again.contentSha256).not.toBe(plain.contentSha256);
    expect(again.defaults.pooling.value).toBe('mean');
    expect((await getModel(db, plain.contentSha256))?.defaults.pooling.value).toBe('cls');
  });

  it('stays the same for a model stored earlier with the same settings, because experiments refer to it', async () => {
    const db = await open();
    const { contentSha256: base, ...plain } = await imported(db);
    const { files, defaults } = await imported(await open(), cls);
    await putModel(db, { ...plain, contentSha256: base, files, defaults });
    expect((await imported(db, cls)).contentSha256).toBe(base);
  });
});

describe('the identity that earlier versions gave a model', () => {
  it('still finds the model after an import, and lists it once', async () => {
    const db = await open();
    const { contentSha256: base } = await imported(await open());
    const model = await imported(db, cls);
    expect(await getModel(db, base)).toEqual({ ...model, contentSha256: base, aliasOf: model.contentSha256 });
    expect(await listModels(db)).toEqual([model]);
  });

  it('refers to the newly imported model from then on', async () => {
    const db = await open();
    await imported(db, cls);
    const plain = await imported(db);
    expect(await getModel(db, plain.contentSha256)).toEqual(plain);
    expect(await listModels(db)).toHaveLength(2);
  });

  it('leads to the new weights of a repaired model', async () => {
    const db = await open();
    const first = await imported(db, cls);
    await db.delete('weightParts', [first.weightsId, 0]);
    const second = await imported(db, cls);
    const { contentSha256: base } = await imported(await open());
    expect((await getModel(db, base))?.weightsId).toBe(second.weightsId);
  });
});

describe('importing a model again', () => {
  it('counts progress in bytes, as the page shows it', async () => {
    const seen: [number, number][] = [];
    const model = await importModel(await tinyFolder(), 'x', (done, of) => seen.push([done, of]), await open());
    const bytes = model.tensors.reduce((sum, { length }) => sum + length * 4, 0);
    expect(seen.at(-1)).toEqual([bytes, bytes]);
    expect(seen[0]).toEqual([(model.tensors[0]?.length ?? 0) * 4, bytes]);
  });

  it('takes lengths, guesses and files from the new folder, and keeps the stored weights', async () => {
    const db = await open();
    const first = await imported(db, {}, 'first');
    const mean = { '1_Pooling/config.json': JSON.stringify({ pooling_mode_mean_tokens: true }) };
    const second = await imported(db, { ...limit, ...mean }, 'second');
    expect(second.contentSha256).toBe(first.contentSha256);
    expect(second).toMatchObject({ name: 'second', weightsId: first.weightsId, createdAt: first.createdAt });
    expect(second.defaults.maxTokens).toEqual({ value: 7, guessed: false });
    expect(second.defaults.pooling).toEqual({ value: 'mean', guessed: false });
    expect(second.files['sentence_bert_config.json']).toBe(limit['sentence_bert_config.json']);
    expect(await listModels(db)).toEqual([second]);
    expect(await db.count('weightParts')).toBe(1);
  });

  it.each([
    ['missing', (db: Database, { weightsId }: StoredModel) => db.delete('weightParts', [weightsId, 0])],
    [
      'cut short',
      (db: Database, { weightsId }: StoredModel) =>
        db.put('weightParts', { weightsId, part: 0, bytes: new ArrayBuffer(64) }),
    ],
  ])('repairs a model whose weights are %s', async (_case, damage) => {
    const db = await open();
    const first = await imported(db);
    await damage(db, first);
    const second = await imported(db);
    expect(second.contentSha256).toBe(first.contentSha256);
    expect(await hasWeights(db, second.weightsId, second.totalFloats * 4)).toBe(true);
    expect(await getModel(db, first.contentSha256)).toEqual(second);
    expect(await db.count('weightParts')).toBe(1);
  });
});
