import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { defaultExperiment, experimentModelOf } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { FolderFile } from '../../../src/protocol/dataApi';
import { openDatabase, type Database } from '../../../src/storage/database';
import { listModels } from '../../../src/storage/models';
import { errorSentences } from '../../../src/ui/i18n/errors';
import { importModel } from '../../../workers/services/import/importModel';
import { exportFolder } from '../../../workers/services/report/exportFolder';
import type { ExportSource } from '../../../workers/services/report/exportSource';
import { TextTokenizer } from '../../../workers/services/tokenize/textTokenizer';
import { config, folderOf, safetensors, sizes, tinyFolder, tinyTensors, torchFile, type Tensor } from './tinyModel';

/*
 * One test for each model of “Real-world inputs, and what must become of them” (models/01 … 22), with the tiny model in
 * place of the demo model.
 */

const open = (): Promise<Database> => openDatabase(`test-${crypto.randomUUID()}`);
const imported = async (files: FolderFile[], db?: Database): Promise<StoredModel> =>
  importModel(files, 'x', () => undefined, db ?? (await open()));
const faultOf = (files: FolderFile[]): Promise<unknown> =>
  imported(files).then(
    () => 'imported',
    ({ details }: { details: { fault: string } }) => details.fault,
  );
const plain = await imported(await tinyFolder());

const renamed = (rename: (name: string) => string): Tensor[] =>
  tinyTensors().map((tensor) => ({ ...tensor, name: rename(tensor.name) }));
const zeros = (name: string, ...shape: number[]): Tensor => ({
  name,
  shape,
  values: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});

/** Returns the text files of the model's export, with the model's default settings except `maxTokens`. */
function exported(model: StoredModel, maxTokens = 9): Record<string, string> {
  const entries = exportFolder({
    model,
    settings: { ...experimentModelOf(model), maxTokens },
    run: { experiment: defaultExperiment() } as ExportSource['run'],
    before: undefined,
    after: undefined,
    testVector: { text: '', values: [] },
    read: () => Promise.resolve(new Float32Array()),
    readUntrained: () => new Uint8Array(),
  });
  return Object.fromEntries(entries.flatMap(({ name, input }) => (typeof input === 'string' ? [[name, input]] : [])));
}
const json = (text = '{}'): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe('the weights of models/…', () => {
  it('01: LayerNorm.gamma and beta are weight and bias', async () => {
    const old = renamed(
      (name) =>
        `bert.${name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')}`,
    );
    expect((await imported(await tinyFolder({}, old))).contentSha256).toBe(plain.contentSha256);
  });

  it('02: the prefix 0.auto_model is accepted', async () => {
    const prefixed = renamed((name) => `0.auto_model.${name}`);
    expect((await imported(await tinyFolder({}, prefixed))).contentSha256).toBe(plain.contentSha256);
  });

  it('03: position_ids, which are int64, are left out', async () => {
    const ids = new Uint8Array(new BigInt64Array(12).map((_, i) => BigInt(i)).buffer);
    const positions: Tensor = { name: 'embeddings.position_ids', shape: [1, 12], dtype: 'I64', values: ids };
    const model = await imported(await tinyFolder({}, [positions, ...tinyTensors()]));
    expect([model.contentSha256, model.untrained]).toEqual([plain.contentSha256, null]);
  });

  it('04: F64 is read as float32', async () => {
    const wide = tinyTensors().map((tensor): Tensor => ({
      ...tensor,
      dtype: 'F64',
      values: new Uint8Array(Float64Array.from(tensor.values).buffer),
    }));
    const model = await imported(await tinyFolder({}, wide));
    expect([model.contentSha256, model.sourceDtype]).toEqual([plain.contentSha256, 'F64']);
  });

  it('06: shards are found by model.safetensors.index.json', async () => {
    const tensors = tinyTensors();
    const shards = { 'a.safetensors': tensors.slice(0, 4), 'b.safetensors': tensors.slice(4) };
    const files: Record<string, File> = {};
    const weightMap: Record<string, string> = {};
    for (const [shard, inShard] of Object.entries(shards)) {
      files[shard] = await safetensors(inShard);
      for (const { name } of inShard) weightMap[name] = shard;
    }
    const index = { 'model.safetensors.index.json': JSON.stringify({ weight_map: weightMap }) };
    expect((await imported(folderOf(files, index))).contentSha256).toBe(plain.contentSha256);
  });

  it('07: a Git LFS pointer is reported as one', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 409000000\n`;
    expect(await faultOf(folderOf({ 'model.safetensors': new File([pointer], 'model.safetensors') }))).toBe(
      'lfs-pointer',
    );
  });

  it('08: pytorch_model.bin is read, even if it is a safetensors file', async () => {
    for (const file of [await torchFile(tinyTensors()), await safetensors(tinyTensors())])
      expect((await imported(folderOf({ 'pytorch_model.bin': file }))).contentSha256).toBe(plain.contentSha256);
  });

  it('18: the positions of an XLM-RoBERTa start after the padding id, and 512 of 514 are kept', async () => {
    const xlm = {
      ...sizes,
      model_type: 'xlm-roberta',
      max_position_embeddings: 514,
      type_vocab_size: 1,
      pad_token_id: 1,
    };
    const tensors = tinyTensors({ ...config, maxPositions: 514, typeVocabularySize: 1 });
    const model = await imported(await tinyFolder({ 'config.json': JSON.stringify(xlm) }, tensors));
    expect(model.config).toMatchObject({ maxPositions: 512, typeVocabularySize: 1, padTokenId: 1 });
    expect(model.defaults.maxTokens.value).toBe(512);
  });

  it('18: 514 positions over a table of 512 rows are refused with both numbers', async () => {
    const xlm = { ...sizes, model_type: 'xlm-roberta', max_position_embeddings: 514, pad_token_id: 0 };
    const short = await tinyFolder(
      { 'config.json': JSON.stringify(xlm) },
      tinyTensors({ ...config, maxPositions: 512 }),
    );
    const error: unknown = await imported(short).catch((thrown: unknown) => thrown);
    if (!(error instanceof AppError)) throw new Error('it was imported');
    const { zh, en } = errorSentences(error.details);
    expect(zh).toContain('的形状是 [512, 8]，按 config.json 应为 [514, 8]，请使用配套的文件');
    expect(en).toContain('has the shape [512, 8], but config.json asks for [514, 8]; use files that belong together');
  });

  it('22: the head of a masked language model is left out, and half a pooler is kept', async () => {
    const head = [zeros('cls.predictions.bias', 4), zeros('cls.predictions.transform.dense.weight', 8, 8)];
    const tensors = [...renamed((name) => `bert.${name}`), ...head, zeros('bert.pooler.dense.weight', 8, 8)];
    const model = await imported(await tinyFolder({}, tensors));
    expect(model.contentSha256).toBe(plain.contentSha256);
    expect(model.untrained?.tensors.map(({ name }) => name)).toEqual(['pooler.dense.weight']);
    expect(exported(model)['README.md']).toContain('`pooler.dense.bias` as newly initialized');
  });
});

describe('the modules of models/…', () => {
  const modules = (...list: [string, string][]): string =>
    JSON.stringify(list.map(([type, path]) => ({ type: `sentence_transformers.models.${type}`, path })));

  it('10: a Dense module is refused, never ignored', async () => {
    const list = modules(['Transformer', ''], ['Pooling', '1_Pooling'], ['Dense', '2_Dense']);
    expect(await faultOf(await tinyFolder({ 'modules.json': list }))).toBe('module-unsupported');
    expect(await faultOf(await tinyFolder({ '2_Dense/config.json': '{}' }))).toBe('module-unsupported');
  });

  it('11: modules.json says which folder is the transformer, and where the pooling is', async () => {
    const inside = (await tinyFolder()).map(({ path, file }) => ({
      path: path.replace('folder/', 'folder/0_T/'),
      file,
    }));
    const add = (path: string, text: string) =>
      inside.push({ path: `some/folder/${path}`, file: new File([text], path) });
    add('modules.json', modules(['Transformer', '0_T'], ['Pooling', 'pool']));
    add('pool/config.json', JSON.stringify({ pooling_mode_cls_token: true }));
    expect((await imported(inside)).defaults.pooling).toEqual({ value: 'cls', guessed: false });
  });

  it('19, then 00: a second import of the same weights uses pooling, prompts and lengths of its folder', async () => {
    const db = await open();
    const bare = await imported(await tinyFolder(), db);
    expect(Object.values(bare.defaults).every(({ guessed }) => guessed)).toBe(true);
    const second = await imported(
      await tinyFolder({
        'modules.json': modules(['Transformer', ''], ['Pooling', '1_Pooling']),
        '1_Pooling/config.json': JSON.stringify({ pooling_mode_cls_token: true }),
        'config_sentence_transformers.json': JSON.stringify({ prompts: { query: 'q: ', passage: 'p: ' } }),
        'sentence_bert_config.json': JSON.stringify({ max_seq_length: 7 }),
      }),
      db,
    );
    const stated = <T>(value: T) => ({ value, guessed: false });
    expect(second.defaults).toEqual({
      pooling: stated('cls'),
      normalize: stated(false),
      queryPrefix: stated('q: '),
      passagePrefix: stated('p: '),
      maxTokens: stated(7),
    });
    expect(
      (await listModels(db)).find(({ name, contentSha256 }) => name === 'x' && contentSha256 === second.contentSha256),
    ).toEqual(second);
  });
});

const words = ['[UNK]', '[CLS]', '[SEP]', '[PAD]', '[MASK]', 'abc', 'ABC'];
const wordsFolder = (texts: Record<string, string | null>): Promise<FolderFile[]> =>
  tinyFolder(
    { 'config.json': JSON.stringify({ ...sizes, vocab_size: words.length }), ...texts },
    tinyTensors({ ...config, vocabularySize: words.length }),
  );
const idsOf = (model: Pick<StoredModel, 'files'>, text: string): string[] =>
  new TextTokenizer(model).encode(text, 9).ids.map((id) => words[id] ?? '?');
/** A tokenizer.json that keeps upper case. */
const tokenizer = {
  ...{ version: '1.0', truncation: null, padding: null, post_processor: null, decoder: null },
  added_tokens: words.slice(0, 5).map((content, id) => ({ id, content, special: true })),
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: false },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  model: { type: 'WordPiece', unk_token: '[UNK]', vocab: Object.fromEntries(words.map((word, id) => [word, id])) },
};

describe('the tokenizer of models/…', () => {
  it('09: vocab.txt makes a WordPiece, and the export has its tokenizer.json', async () => {
    const model = await imported(
      await wordsFolder({
        'tokenizer.json': null,
        'vocab.txt': `${words.join('\n')}\n`,
        'tokenizer_config.json': JSON.stringify({ do_lower_case: false }),
      }),
    );
    const files = { 'tokenizer.json': exported(model)['tokenizer.json'] ?? '' };
    for (const one of [model, { files }]) expect(idsOf(one, 'ABC abc')).toEqual(['[CLS]', 'ABC', 'abc', '[SEP]']);
  });

  it('13: do_lower_case lowercases the text, here and in the export', async () => {
    const model = await imported(
      await wordsFolder({
        'tokenizer.json': JSON.stringify(tokenizer),
        'sentence_bert_config.json': JSON.stringify({ do_lower_case: true }),
      }),
    );
    const files = exported(model);
    expect(json(files['sentence_bert_config.json'])['do_lower_case']).toBe(true);
    // Tools other than sentence-transformers read only tokenizer.json.
    const forOthers = { files: { 'tokenizer.json': files['tokenizer.json'] ?? '' } };
    for (const one of [model, forOthers]) expect(idsOf(one, 'ABC')).toEqual(['abc']);
  });

  it('14: the export truncates at maxTokens and does not pad, whatever the source does', async () => {
    const truncation = { max_length: 128, strategy: 'LongestFirst', stride: 0, direction: 'Right' };
    const padding = { strategy: { Fixed: 128 }, direction: 'Right', pad_id: 3, pad_type_id: 0, pad_token: '[PAD]' };
    const source = { 'tokenizer.json': JSON.stringify({ ...tokenizer, truncation, padding }) };
    const written = json(exported(await imported(await wordsFolder(source)), 6)['tokenizer.json']);
    expect(written).toMatchObject({ truncation: { max_length: 6 }, padding: null });
  });

  it('15: the export has a special_tokens_map.json even if the source has none', async () => {
    const model = await imported(await wordsFolder({ 'tokenizer.json': JSON.stringify(tokenizer) }));
    expect(json(exported(model)['special_tokens_map.json'])).toEqual({
      ...{ unk_token: '[UNK]', sep_token: '[SEP]', pad_token: '[PAD]', cls_token: '[CLS]', mask_token: '[MASK]' },
    });
  });
});
