import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { FolderFile } from '../../../src/protocol/dataApi';
import { openDatabase } from '../../../src/storage/database';
import { storedFloats } from '../storage/storedFloats';
import { importModel } from '../../../workers/services/import/importModel';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { config, sizes, tinyFolder, tinyTensors, vocab } from './tinyModel';

interface Folder {
  prefix?: string;
  without?: string;
  reshape?: string;
  files?: Record<string, string | null>;
}

/** Returns the folder of the tiny model with the given changes. */
async function folder({ prefix = '', without, reshape, files = {} }: Folder = {}): Promise<FolderFile[]> {
  const tensors = tinyTensors()
    .filter(({ name }) => name !== without)
    .map(({ name, shape, values }) => ({
      name: prefix + name,
      shape: name === reshape ? [...shape, 1] : shape,
      values,
    }));
  const pooler = { name: `${prefix}pooler.dense.bias`, shape: [8], values: new Float32Array(8) };
  return tinyFolder(files, [...tensors, pooler]);
}

const open = () => openDatabase(`test-${crypto.randomUUID()}`);
const quiet = (): void => undefined;

test('tensor names with and without a prefix import as the same model, and the pooler is not among its weights', async () => {
  const db = await open();
  const plain = await importModel(await folder(), 'plain', quiet, db);
  const wrapped = await importModel(await folder({ prefix: 'bert.' }), 'wrapped', quiet, await open());
  expect(plain.tensors.map(({ name }) => name)).toEqual(parameterShapes(config).map(({ name }) => name));
  expect(wrapped.tensors).toEqual(plain.tensors);
  expect(plain.tensors.every(({ offset }) => offset % 64 === 0)).toBe(true);
  const last = plain.tensors.at(-1);
  const values = await storedFloats(db, plain.weightsId, last?.offset ?? 0, 8);
  expect([...values]).toEqual(Array.from({ length: 8 }, (_, i) => i + (last?.name.length ?? 0)));
});

test('progress counts the bytes of the weights', async () => {
  const steps: [number, number][] = [];
  const files = await folder();
  await importModel(files, 'm', (done, of) => void steps.push([done, of]), await open());
  const bytes = parameterShapes(config).reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  expect(steps.at(0)).toEqual([5 * 8 * 4, bytes]);
  expect(steps.at(-1)).toEqual([bytes, bytes]);
});

test('importing the same folder twice stores one model', async () => {
  const db = await open();
  const first = await importModel(await folder(), 'one', quiet, db);
  const second = await importModel(await folder(), 'two', quiet, db);
  expect(second.contentSha256).toBe(first.contentSha256);
  // Two parts: the weights and the pooler.
  expect([await db.count('models'), await db.count('weightParts')]).toEqual([1, 2]);
});

test('pooling, normalization, length and prefixes come from the folder, or are marked as guessed', async () => {
  const complete = await importModel(
    await folder({
      files: {
        '1_Pooling/config.json': JSON.stringify({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }),
        'modules.json': JSON.stringify([{ type: 'sentence_transformers.models.Transformer' }]),
        'sentence_bert_config.json': JSON.stringify({ max_seq_length: 10 }),
        'config_sentence_transformers.json': JSON.stringify({ prompts: { query: 'q: ', document: 'd: ' } }),
      },
    }),
    'complete',
    quiet,
    await open(),
  );
  expect(complete.defaults).toEqual({
    pooling: { value: 'cls', guessed: false },
    normalize: { value: false, guessed: false },
    maxTokens: { value: 10, guessed: false },
    queryPrefix: { value: 'q: ', guessed: false },
    passagePrefix: { value: 'd: ', guessed: false },
  });
  const silent = await importModel(await folder(), 'silent', quiet, await open());
  expect(Object.values(silent.defaults).map(({ guessed }) => guessed)).toEqual([true, true, true, true, true]);
});

test('a prompt that sentence-transformers adds to every text is the prefix where the folder names no other', async () => {
  const sentences = { prompts: { query: 'q: ', all: 'text: ' }, default_prompt_name: 'all' };
  const files = { 'config_sentence_transformers.json': JSON.stringify(sentences) };
  const { defaults } = await importModel(await folder({ files }), 'named', quiet, await open());
  expect([defaults.queryPrefix.value, defaults.passagePrefix]).toEqual(['q: ', { value: 'text: ', guessed: false }]);
});

test.each([
  [{ pooling_mode_lasttoken: true, pooling_mode_mean_tokens: false }, 'last'],
  [{ pooling_mode: 'lasttoken' }, 'last'],
  [{ pooling_mode: 'mean' }, 'mean'],
])('the pooling config %o is read as %s', async (config, value) => {
  const files = { '1_Pooling/config.json': JSON.stringify(config) };
  const { defaults } = await importModel(await folder({ files }), 'named', quiet, await open());
  expect(defaults.pooling).toEqual({ value, guessed: false });
});

const missing = 'encoder.layer.0.output.dense.weight';
test.each<[string, Folder, object]>([
  ['a missing tensor', { without: missing }, { file: 'model.safetensors', fault: 'tensor-missing', tensor: missing }],
  [
    'a tensor of the wrong shape',
    { reshape: missing },
    { file: 'model.safetensors', fault: 'tensor-shape', tensor: missing, expected: '[8, 16]', found: '[8, 16, 1]' },
  ],
  [
    'more tokens in the tokenizer than rows in the embedding',
    { files: { 'tokenizer.json': JSON.stringify({ model: { vocab: vocab(6) } }) } },
    { file: 'tokenizer.json', fault: 'vocabulary-mismatch', expected: '5', found: '6' },
  ],
  [
    'a tokenizer without a vocabulary',
    { files: { 'tokenizer.json': '{"model":{}}' } },
    { file: 'tokenizer.json', fault: 'tokenizer-invalid' },
  ],
  ['no tokenizer', { files: { 'tokenizer.json': null } }, { file: 'tokenizer.json', fault: 'missing-file' }],
  ['no config', { files: { 'config.json': null } }, { file: 'config.json', fault: 'missing-file' }],
  ['a broken config', { files: { 'config.json': '{' } }, { file: 'config.json', fault: 'not-json' }],
  [
    'an unsupported architecture',
    { files: { 'config.json': JSON.stringify({ ...sizes, model_type: 'roberta' }) } },
    { file: 'config.json', fault: 'unsupported-architecture' },
  ],
  [
    'a billion layers',
    { files: { 'config.json': JSON.stringify({ ...sizes, num_hidden_layers: 1e9 }) } },
    { fault: 'unsupported-architecture', tensor: 'num_hidden_layers', found: '1000000000' },
  ],
  [
    'an unsupported activation',
    { files: { 'config.json': JSON.stringify({ ...sizes, hidden_act: 'relu' }) } },
    { fault: 'unsupported-architecture', tensor: 'hidden_act' },
  ],
  [
    'an unsupported pooling',
    { files: { '1_Pooling/config.json': JSON.stringify({ pooling_mode_max_tokens: true }) } },
    { file: '1_Pooling/config.json', fault: 'pooling-unsupported' },
  ],
])('importing a model with %s fails, names file and fault, and stores nothing', async (_case, wrong, details) => {
  const db = await open();
  await expect(importModel(await folder(wrong), 'x', quiet, db)).rejects.toMatchObject({
    details: { kind: 'model-invalid', ...details },
  });
  expect([await db.count('models'), await db.count('weightParts')]).toEqual([0, 0]);
});
