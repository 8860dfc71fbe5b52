import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { StoredModel } from '../../../src/domain/model';
import type { FolderFile } from '../../../src/protocol/dataApi';
import { openDatabase } from '../../../src/storage/database';
import { importModel } from '../../../workers/services/import/importModel';
import { sizes, tinyFolder, vocab } from './tinyModel';

const imported = async (files: FolderFile[]): Promise<StoredModel> =>
  importModel(files, 'x', () => undefined, await openDatabase(`test-${crypto.randomUUID()}`));

describe('a setting that would change vectors', () => {
  const tokenizer = { model: { type: 'WordPiece', vocab: vocab(5) }, truncation: { direction: 'Left' } };
  const left = JSON.stringify(tokenizer);
  it.each([
    ['tokenizer_config.json', 'truncation_side', { 'tokenizer_config.json': '{"truncation_side": "left"}' }],
    ['tokenizer.json', 'truncation.direction', { 'tokenizer.json': left }],
    [
      'config_sentence_transformers.json',
      'truncate_dim',
      { 'config_sentence_transformers.json': '{"truncate_dim": 4}' },
    ],
  ])('is refused with its name if it is not supported: %s, %s', async (file, tensor, texts) => {
    await expect(imported(await tinyFolder(texts))).rejects.toMatchObject({
      details: { kind: 'model-invalid', file, fault: 'setting-unsupported', tensor },
    });
  });

  it('does not matter if it changes nothing', async () => {
    const texts = {
      'tokenizer.json': left,
      'tokenizer_config.json': '{"truncation_side": "right"}',
      'config_sentence_transformers.json': '{"truncate_dim": 8}',
    };
    expect((await imported(await tinyFolder(texts))).defaults.pooling.value).toBe('mean');
  });

  it('is refused if its type is wrong: the epsilon of LayerNorm', async () => {
    const text = JSON.stringify({ ...sizes, layer_norm_eps: '1e-5' });
    await expect(imported(await tinyFolder({ 'config.json': text }))).rejects.toMatchObject({
      details: { file: 'config.json', fault: 'unsupported-architecture', tensor: 'layer_norm_eps', found: '"1e-5"' },
    });
    const missing = JSON.stringify({ ...sizes, layer_norm_eps: undefined });
    expect((await imported(await tinyFolder({ 'config.json': missing }))).config.layerNormEpsilon).toBe(1e-12);
  });
});

describe('the pooling mode of current versions of sentence-transformers', () => {
  const pooled = async (pooling: object): Promise<StoredModel> =>
    imported(await tinyFolder({ '1_Pooling/config.json': JSON.stringify(pooling) }));

  it.each([
    ['cls', 'cls'],
    [['cls'], 'cls'],
    [['mean'], 'mean'],
    ['lasttoken', 'last'],
  ])('may be %j', async (mode, expected) => {
    expect((await pooled({ pooling_mode: mode })).defaults.pooling).toEqual({ value: expected, guessed: false });
  });

  it('is refused with all of its names if several vectors are concatenated', async () => {
    await expect(pooled({ pooling_mode: ['cls', 'mean'] })).rejects.toMatchObject({
      details: { fault: 'pooling-unsupported', found: 'cls, mean' },
    });
  });
});
