import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { openDatabase } from '../../../src/storage/database';
import { errorSentence } from '../../../src/ui/i18n/errors';
import { importModel } from '../../../workers/services/import/importModel';
import { folderOf, safetensors, sizes, tinyFolder, tinyTensors, type Tensor } from './tinyModel';
import type { FolderFile } from '../../../src/protocol/dataApi';

/** Returns JSON with a value nested 200,000 levels deep. JSON.parse reads it; printing it overflows the stack. */
const deep = (before: string, after: string): string => `${before}${'['.repeat(200_000)}${']'.repeat(200_000)}${after}`;

/** Returns JSON of an object with one more field, nested 200,000 levels deep. */
const withDeep = (object: object, field: string): string =>
  deep(`${JSON.stringify(object).slice(0, -1)}${Object.keys(object).length > 0 ? ',' : ''}"${field}":`, '}');

async function refusal(files: FolderFile[]): Promise<unknown> {
  const db = await openDatabase(`test-${crypto.randomUUID()}`);
  const thrown: unknown = await importModel(files, 'x', () => undefined, db).catch((error: unknown) => error);
  expect(await db.count('models')).toBe(0);
  expect(await db.count('weightParts')).toBe(0);
  if (!(thrown instanceof AppError)) throw thrown;
  return thrown.details;
}

const tokenizerJson = { model: { type: 'WordPiece', vocab: { t0: 0 } } };
const { hidden_act: _activation, ...withoutActivation } = sizes;

describe('a file of a model that is nested 200,000 levels deep', () => {
  it.each<[string, Record<string, string | null>]>([
    ['config.json', { 'config.json': withDeep(withoutActivation, 'hidden_act') }],
    ['config.json', { 'config.json': withDeep({ model_type: 'xlm-roberta' }, 'pad_token_id') }],
    ['config.json', { 'config.json': withDeep(sizes, 'unused') }],
    ['tokenizer.json', { 'tokenizer.json': withDeep(tokenizerJson, 'normalizer') }],
    ['tokenizer_config.json', { 'tokenizer_config.json': withDeep({}, 'do_lower_case') }],
    ['tokenizer_config.json', { 'tokenizer_config.json': withDeep({}, 'eos_token') }],
    [
      'tokenizer_config.json',
      {
        'tokenizer.json': null,
        'vocab.txt': '[UNK]\n[CLS]\n[SEP]\n',
        'tokenizer_config.json': withDeep({}, 'tokenizer_class'),
      },
    ],
    ['modules.json', { 'modules.json': deep('', '') }],
    ['sentence_bert_config.json', { 'sentence_bert_config.json': withDeep({}, 'max_seq_length') }],
    ['config_sentence_transformers.json', { 'config_sentence_transformers.json': withDeep({}, 'prompts') }],
    ['1_Pooling/config.json', { '1_Pooling/config.json': withDeep({}, 'pooling_mode') }],
  ])('is refused by its name: %s', async (file, texts) => {
    expect(await refusal(await tinyFolder(texts))).toEqual({ kind: 'model-invalid', file, fault: 'json-too-deep' });
  });

  it('is refused if it is the list of shards', async () => {
    const files = folderOf({}, { 'model.safetensors.index.json': withDeep({}, 'weight_map') });
    expect(await refusal(files)).toMatchObject({ file: 'model.safetensors.index.json', fault: 'json-too-deep' });
  });

  it.each(['dtype', 'shape', 'data_offsets'])('is refused if it is the %s in a safetensors header', async (field) => {
    const header = new TextEncoder().encode(`{"t":${withDeep({}, field)}}`);
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
    const files = folderOf({ 'model.safetensors': new File([length, header], 'model.safetensors') });
    expect(await refusal(files)).toMatchObject({ file: 'model.safetensors', fault: 'header-invalid' });
  });
});

describe('a setting of config.json that the encoder does not support', () => {
  const sentenceFor = async (settings: object): Promise<string> => {
    const details = await refusal(await tinyFolder({ 'config.json': JSON.stringify({ ...sizes, ...settings }) }));
    return errorSentence(details as AppError['details'], 'en');
  };

  it('is named with its value, and quoted only up to 80 characters', async () => {
    expect(await sentenceFor({ hidden_act: 'relu' })).toBe(
      'config.json: hidden_act is "relu" instead of gelu; use a BERT-type encoder.',
    );
    expect((await sentenceFor({ hidden_act: 'x'.repeat(1e6) })).length).toBeLessThan(200);
  });

  it.each(['is_decoder', 'is_encoder_decoder'])('is refused as not being an encoder if %s is true', async (field) => {
    expect(await sentenceFor({ [field]: true })).toContain(`${field} is on, so this is a decoder`);
    expect(await sentenceFor({ [field]: 'yes' })).toContain('decoder');
  });

  it.each([false, null])('may state that it is an encoder, as is_decoder: %s', async (value) => {
    const db = await openDatabase(`test-${crypto.randomUUID()}`);
    const files = await tinyFolder({ 'config.json': JSON.stringify({ ...sizes, is_decoder: value }) });
    await expect(importModel(files, 'x', () => undefined, db)).resolves.toMatchObject({ name: 'x' });
  });
});

describe('a pooler, which no vector depends on but the export contains', () => {
  const pooler = (dtype: 'F32' | 'F16', ...bits: number[]): Tensor => {
    const values = dtype === 'F32' ? new Float32Array(8) : new Uint16Array(8);
    const raw = new Uint8Array(values.buffer);
    raw.set(bits);
    return { name: 'pooler.dense.bias', shape: [8], values: raw, dtype };
  };

  it.each([
    ['NaN', pooler('F32', 0, 0, 0xc0, 0x7f)],
    ['-Infinity', pooler('F32', 0, 0, 0x80, 0xff)],
    ['Infinity', pooler('F16', 0, 0x7c)],
  ])('is refused by its name with %s', async (found, tensor) => {
    const files = folderOf({ 'model.safetensors': await safetensors([...tinyTensors(), tensor]) });
    expect(await refusal(files)).toEqual({
      kind: 'model-invalid',
      file: 'model.safetensors',
      fault: 'tensor-not-finite',
      tensor: 'pooler.dense.bias',
      found,
    });
  });
});
