import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src/domain/hash';
import { tokenizerWithLowercase } from '../../../workers/services/import/modelTokenizer';
import { exportedTokenizerFiles } from '../../../workers/services/report/exportTokenizer';
import { tokenizeAll } from '../../../workers/services/tokenize/tokenize';
import { TextTokenizer } from '../../../workers/services/tokenize/textTokenizer';

const shared = new URL('../../../../shared/', import.meta.url);
const golden: {
  hashes: Record<string, { sha256: string; texts: number; tokens: number }>;
  rareHan: { text: string; ids: number[] }[];
  lowercase: { texts: string[]; words: string; cases: { normalizer: object | null; ids: string[] }[] };
} = JSON.parse(readFileSync(new URL('../../fixtures/tokens/golden.json', import.meta.url), 'utf8'));

/** These texts must equal the list `odd` in tools/golden/tokens.py. */
const odd = [
  '',
  ' ',
  '\n\t ',
  '🐖🐷 小猪👨‍👩‍👧‍👦',
  'ＡＢＣ１２３，．！',
  'café naïve Ångström Straße İstanbul',
  'a\u0000b\u0001c\u200bd\ufeffe\u00ad',
  '4°F(2.2°C) 0.51% 15Ib(7kg)',
  'https://example.org/a_b?c=1&d=%E4',
  '１．猪　瘟\u3000疫苗',
  '𠮷野家𪚥',
  'e\u0301 \u1100\u1161\u11a8 각',
  'ﬁ ﬂ ℡ ㎏ ½ ²',
  '[CLS] [MASK] [SEP] <s> </s> <mask>',
  "Don't—stop…“quoted” «x»",
  '~!@#$%^&*()_+`-={}|[]\\:";\'<>?,./',
  '\u202eabc\u202c',
  'x'.repeat(300),
  '猪'.repeat(700),
  'ไทย العربية עברית हिन्दी русский ΑΣΣ',
  '\r\n第一行\r\n第二行',
  '<br>关注&nbsp;更多',
  '①②③ ㈠ Ⅻ ㍿',
  'ﾊﾝｶｸ カタカナ ひらがな ゔ が',
];

function rows(name: string): Record<string, string>[] {
  return readFileSync(new URL(`data/${name}`, shared), 'utf8')
    .trim()
    .split('\n')
    .map((line): Record<string, string> => JSON.parse(line));
}

function texts(): string[] {
  const field = (list: Record<string, string>[], ...names: string[]): string[] =>
    list.flatMap((row) => names.map((name) => row[name] ?? ''));
  return [
    ...odd,
    ...field(rows('t2_sample_passages.jsonl').slice(0, 120), 'text'),
    ...field(rows('cmrc_passages.jsonl').slice(0, 56), 'text'),
    ...field(rows('csl_title_abstract.jsonl').slice(0, 30), 'query', 'pos'),
    ...field(rows('stsb_valid.jsonl').slice(0, 20), 'a', 'b'),
  ];
}

function tokenizerOf(model: string, folder = shared): TextTokenizer {
  const read = (path: string): string => readFileSync(new URL(`models/${model}/${path}`, folder), 'utf8');
  return new TextTokenizer({
    files: { 'tokenizer.json': read('tokenizer.json'), 'tokenizer_config.json': read('tokenizer_config.json') },
  });
}

/** Returns the int32 values that tools/golden/tokens.py hashes: for each text, the number of ids and the ids. */
function framed(ids: Int32Array, offsets: Uint32Array): Int32Array {
  const words: number[] = [];
  for (let text = 0; text + 1 < offsets.length; text++) {
    const own = ids.subarray(offsets[text], offsets[text + 1]);
    words.push(own.length, ...own);
  }
  return Int32Array.from(words);
}

describe.skipIf(!existsSync(shared))('token ids (skipped without ../shared)', () => {
  it.each(Object.keys(golden.hashes))('match the Rust tokenizers on 300 texts: %s', async (name) => {
    const [model = '', limit] = name.split('@');
    const list = texts();
    const { ids, offsets } = await tokenizeAll(
      tokenizerOf(model),
      list,
      model === 'e5-small-zh' ? 'passage: ' : '',
      Number(limit),
      () => undefined,
    );
    expect(list).toHaveLength(golden.hashes[name]!.texts);
    expect(ids.length).toBe(golden.hashes[name]!.tokens);
    expect(await sha256Hex(framed(ids, offsets))).toBe(golden.hashes[name]!.sha256);
  });
});

describe('a tokenizer whose texts are lowercased first', () => {
  const { texts: mixed, words, cases } = golden.lowercase;
  const vocab = Object.fromEntries(words.split(' ').map((word, id) => [word, id]));
  const model = { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab };
  const others = { version: '1.0', truncation: null, padding: null, post_processor: null, decoder: null };
  const tokenizerJson = (normalizer: object | null): string =>
    JSON.stringify({ ...others, added_tokens: [], normalizer, pre_tokenizer: { type: 'BertPreTokenizer' }, model });
  const sentence = { 'sentence_bert_config.json': '{"do_lower_case": true}' };
  const idsOf = (text: string, files: Record<string, string>): string =>
    new TextTokenizer({ files }).encode(text, 512).ids.join(' ');

  it.each(cases)('has the ids of the Rust tokenizers with the normalizer $normalizer', ({ normalizer, ids }) => {
    const imported = { 'tokenizer.json': tokenizerWithLowercase(tokenizerJson(normalizer)) };
    const [exported] = exportedTokenizerFiles({ 'tokenizer.json': tokenizerJson(normalizer), ...sentence }, 512);
    for (const [i, text] of mixed.entries()) {
      expect(idsOf(text, imported)).toBe(ids[i]);
      expect(idsOf(text, { 'tokenizer.json': exported?.input ?? '' })).toBe(ids[i]);
    }
  });

  it.each(cases)('is imported and exported with the same normalizer, given $normalizer', ({ normalizer }) => {
    const imported = tokenizerWithLowercase(tokenizerJson(normalizer));
    const [exported] = exportedTokenizerFiles({ 'tokenizer.json': tokenizerJson(normalizer), ...sentence }, 512);
    const [again] = exportedTokenizerFiles({ 'tokenizer.json': imported, ...sentence }, 512);
    const normalizerOf = (text = '{}'): unknown => (JSON.parse(text) as { normalizer: unknown }).normalizer;
    expect(normalizerOf(exported?.input)).toEqual(normalizerOf(imported));
    expect(normalizerOf(again?.input)).toEqual(normalizerOf(imported));
    expect(tokenizerWithLowercase(imported)).toBe(imported);
  });
});

describe('Han characters beyond the BMP', () => {
  const bundled = new URL('../../../public/', import.meta.url);

  it.each(golden.rareHan)('have the ids of the Rust tokenizers: $text', ({ text, ids }) => {
    expect(tokenizerOf('demo-zh', bundled).encode(text, 512).ids).toEqual(ids);
  });
});
