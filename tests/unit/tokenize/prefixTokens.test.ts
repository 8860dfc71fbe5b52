import { describe, expect, it } from 'vitest';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { prefixedSets, withTokens } from '../../../workers/services/tokenize/prefixTokens';
import { TextTokenizer } from '../../../workers/services/tokenize/textTokenizer';
import { tokenizeAll } from '../../../workers/services/tokenize/tokenize';
import { bertBase } from '../../engine/configs';
import { tensorLayout } from '../../engine/tensorLayout';
import { demoFiles, demoModel } from './demoModel';

const { files } = demoModel(demoFiles('tokenizer.json', 'tokenizer_config.json'));
const tensors = tensorLayout(parameterShapes({ ...bertBase, vocabularySize: 8286 }));
const tokens = ['[p1]', '[p2]', '[p3]'];
const maxTokens = 12;
const exported = new TextTokenizer({ files: withTokens(files, tokens, 8286) });

const texts = {
  anchors: ['母猪吃多少', '第7天的采食量是多少公斤', '', '1 2 3 4 5 6', '1 2 3 4 5 6 7', '1 2 3 4 5 6 7 8'],
  positives: ['采食量'.repeat(20), 'abc'],
  knowledgeBase: ['母猪', '小猪'.repeat(9)],
  dev: ['什么时候断奶'],
  test: ['几点喂', '怎么喂小猪才能长得快一些'],
  negatives: ['鸡'],
  sentences1: ['牛'],
  sentences2: ['羊'.repeat(11)],
};
type Name = keyof typeof texts;
const names = Object.keys(texts) as Name[];

async function plainSets(): Promise<Record<Name, TokenSet>> {
  const plain = new TextTokenizer({ files });
  const set = async (name: Name) => ({
    key: name,
    ...(await tokenizeAll(plain, texts[name], '', maxTokens, () => undefined)),
  });
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await set(name)]))) as Awaited<
    ReturnType<typeof plainSets>
  >;
}

const rowsOf = ({ ids, offsets }: TokenSet): number[][] =>
  [...offsets.slice(1)].map((end, i) => [...ids.subarray(offsets[i], end)]);

describe('the token sets of a run with a prefix', () => {
  it('are what the exported tokenizer makes of the prefix and each text, with the number of texts that were cut', async () => {
    const sets = await plainSets();
    const found = prefixedSets(sets, { files, tensors }, { tokens, side: 'both', stage: 0 }, maxTokens);
    for (const name of names) {
      const expected = texts[name].map((text) => exported.encode(tokens.join('') + text, maxTokens));
      expect(rowsOf(found[name]), name).toEqual(expected.map(({ ids }) => ids));
      expect(found[name].truncated, name).toBe(expected.filter(({ truncated }) => truncated).length);
      expect(found[name].key).toBe(name);
    }
  });

  it('have it only in queries if only queries get one', async () => {
    const sets = await plainSets();
    const found = prefixedSets(sets, { files, tensors }, { tokens, side: 'queries', stage: 0 }, maxTokens);
    const changed = names.filter((name) => rowsOf(found[name]).some((row) => row.includes(8286)));
    expect(changed).toEqual(['anchors', 'dev', 'test', 'sentences1', 'sentences2']);
    for (const name of names.filter((one) => !changed.includes(one))) expect(found[name]).toBe(sets[name]);
  });

  it('need no negatives and no scored pairs', async () => {
    const { anchors, positives, knowledgeBase, dev, test } = await plainSets();
    const sets = { anchors, positives, knowledgeBase, dev, test };
    const found = prefixedSets(sets, { files, tensors }, { tokens, side: 'both', stage: 0 }, maxTokens);
    expect(Object.keys(found).sort()).toEqual(Object.keys(sets).sort());
  });

  it('are refused if the tokenizer changes the tokens', async () => {
    const lowers = { ...files, 'sentence_bert_config.json': '{"do_lower_case":true}' };
    const prefix = { tokens: ['[Q]'], side: 'both' as const, stage: 2 };
    const sets = await plainSets();
    expect(() => prefixedSets(sets, { files: lowers, tensors }, prefix, maxTokens)).toThrow(
      expect.objectContaining({ details: { kind: 'prefix-tokenizer', stage: 2 } }),
    );
  });
});

describe("the tokenizer's files with a prefix", () => {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const small = { added_tokens: [{ id: 0, content: '[PAD]' }], model: { type: 'WordPiece', vocab: { '[PAD]': 0 } } };
  const parsed = (changed: Record<string, string>, path: string) => JSON.parse(changed[path] ?? 'null') as unknown;

  it('name each token everywhere that other tools look, beside what was there', () => {
    const given = {
      'tokenizer.json': JSON.stringify({ version: '1.0', ...small }),
      'tokenizer_config.json': JSON.stringify({
        model_max_length: 512,
        added_tokens_decoder: { 0: { content: '[PAD]' } },
        additional_special_tokens: ['[X]'],
      }),
      'special_tokens_map.json': JSON.stringify({ pad_token: '[PAD]' }),
      'config.json': '{}',
    };
    const changed = withTokens(given, ['[a]', '[b]'], 7);
    expect(parsed(changed, 'tokenizer.json')).toEqual({
      version: '1.0',
      added_tokens: [...small.added_tokens, { id: 7, content: '[a]', ...flags }, { id: 8, content: '[b]', ...flags }],
      model: { type: 'WordPiece', vocab: { '[PAD]': 0, '[a]': 7, '[b]': 8 } },
    });
    expect(parsed(changed, 'tokenizer_config.json')).toEqual({
      model_max_length: 512,
      added_tokens_decoder: {
        0: { content: '[PAD]' },
        7: { content: '[a]', ...flags },
        8: { content: '[b]', ...flags },
      },
      additional_special_tokens: ['[X]', '[a]', '[b]'],
    });
    expect(parsed(changed, 'special_tokens_map.json')).toEqual({
      pad_token: '[PAD]',
      additional_special_tokens: ['[a]', '[b]'],
    });
    expect(changed['config.json']).toBe('{}');
    expect(Object.keys(changed).sort()).toEqual(Object.keys(given).sort());
  });

  it('get a tokenizer_config.json if they had none, but no other list', () => {
    const changed = withTokens({ 'tokenizer.json': JSON.stringify(small) }, ['[a]'], 1);
    expect(Object.keys(changed).sort()).toEqual(['tokenizer.json', 'tokenizer_config.json']);
    expect(parsed(changed, 'tokenizer_config.json')).toEqual({ additional_special_tokens: ['[a]'] });
  });

  it('stay as they are without a prefix', () => {
    expect(withTokens(files, [], 8286)).toBe(files);
  });
});
