import type { Stage } from '../../src/domain/experiment';
import { defaultExperiment, defaultStage } from '../../src/domain/experiment';
import type { ExperimentModel } from '../../src/domain/experiment';
import type { StoredModel } from '../../src/domain/model';
import { withPrefixRows, promptsAfter } from '../../src/domain/train/prefix';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { joinPrefix } from '../../workers/services/report/joinPrefix';
import type { ExportSource } from '../../workers/services/report/exportSource';
import { bertConfig } from './configs';
import { seededRandom } from './random';
import { tensorLayout } from './tensorLayout';

const vocabulary = [
  ...['[PAD]', '[unused1]', '[unused2]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '[unused3]'],
  ...['问', '题', '答', '案', '：', '猪', '吃', '什', '么', 'a', 'b', '##a', '##b', 'query', ':', '1', '##2', '[', ']'],
];
const config = bertConfig({
  layers: 2,
  hiddenSize: 8,
  heads: 2,
  intermediateSize: 16,
  // More rows than the tokenizer has tokens, as in some published models.
  vocabularySize: 32,
  maxPositions: 16,
});

const special = (content: string) => ({
  ...{ id: vocabulary.indexOf(content), content, special: true },
  ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
});
const tokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map(special),
  normalizer: {
    type: 'BertNormalizer',
    ...{ clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
      { Sequence: { id: 'B', type_id: 1 } },
      { SpecialToken: { id: '[SEP]', type_id: 1 } },
    ],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [vocabulary.indexOf('[CLS]')], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [vocabulary.indexOf('[SEP]')], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    ...{ unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
    vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
  },
};
const names = { unk_token: '[UNK]', sep_token: '[SEP]', pad_token: '[PAD]', cls_token: '[CLS]', mask_token: '[MASK]' };

export const settings: ExperimentModel = {
  contentSha256: 'a'.repeat(64),
  pooling: 'mean',
  normalize: true,
  maxTokens: 12,
  queryPrefix: '问题：',
  passagePrefix: '',
};
export const prefixStages: Stage[] = [{ ...defaultStage(), strategy: { kind: 'prefix', tokens: 3, side: 'queries' } }];

const known = <T>(value: T) => ({ value, guessed: false });
const tensors = tensorLayout(parameterShapes(config));
/** A tiny base model with random weights, a tokenizer with unused tokens, and embedding rows that no token uses. */
export const baseModel: StoredModel = {
  contentSha256: settings.contentSha256,
  name: 'tiny',
  config,
  tensors,
  totalFloats: tensors.reduce((end, { offset, length }) => Math.max(end, Math.ceil((offset + length) / 64) * 64), 0),
  weightsId: 'base',
  files: {
    'config.json': JSON.stringify({
      ...{ model_type: 'bert', hidden_act: 'gelu', hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2 },
      ...{ intermediate_size: 16, vocab_size: 32, max_position_embeddings: 16, type_vocab_size: 2 },
      ...{ layer_norm_eps: 1e-12, pad_token_id: 0 },
    }),
    'tokenizer.json': JSON.stringify(tokenizer),
    'vocab.txt': `${vocabulary.join('\n')}\n`,
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true, ...names }),
    'special_tokens_map.json': JSON.stringify(names),
  },
  defaults: {
    pooling: known(settings.pooling),
    normalize: known(true),
    maxTokens: known(settings.maxTokens),
    queryPrefix: known(settings.queryPrefix),
    passagePrefix: known(''),
  },
  sourceDtype: 'F32',
  createdAt: 1,
};

/** Returns the model with a prefix, and its random weights by name. */
export function trainedModel(): { model: StoredModel; weights: Map<string, Float32Array<ArrayBuffer>> } {
  const model = withPrefixRows(baseModel, prefixStages);
  const random = seededRandom(5);
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, length } of model.tensors) {
    const center = name.endsWith('LayerNorm.weight') ? 1 : 0;
    weights.set(
      name,
      Float32Array.from({ length }, () => center + random() - 0.5),
    );
  }
  return { model, weights };
}

/** Returns the source of an export: a run that trained the prefix, and its model. */
export function exportSource(): ExportSource {
  const { model, weights } = trainedModel();
  const experiment = { ...defaultExperiment(), model: settings, stages: prefixStages };
  return {
    model: joinPrefix(model, prefixStages, weights),
    settings: promptsAfter(settings, prefixStages),
    run: {
      experiment,
      build: 'test',
      runId: 'run',
      experimentId: 'e',
      experimentHash: '',
      device: null,
      step: 1,
    } as never,
    before: undefined,
    after: undefined,
    testVector: { text: '', values: [] },
    read: (name) => Promise.resolve(weights.get(name) ?? new Float32Array()),
    readUntrained: () => new Uint8Array(),
  };
}
