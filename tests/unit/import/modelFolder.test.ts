import 'fake-indexeddb/auto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { experimentModelOf } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { FolderFile } from '../../../src/protocol/dataApi';
import { openDatabase } from '../../../src/storage/database';
import { importModel } from '../../../workers/services/import/importModel';
import { tokenizerFromVocabulary } from '../../../workers/services/import/modelTokenizer';
import { exportedSentenceConfig } from '../../../workers/services/report/exportSentenceConfig';
import { TextTokenizer } from '../../../workers/services/tokenize/textTokenizer';
import { config, sizes, tinyFolder, tinyTensors } from './tinyModel';

const imported = async (files: FolderFile[]): Promise<StoredModel> =>
  importModel(files, 'x', () => undefined, await openDatabase(`test-${crypto.randomUUID()}`));

const modules = (...list: [type: string, path: string][]): string =>
  JSON.stringify(list.map(([type, path], idx) => ({ idx, name: `${idx}`, path, type })));
const transformer = 'sentence_transformers.models.Transformer';
const pooling = 'sentence_transformers.models.Pooling';
const dense: [string, string] = ['sentence_transformers.models.Dense', '2_Dense'];
const clsPooling = JSON.stringify({ pooling_mode_cls_token: true });

describe('the layout of a model folder', () => {
  it('may put the transformer in a folder that modules.json names', async () => {
    const files = (await tinyFolder({ 'sentence_roberta_config.json': '{"max_seq_length": 7}' })).map(
      ({ path, file }) => ({ path: path.replace('some/folder/', 'model/0_Transformer/'), file }),
    );
    const add = (path: string, text: string) => files.push({ path: `model/${path}`, file: new File([text], path) });
    add('modules.json', modules([transformer, '0_Transformer'], [pooling, 'pool']));
    add('pool/config.json', clsPooling);
    add('config.json', '{"__version__": "0.2.0"}');
    const { defaults } = await imported(files);
    expect(defaults.pooling).toEqual({ value: 'cls', guessed: false });
    expect(defaults.normalize).toEqual({ value: false, guessed: false });
    expect(defaults.maxTokens).toEqual({ value: 7, guessed: false });
  });

  it('accepts the class paths of current versions of sentence-transformers', async () => {
    const list = modules(
      ['sentence_transformers.base.modules.transformer.Transformer', ''],
      ['sentence_transformers.sentence_transformer.modules.pooling.Pooling', '1_Pooling'],
      ['sentence_transformers.base.modules.normalize.Normalize', '2_Normalize'],
    );
    const { defaults } = await imported(
      await tinyFolder({ 'modules.json': list, '1_Pooling/config.json': clsPooling }),
    );
    expect([defaults.pooling.value, defaults.normalize.value]).toEqual(['cls', true]);
  });

  it.each<[string, Record<string, string>, object]>([
    [
      'a Dense module',
      { 'modules.json': modules([transformer, ''], [pooling, '1_Pooling'], dense) },
      { file: 'modules.json', fault: 'module-unsupported', found: '2_Dense (Dense)' },
    ],
    [
      'a Dense module but no modules.json',
      { '2_Dense/config.json': '{}' },
      { file: '2_Dense/config.json', fault: 'module-unsupported', found: '2_Dense' },
    ],
    [
      'pooling twice',
      { 'modules.json': modules([transformer, ''], [pooling, '1_Pooling'], [pooling, '2_Pooling']) },
      { fault: 'module-unsupported', found: '2_Pooling (Pooling)' },
    ],
    [
      'no transformer',
      { 'modules.json': modules([pooling, '1_Pooling']) },
      { fault: 'module-unsupported', found: '1_Pooling (Pooling)' },
    ],
    ['modules.json that is not a list', { 'modules.json': '{}' }, { file: 'modules.json', fault: 'json-shape' }],
    [
      'pooling without the prompt',
      { '1_Pooling/config.json': '{"pooling_mode_mean_tokens": true, "include_prompt": false}' },
      { fault: 'pooling-unsupported', found: 'include_prompt: false' },
    ],
  ])('is refused with %s', async (_case, texts, details) => {
    await expect(imported(await tinyFolder(texts))).rejects.toMatchObject({ details });
  });

  it('is refused if there are two models side by side', async () => {
    const files = await tinyFolder();
    const other = files.map(({ path, file }) => ({ path: path.replace('folder', 'copy'), file }));
    await expect(imported([...files, ...other])).rejects.toMatchObject({
      details: { fault: 'several-models', expected: 'some/folder/', found: 'some/copy/' },
    });
  });
});

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'abc', '##d', '猪', 'ABC', 'É', 'e', '<x>'];
/** Returns the folder of a model whose vocabulary is `words`. */
const wordsFolder = (texts: Record<string, string | null>): Promise<FolderFile[]> =>
  tinyFolder(
    { 'config.json': JSON.stringify({ ...sizes, vocab_size: words.length }), ...texts },
    tinyTensors({ ...config, vocabularySize: words.length }),
  );
const idsOf = (model: StoredModel, text: string): string[] =>
  new TextTokenizer(model).encode(text, 12).ids.map((id) => words[id] ?? '?');

/** A tokenizer.json that keeps capital letters. */
const casedTokenizer = JSON.stringify({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: false },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: null,
  decoder: null,
  model: { type: 'WordPiece', unk_token: '[UNK]', vocab: Object.fromEntries(words.map((word, id) => [word, id])) },
});

describe('a folder with only vocab.txt', () => {
  const folder = (texts: Record<string, string> = {}) =>
    wordsFolder({ 'tokenizer.json': null, 'vocab.txt': `${words.join('\r\n')}\r\n`, ...texts });

  it('is read as WordPiece, as by BertTokenizer, and gets a tokenizer.json', async () => {
    const model = await imported(await folder());
    expect(idsOf(model, 'ABCd é猪!')).toEqual(['[CLS]', 'abc', '##d', 'e', '猪', '[UNK]', '[SEP]']);
    expect(idsOf(model, '[SEP]')).toEqual(['[CLS]', '[SEP]', '[SEP]']);
    expect(JSON.parse(model.files['tokenizer.json'] ?? '')).toMatchObject({ model: { type: 'WordPiece' } });
  });

  it('follows the flags and special tokens of tokenizer_config.json, and added_tokens.json', async () => {
    const model = await imported(
      await folder({
        'tokenizer_config.json': JSON.stringify({ do_lower_case: false, cls_token: { content: '[PAD]' } }),
        'added_tokens.json': JSON.stringify({ '<x>': 10 }),
      }),
    );
    expect(idsOf(model, 'ABC É<x>')).toEqual(['[PAD]', 'ABC', 'É', '<x>', '[SEP]']);
  });

  it('has the tokens that tokenizer_config.json and special_tokens_map.json add, with the next free ids', async () => {
    const tokenizer: unknown = JSON.parse(
      tokenizerFromVocabulary(
        {
          'vocab.txt': words.join('\n'),
          'tokenizer_config.json': JSON.stringify({
            added_tokens_decoder: {
              '99': { content: '猪瘟', special: false },
              '3': { content: 'e', special: false },
              '100': { content: '<q>', special: true },
            },
          }),
          'special_tokens_map.json': JSON.stringify({ additional_special_tokens: ['<p>', { content: '<q>' }] }),
        },
        '{"<old>": 30}',
      ),
    );
    const { added_tokens: added } = tokenizer as { added_tokens: { id: number; content: string; special: boolean }[] };
    const listed = added.filter(({ content }) => !/^\[/.test(content));
    expect(listed.map(({ id, content, special }) => [id, content, special])).toEqual([
      [words.indexOf('e'), 'e', false],
      [30, '<old>', false],
      [31, '猪瘟', false],
      [32, '<q>', true],
      [33, '<p>', true],
    ]);
  });

  it('numbers 200,000 added tokens in linear time', () => {
    const last = 200_000;
    const decoder = Object.fromEntries(Array.from({ length: last }, (_, i) => [i, { content: `<t${i}>` }]));
    const { added_tokens: added } = JSON.parse(
      tokenizerFromVocabulary({
        'vocab.txt': words.join('\n'),
        'tokenizer_config.json': JSON.stringify({ added_tokens_decoder: decoder }),
      }),
    ) as { added_tokens: { id: number; content: string }[] };
    expect(added.at(-1)).toMatchObject({ id: words.length + last - 1, content: `<t${last - 1}>` });
  });

  const demo = new URL('../../../../shared/models/demo-zh/', import.meta.url);
  const hasDemo = existsSync(demo);
  it.skipIf(!hasDemo)('gets the tokenizer.json that the demo model comes with (skipped without ../shared)', () => {
    const read = (name: string): string => readFileSync(new URL(name, demo), 'utf8');
    const names = ['vocab.txt', 'tokenizer_config.json', 'special_tokens_map.json'];
    const made: object = JSON.parse(
      tokenizerFromVocabulary(Object.fromEntries(names.map((name) => [name, read(name)]))),
    );
    expect(made).toEqual(JSON.parse(read('tokenizer.json')));
  });

  it.each([
    ['a tokenizer of another kind', { 'tokenizer_config.json': '{"tokenizer_class": "BertJapaneseTokenizer"}' }],
    ['a vocabulary without [CLS]', { 'vocab.txt': '[UNK]\n[SEP]\na' }],
  ])('is refused with %s', async (_case, texts) => {
    await expect(imported(await folder(texts))).rejects.toMatchObject({ details: { fault: 'tokenizer-invalid' } });
  });

  it('is refused if vocab.txt is not UTF-8, because replaced bytes would be other tokens', async () => {
    const files = (await folder()).map(({ path, file }) =>
      path.endsWith('vocab.txt') ? { path, file: new File([Uint8Array.of(0xd6, 0xed)], 'vocab.txt') } : { path, file },
    );
    await expect(imported(files)).rejects.toMatchObject({ details: { file: 'vocab.txt', fault: 'not-utf8' } });
  });
});

describe('a tokenizer.json that differs from tokenizer_config.json', () => {
  const config = (flags: object): Record<string, string> => ({
    'tokenizer.json': casedTokenizer,
    'tokenizer_config.json': JSON.stringify(flags),
  });
  const normalizerOf = ({ files }: StoredModel): unknown =>
    (JSON.parse(files['tokenizer.json'] ?? '') as { normalizer: unknown }).normalizer;

  it('follows the flags that tokenizer_config.json states, as BertTokenizer does', async () => {
    const model = await imported(
      await wordsFolder(config({ do_lower_case: true, tokenize_chinese_chars: false, strip_accents: false })),
    );
    expect(normalizerOf(model)).toEqual({
      type: 'BertNormalizer',
      clean_text: true,
      lowercase: true,
      handle_chinese_chars: false,
      strip_accents: false,
    });
  });

  it('has the defaults of BertTokenizer for flags that tokenizer_config.json does not state', async () => {
    for (const flags of [{}, { tokenizer_class: 'BertTokenizer', strip_accents: false }])
      expect(normalizerOf(await imported(await wordsFolder(config(flags))))).toEqual({
        type: 'BertNormalizer',
        clean_text: true,
        lowercase: true,
        handle_chinese_chars: true,
        ...('strip_accents' in flags ? { strip_accents: false } : {}),
      });
  });

  it.each([
    ['the flags are equal', { do_lower_case: false, tokenize_chinese_chars: true, strip_accents: null }],
    [
      'another class reads tokenizer.json as it is',
      { do_lower_case: true, tokenizer_class: 'PreTrainedTokenizerFast' },
    ],
  ])('stays as it is if %s', async (_case, flags) => {
    expect((await imported(await wordsFolder(config(flags)))).files['tokenizer.json']).toBe(casedTokenizer);
  });
});

describe('do_lower_case in sentence_bert_config.json', () => {
  it('lowercases the text before the tokenizer, in the stored tokenizer.json', async () => {
    const folder = (lower: boolean) =>
      wordsFolder({
        'tokenizer.json': casedTokenizer,
        'tokenizer_config.json': '{"do_lower_case": false}',
        'sentence_bert_config.json': JSON.stringify({ max_seq_length: 9, do_lower_case: lower }),
      });
    const cased = await imported(await folder(false));
    const lowercased = await imported(await folder(true));
    expect(idsOf(cased, 'ABC')).toEqual(['ABC']);
    expect(idsOf(lowercased, 'ABC')).toEqual(['abc']);
    expect(cased.files['tokenizer.json']).toBe(casedTokenizer);
    expect(lowercased.contentSha256).not.toBe(cased.contentSha256);
  });

  it('is kept in the export', async () => {
    const exported = async (sentence: object): Promise<unknown> => {
      const model = await imported(await tinyFolder({ 'sentence_bert_config.json': JSON.stringify(sentence) }));
      return exportedSentenceConfig({ ...experimentModelOf(model), maxTokens: 9 }, model);
    };
    expect(await exported({})).toEqual({ max_seq_length: 9, do_lower_case: false });
    expect(await exported({ do_lower_case: true })).toEqual({ max_seq_length: 9, do_lower_case: true });
  });

  it('does not change a tokenizer that already lowercases', async () => {
    const tokenizer = casedTokenizer.replace('"lowercase":false', '"lowercase":true');
    const texts = { 'tokenizer.json': tokenizer, 'sentence_bert_config.json': '{"do_lower_case": true}' };
    const model = await imported(await wordsFolder(texts));
    expect(model.files['tokenizer.json']).toBe(tokenizer);
  });
});
