import { describe, expect, it } from 'vitest';
import { defaultExperiment, type ExperimentModel } from '../../../src/domain/experiment';
import type { HubOrigin } from '../../../src/domain/import/hubOrigin';
import { parseExperimentFile } from '../../../src/domain/experimentFile';
import { exportFolder } from '../../../workers/services/report/exportFolder';
import { demoFiles, demoModel } from '../tokenize/demoModel';

const demoTexts = demoFiles('config.json', 'tokenizer.json', 'tokenizer_config.json', 'sentence_bert_config.json');
const settings: ExperimentModel = {
  contentSha256: 'a'.repeat(64),
  pooling: 'mean',
  normalize: true,
  maxTokens: 77,
  queryPrefix: '问：',
  passagePrefix: '',
};

/** Returns the text files of an export of the demo model, with some of its source files replaced. */
function exported(
  change: Record<string, string> = {},
  { hub, name = 'demo-zh', ...changed }: Partial<ExperimentModel> & { hub?: HubOrigin; name?: string } = {},
): Record<string, string> {
  const entries = exportFolder({
    model: { ...demoModel({ ...demoTexts, ...change }), name, ...(hub ? { hub } : {}) },
    settings: { ...settings, ...changed },
    run: {
      runId: 'run',
      experimentId: 'experiment',
      experiment: { ...defaultExperiment(), model: settings },
      experimentHash: '',
      build: 'test',
      device: null,
      devicePreference: 'auto',
      kernelPlan: '',
      status: 'done',
      phase: 'done',
      step: 3,
      steps: 3,
      createdAt: 0,
    },
    before: undefined,
    after: undefined,
    testVector: { text: '猪', values: [] },
    read: () => Promise.resolve(new Float32Array()),
    readUntrained: () => new Uint8Array(),
  });
  return Object.fromEntries(entries.flatMap(({ name, input }) => (typeof input === 'string' ? [[name, input]] : [])));
}

function fileOf(files: Record<string, string>, name: string): Record<string, unknown> {
  return JSON.parse(files[name] ?? 'null');
}

describe('an exported folder', () => {
  it('has a tokenizer.json that truncates at the maximum length and does not pad', () => {
    const source: object = JSON.parse(demoTexts['tokenizer.json'] ?? '');
    const padding = { strategy: { Fixed: 128 }, direction: 'Right', pad_id: 0, pad_type_id: 0, pad_token: '[PAD]' };
    const truncation = { max_length: 128, strategy: 'LongestFirst', stride: 0, direction: 'Right' };
    expect(
      fileOf(exported({ 'tokenizer.json': JSON.stringify({ ...source, truncation, padding }) }), 'tokenizer.json'),
    ).toEqual({ ...source, truncation: { ...truncation, max_length: 77 }, padding: null });
    expect(fileOf(exported(), 'tokenizer_config.json')).toMatchObject({ model_max_length: 77 });
  });

  it('still lowercases if the source does, for sentence-transformers and for readers of tokenizer.json', () => {
    const source: { normalizer: object } = JSON.parse(demoTexts['tokenizer.json'] ?? '');
    const cased = { ...source.normalizer, lowercase: false };
    const lowers = {
      'sentence_bert_config.json': '{"max_seq_length":192,"do_lower_case":true}',
      'tokenizer.json': JSON.stringify({ ...source, normalizer: cased }),
    };
    const once = exported(lowers);
    expect(fileOf(once, 'sentence_bert_config.json')).toEqual({ max_seq_length: 77, do_lower_case: true });
    expect(once['README.md']).toContain('Lowercased first: 是 / yes');
    expect(fileOf(once, 'tokenizer.json')['normalizer']).toEqual({
      type: 'Sequence',
      normalizers: [{ type: 'Lowercase' }, cased],
    });
    const twice = exported({ ...lowers, 'tokenizer.json': once['tokenizer.json'] ?? '' });
    expect(twice['tokenizer.json']).toBe(once['tokenizer.json']);
    expect(fileOf(exported(), 'sentence_bert_config.json')).toEqual({ max_seq_length: 77, do_lower_case: false });
    expect(fileOf(exported(), 'tokenizer.json')['normalizer']).toEqual(source.normalizer);
  });

  it('has weights in float32 by both names of the element type, whatever the type of the source', () => {
    const source: object = JSON.parse(demoTexts['config.json'] ?? '');
    const config = fileOf(
      exported({ 'config.json': JSON.stringify({ ...source, dtype: 'float16', torch_dtype: 'float16' }) }),
      'config.json',
    );
    expect([config['dtype'], config['torch_dtype']]).toEqual([undefined, 'float32']);
  });

  it('names the tokenizer class of the source if that class makes the same tokenizer', () => {
    expect(fileOf(exported(), 'tokenizer_config.json')['tokenizer_class']).toBe('BertTokenizer');
    const wordLevel = { 'tokenizer_config.json': '{"tokenizer_class": "XLMRobertaTokenizer"}' };
    expect(fileOf(exported(wordLevel), 'tokenizer_config.json')['tokenizer_class']).toBe('XLMRobertaTokenizer');
  });

  type Json = Record<string, unknown>;
  it.each<[string, (tokenizer: Json) => Json, Record<string, string>?]>([
    ['is cased', (source) => ({ ...source, normalizer: { ...(source['normalizer'] as Json), lowercase: false } })],
    [
      'keeps accents',
      (source) => ({ ...source, normalizer: { ...(source['normalizer'] as Json), strip_accents: false } }),
    ],
    [
      'keeps control characters',
      (source) => ({ ...source, normalizer: { ...(source['normalizer'] as Json), clean_text: false } }),
    ],
    ['normalizes in its own way', (source) => ({ ...source, normalizer: { type: 'NFKC' } })],
    ['splits words in its own way', (source) => ({ ...source, pre_tokenizer: { type: 'Whitespace' } })],
    ['adds no special tokens', (source) => ({ ...source, post_processor: null })],
    [
      'lowercases first',
      (source) => ({ ...source, normalizer: { ...(source['normalizer'] as Json), lowercase: false } }),
      {
        'sentence_bert_config.json': '{"do_lower_case": true}',
      },
    ],
  ])(
    'names the class that uses tokenizer.json unchanged if that tokenizer %s, unlike BertTokenizer',
    (_case, edit, more) => {
      const source: Json = JSON.parse(demoTexts['tokenizer.json'] ?? '');
      const files = exported({ 'tokenizer.json': JSON.stringify(edit(source)), ...more });
      expect(fileOf(files, 'tokenizer_config.json')['tokenizer_class']).toBe('PreTrainedTokenizerFast');
    },
  );

  it('has the prefixes of queries and passages as prompts, and no default prompt', () => {
    expect(fileOf(exported({}, { passagePrefix: '段：' }), 'config_sentence_transformers.json')).toEqual({
      prompts: { query: '问：', document: '段：' },
      default_prompt_name: null,
      similarity_fn_name: 'cosine',
    });
    expect(exported({}, { passagePrefix: '段：' })['README.md']).toContain('Passage prefix: `段：`');
  });

  it.each([
    ['mean', 'pooling_mode_mean_tokens'],
    ['cls', 'pooling_mode_cls_token'],
    ['last', 'pooling_mode_lasttoken'],
  ] as const)('names %s pooling, and only that', (pooling, key) => {
    const { word_embedding_dimension, ...modes } = fileOf(exported({}, { pooling }), '1_Pooling/config.json');
    expect(word_embedding_dimension).toBe(256);
    expect(Object.keys(modes).filter((mode) => modes[mode] === true)).toEqual([key]);
  });

  it.each([true, false])('lists the modules in their order, with normalization: %s', (normalize) => {
    const files = exported({}, { normalize });
    const listed: { idx: number; name: string; path: string }[] = JSON.parse(files['modules.json'] ?? '');
    const paths = ['', '1_Pooling', ...(normalize ? ['2_Normalize'] : [])];
    expect(listed.map(({ idx, name, path }) => [idx, name, path])).toEqual(paths.map((path, i) => [i, `${i}`, path]));
    expect('2_Normalize/config.json' in files).toBe(normalize);
  });

  const special = {
    unk_token: '[UNK]',
    sep_token: '[SEP]',
    pad_token: '[PAD]',
    cls_token: '[CLS]',
    mask_token: '[MASK]',
  };

  it('keeps the special_tokens_map.json of the source', () => {
    expect(exported({ 'special_tokens_map.json': '{"pad_token":"x"}' })['special_tokens_map.json']).toBe(
      '{"pad_token":"x"}',
    );
  });

  it('has a special_tokens_map.json with the tokens of tokenizer_config.json if the source has none', () => {
    expect(fileOf(exported(), 'special_tokens_map.json')).toEqual(special);
    const pad = { content: '[unused1]', lstrip: false };
    const config = JSON.stringify({ pad_token: pad, additional_special_tokens: ['[Q]'] });
    expect(fileOf(exported({ 'tokenizer_config.json': config }), 'special_tokens_map.json')).toEqual({
      ...special,
      pad_token: pad,
      additional_special_tokens: ['[Q]'],
    });
  });

  it('takes special tokens from tokenizer.json if no other file names them', () => {
    expect(fileOf(exported({ 'tokenizer_config.json': '{}' }), 'special_tokens_map.json')).toEqual(special);
  });

  it('names the commit that the base model was fetched at, in the model card and for the command line', () => {
    const commit = 'c'.repeat(40);
    const files = exported({}, { hub: { host: 'huggingface.co', id: 'BAAI/bge-base-zh-v1.5', commit } });
    expect(files['README.md']).toContain(`huggingface.co, BAAI/bge-base-zh-v1.5, commit \`${commit}\``);
    expect(files['README.md']).toMatch(/^---\n[^#]*\nbase_model: BAAI\/bge-base-zh-v1\.5\n---/);
    const experiment = parseExperimentFile(fileOf(files, 'experiment.json'));
    expect(experiment.locations).toEqual({ model: `hub:BAAI/bge-base-zh-v1.5@${commit}` });
    expect(parseExperimentFile(fileOf(exported(), 'experiment.json'))).toEqual({ ...experiment, locations: {} });
    // For another host there is no location, because it would be looked up on Hugging Face.
    const other = exported({}, { hub: { host: 'models.example.org', id: 'a/b', commit } });
    expect(other['README.md']).toContain(`models.example.org, a/b, commit`);
    expect(fileOf(other, 'experiment.json')['locations']).toBeUndefined();
  });

  it('has a model card with the name of the base model as its only title, on one line below the front matter', () => {
    const cardOf = (name: string): string[] => (exported({}, { name })['README.md'] ?? '').split('\n');
    for (const [name, title] of [
      ['BAAI/bge-base-zh-v1.5', '# BAAI/bge-base-zh-v1.5'],
      ['a\n# b', '# a # b'],
    ] as const) {
      const lines = cardOf(name);
      const front = lines.indexOf('---', 1);
      expect([lines[0], lines[front + 1]]).toEqual(['---', title]);
      const beforeCode = lines.slice(
        0,
        lines.findIndex((line) => line.startsWith('```')),
      );
      expect(beforeCode.filter((line) => line.startsWith('# '))).toEqual([title]);
    }
  });

  it('has a model card whose onnxruntime example truncates at the maximum length and does not pad', () => {
    const card = exported()['README.md'];
    expect(card).toContain('tokenizer.no_padding()\ntokenizer.enable_truncation(max_length=77)\n');
  });
});
