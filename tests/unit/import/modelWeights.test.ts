import 'fake-indexeddb/auto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/storage/database';
import { storedFloats } from '../storage/storedFloats';
import type { StoredModel } from '../../../src/domain/model';
import type { FolderFile } from '../../../src/protocol/dataApi';
import { embeddingParameterNames } from '../../../workers/engine/model/parameterNames';
import type { FileTensor } from '../../../workers/formats/tensorFile';
import { encoderLayout, findEncoderTensors } from '../../../workers/services/import/encoderTensors';
import { importModel } from '../../../workers/services/import/importModel';
import { config, folderOf, safetensors, sizes, tinyFolder, tinyTensors, type Tensor, torchFile } from './tinyModel';

const open = () => openDatabase(`test-${crypto.randomUUID()}`);
const imported = async (files: FolderFile[]): Promise<StoredModel> =>
  importModel(files, 'x', () => undefined, await open());
const plain = await imported(await tinyFolder());

const renamed = (rename: (name: string) => string): ReturnType<typeof tinyTensors> =>
  tinyTensors().map((tensor) => ({ ...tensor, name: rename(tensor.name) }));
const oldNames = (name: string): string =>
  name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');

async function shards(change: (map: Record<string, string>) => void = () => undefined): Promise<FolderFile[]> {
  const tensors = tinyTensors();
  const parts = [tensors.slice(0, 4), tensors.slice(4)];
  const files = await Promise.all(parts.map((part) => safetensors(part)));
  const map = Object.fromEntries(parts.flatMap((part, i) => part.map(({ name }) => [name, `part-${i}.safetensors`])));
  change(map);
  return folderOf(Object.fromEntries(files.map((file, i) => [`part-${i}.safetensors`, file])), {
    'model.safetensors.index.json': JSON.stringify({ weight_map: map }),
  });
}

const bytes = (file: string): File => new File([readFileSync(`tests/fixtures/pytorch/${file}`)], file);
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 409000000\n`;

describe('importing weights', () => {
  it.each<[string, () => Promise<FolderFile[]>]>([
    [
      'LayerNorm.gamma and beta',
      () =>
        tinyFolder(
          {},
          renamed((name) => `bert.${oldNames(name)}`),
        ),
    ],
    [
      'the prefix 0.auto_model',
      () =>
        tinyFolder(
          {},
          renamed((name) => `0.auto_model.${name}`),
        ),
    ],
    ['shards', () => shards()],
    ['pytorch_model.bin', async () => folderOf({ 'pytorch_model.bin': await torchFile(tinyTensors()) })],
    [
      'a safetensors file named pytorch_model.bin',
      async () => folderOf({ 'pytorch_model.bin': await safetensors(tinyTensors()) }),
    ],
    [
      'shards of PyTorch',
      async () =>
        folderOf(
          { 'a.bin': await torchFile(tinyTensors()) },
          {
            'pytorch_model.bin.index.json': JSON.stringify({
              weight_map: Object.fromEntries(tinyTensors().map(({ name }) => [name, 'a.bin'])),
            }),
          },
        ),
    ],
  ])('from %s gives the same model as from one plain safetensors file', async (_case, files) => {
    const model = await imported(await files());
    expect(model.contentSha256).toBe(plain.contentSha256);
    expect(model.tensors).toEqual(plain.tensors);
  });

  it('ignores an unused tensor that the index lists and no shard has', async () => {
    const model = await imported(await shards((map) => (map['embeddings.position_ids'] = 'part-0.safetensors')));
    expect(model.contentSha256).toBe((await imported(await tinyFolder())).contentSha256);
  });

  it('ignores an unused tensor of a type that cannot be read', async () => {
    const file = await safetensors([...tinyTensors(), { name: 'scales', shape: [1], values: Float32Array.of(1) }]);
    const content = (await file.text()).includes('"scales":{"dtype":"F32"') ? await file.arrayBuffer() : null;
    if (!content) throw new Error('the header looks different');
    const at =
      new TextDecoder('latin1').decode(content).indexOf('"scales":{"dtype":"F32"') + '"scales":{"dtype":"'.length;
    new Uint8Array(content).set(new TextEncoder().encode('F4X'), at);
    const model = await imported(folderOf({ 'model.safetensors': new File([content], 'model.safetensors') }));
    expect(model.contentSha256).toBe(plain.contentSha256);
  });

  it('of XLM-RoBERTa starts at the position after the padding id', async () => {
    const db = await open();
    const xlm = { ...config, maxPositions: 14, typeVocabularySize: 1 };
    const json = {
      ...sizes,
      model_type: 'xlm-roberta',
      max_position_embeddings: 14,
      type_vocab_size: 1,
      pad_token_id: 1,
    };
    const files = await tinyFolder(
      { 'config.json': JSON.stringify(json) },
      tinyTensors(xlm).map((tensor) => ({ ...tensor, name: `roberta.${tensor.name}` })),
    );
    const model = await importModel(files, 'x', () => undefined, db);
    expect(model.config).toMatchObject({ maxPositions: 12, typeVocabularySize: 1, padTokenId: 1 });
    expect(model.defaults.maxTokens.value).toBe(12);
    const table = model.tensors.find(({ name }) => name === embeddingParameterNames.positions);
    const stored = await storedFloats(db, model.weightsId, table?.offset ?? 0, 12 * 8);
    const source = tinyTensors(xlm).find(({ name }) => name === embeddingParameterNames.positions)?.values;
    expect([...stored]).toEqual([...(source ?? [])].slice(2 * 8));
    // The stored and exported config describes the table as it is stored.
    expect(JSON.parse(model.files['config.json'] ?? '')).toMatchObject({
      model_type: 'bert',
      max_position_embeddings: 12,
    });
    expect(JSON.parse(model.files['tokenizer_config.json'] ?? '')).toEqual({ tokenizer_class: 'XLMRobertaTokenizer' });
  });

  it('takes the weights of a training program, not their average in a dict beside them', () => {
    const layout = encoderLayout(plain.config);
    const named = (prefix: string, wrappers: number): [string, FileTensor][] =>
      layout.tensors.map(({ name, shape }) => [prefix + name, { dtype: 'F32', shape: [...shape], wrappers }]);
    const found = (...all: [string, FileTensor][]): string[] => {
      const unread = (): Promise<never> => Promise.reject(new Error('read'));
      const source = { file: 'x', tensors: new Map(all), fileOf: () => 'x', read: unread, readBytes: unread };
      return findEncoderTensors(layout, source, 0).map(({ name }) => name);
    };
    expect(found(...named('bert.', 0), ...named('ema.bert.', 1))).toEqual(named('bert.', 0).map(([name]) => name));
    expect(() => found(...named('a.', 1), ...named('b.', 1))).toThrow();
  });

  const broken = 'encoder.layer.0.output.dense.weight';
  const withValue = (value: number): Tensor[] =>
    tinyTensors().map((tensor) =>
      tensor.name === broken ? { ...tensor, values: tensor.values.with(3, value) } : tensor,
    );
  const extra = (name: string): Tensor => ({ name, shape: [8], values: new Float32Array(8) });
  it.each<[string, () => Promise<FolderFile[]>, object]>([
    ['a NaN', () => tinyFolder({}, withValue(NaN)), { fault: 'tensor-not-finite', tensor: broken, found: 'NaN' }],
    [
      'an infinity',
      () => tinyFolder({}, withValue(-Infinity)),
      { fault: 'tensor-not-finite', tensor: broken, found: '-Infinity' },
    ],
    [
      'two encoders',
      () => tinyFolder({}, [...renamed((name) => `query.${name}`), ...renamed((name) => `passage.${name}`)]),
      {
        fault: 'two-encoders',
        expected: `query.${embeddingParameterNames.words}`,
        found: `passage.${embeddingParameterNames.words}`,
      },
    ],
    [
      'two encoders in one file of PyTorch',
      async () =>
        folderOf({
          'pytorch_model.bin': await torchFile([
            ...renamed((name) => `query.${name}`),
            ...renamed((name) => `passage.${name}`),
          ]),
        }),
      {
        file: 'pytorch_model.bin',
        fault: 'two-encoders',
        expected: `query.${embeddingParameterNames.words}`,
        found: `passage.${embeddingParameterNames.words}`,
      },
    ],
    [
      'the weights of a Dense module beside the encoder',
      () =>
        tinyFolder({}, [
          ...renamed((name) => `0.auto_model.${name}`),
          { name: '2.linear.weight', shape: [4, 8], values: new Float32Array(32) },
        ]),
      { file: 'model.safetensors', fault: 'module-unsupported', found: '2.linear.weight' },
    ],
    [
      'a LoRA adapter beside the weights',
      () => tinyFolder({ 'adapter_config.json': '{"peft_type":"LORA"}' }),
      { file: 'adapter_config.json', fault: 'adapter' },
    ],
    [
      'nothing but a LoRA adapter',
      () => Promise.resolve([{ path: 'some/adapter/adapter_config.json', file: new File(['{}'], 'x') }]),
      { file: 'adapter_config.json', fault: 'adapter' },
    ],
    [
      'a tensor inside a layer that the encoder does not have',
      () => tinyFolder({}, [...tinyTensors(), extra('encoder.layer.0.attention.self.query.lora_A.weight')]),
      { fault: 'tensor-unknown', tensor: 'encoder.layer.0.attention.self.query.lora_A.weight' },
    ],
    [
      'more layers than config.json says',
      () => tinyFolder({}, [...tinyTensors(), extra('encoder.layer.1.output.dense.bias')]),
      { fault: 'tensor-unknown', tensor: 'encoder.layer.1.output.dense.bias' },
    ],
    [
      'a Git LFS pointer instead of the weights',
      () => Promise.resolve(folderOf({ 'model.safetensors': new File([pointer], 'x') })),
      { file: 'model.safetensors', fault: 'lfs-pointer' },
    ],
    [
      'a Git LFS pointer instead of the tokenizer',
      () => tinyFolder({ 'tokenizer.json': pointer }),
      { file: 'tokenizer.json', fault: 'lfs-pointer' },
    ],
    [
      'a shard that is not there',
      async () => (await shards()).filter(({ path }) => !path.endsWith('part-1.safetensors')),
      { file: 'part-1.safetensors', fault: 'missing-file' },
    ],
    [
      'a shard without the tensor that the index promises',
      () => shards((map) => (map[broken] = 'part-0.safetensors')),
      { file: 'part-0.safetensors', fault: 'tensor-missing', tensor: broken },
    ],
    [
      'an index without a list of tensors',
      () => Promise.resolve(folderOf({}, { 'model.safetensors.index.json': '{}' })),
      { file: 'model.safetensors.index.json', fault: 'index-invalid' },
    ],
    [
      'a pickle that runs a command',
      () => Promise.resolve(folderOf({ 'pytorch_model.bin': bytes('command.bin') })),
      { file: 'pytorch_model.bin', fault: 'pickle-unsupported', found: 'posix.system' },
    ],
    [
      'a .bin file that torch did not write',
      () => Promise.resolve(folderOf({ 'pytorch_model.bin': new File(['no weights at all'], 'x') })),
      { file: 'pytorch_model.bin', fault: 'pickle-invalid' },
    ],
    ['no weights', () => Promise.resolve(folderOf({})), { file: 'model.safetensors', fault: 'missing-file' }],
  ])('with %s fails and stores nothing', async (_case, files, details) => {
    const db = await open();
    await expect(importModel(await files(), 'x', () => undefined, db)).rejects.toMatchObject({
      details: { kind: 'model-invalid', ...details },
    });
    expect([await db.count('models'), await db.count('weightParts')]).toEqual([0, 0]);
  });
});
