import { own } from '../../../src/domain/errorWords';
import { excerptOf } from '../../../src/domain/foreignJson';
import { poolings, type EncoderConfig, type Pooling, type StoredModel } from '../../../src/domain/model';
import { modelError } from '../../formats/modelError';
import { isJsonObject, parseModelJson, type JsonObject } from './parseModelJson';

/**
 * Maximum number of layers, which no encoder reaches. Without it, a faulty config.json would make the import list names
 * almost forever.
 */
const maxLayers = 1000;

function size(config: JsonObject, key: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = config[key];
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= most) return value;
  throw modelError('config.json', 'unsupported-architecture', {
    tensor: key,
    expected: own('positive-integer'),
    found: excerptOf(value) ?? own('no-value'),
  });
}

/** Returns the epsilon of LayerNorm, or the default of BertConfig in transformers if it is missing. */
function layerNormEpsilon(config: JsonObject): number {
  const value = config['layer_norm_eps'] ?? 1e-12;
  if (typeof value === 'number' && value > 0) return value;
  throw modelError('config.json', 'unsupported-architecture', {
    tensor: 'layer_norm_eps',
    expected: own('positive-number'),
    found: excerptOf(value) ?? own('no-value'),
  });
}

function share(config: JsonObject, key: string): number {
  const value = config[key];
  return typeof value === 'number' && value >= 0 && value < 1 ? value : 0;
}

function must(config: JsonObject, key: string, expected: string): void {
  const found = config[key] ?? expected;
  if (found !== expected)
    throw modelError('config.json', 'unsupported-architecture', {
      tensor: key,
      expected,
      found: excerptOf(found) ?? own('no-value'),
    });
}

/**
 * Returns the config as that of a BERT encoder. XLM-RoBERTa is a BERT encoder, except that its positions start after
 * the padding id, so that 514 positions hold 512 tokens. Without the rows before the first position, the encoders are
 * the same, so the model is stored and exported as BERT. `positionsSkipped` is the number of those rows.
 */
export function asBertConfig(text: string): { text: string; positionsSkipped: number } {
  const config = parseModelJson('config.json', text);
  if (config['model_type'] !== 'xlm-roberta') return { text, positionsSkipped: 0 };
  const pad = config['pad_token_id'] ?? 1;
  const positions = size(config, 'max_position_embeddings');
  if (typeof pad !== 'number' || !Number.isInteger(pad) || pad < 0 || pad + 1 >= positions)
    throw modelError('config.json', 'unsupported-architecture', {
      tensor: 'pad_token_id',
      expected: own('integer-below', positions - 1),
      found: excerptOf(pad) ?? own('no-value'),
    });
  const bert = {
    ...config,
    model_type: 'bert',
    architectures: ['BertModel'],
    pad_token_id: pad,
    max_position_embeddings: positions - pad - 1,
  };
  return { text: JSON.stringify(bert, null, 2), positionsSkipped: pad + 1 };
}

/** Fields of config.json that make transformers hide the following tokens from each token. */
const decoderFields = ['is_decoder', 'is_encoder_decoder'];

/** Reads the sizes of a BERT-type encoder. Rejects variants that this engine would compute incorrectly. */
export function readEncoderConfig(text: string): EncoderConfig {
  const config = parseModelJson('config.json', text);
  if (config['model_type'] !== 'bert')
    throw modelError('config.json', 'unsupported-architecture', {
      tensor: 'model_type',
      expected: 'bert',
      found: excerptOf(config['model_type']) ?? own('no-value'),
    });
  for (const field of decoderFields)
    if (config[field] ?? false) throw modelError('config.json', 'not-an-encoder', { tensor: field });
  must(config, 'hidden_act', 'gelu');
  must(config, 'position_embedding_type', 'absolute');
  const hiddenSize = size(config, 'hidden_size');
  const heads = size(config, 'num_attention_heads');
  if (hiddenSize % heads !== 0)
    throw modelError('config.json', 'unsupported-architecture', {
      tensor: 'num_attention_heads',
      expected: own('divisor-of', hiddenSize),
      found: String(heads),
    });
  const pad = config['pad_token_id'];
  return {
    layers: size(config, 'num_hidden_layers', maxLayers),
    hiddenSize,
    heads,
    intermediateSize: size(config, 'intermediate_size'),
    vocabularySize: size(config, 'vocab_size'),
    maxPositions: size(config, 'max_position_embeddings'),
    typeVocabularySize: size(config, 'type_vocab_size'),
    layerNormEpsilon: layerNormEpsilon(config),
    hiddenDropout: share(config, 'hidden_dropout_prob'),
    attentionDropout: share(config, 'attention_probs_dropout_prob'),
    padTokenId: typeof pad === 'number' ? pad : 0,
  };
}

/** The modes of sentence-transformers' Pooling, in the names of its current version and of `pooling_mode_*`. */
const poolingOfMode: Partial<Record<string, Pooling>> = {
  mean: 'mean',
  mean_tokens: 'mean',
  cls: 'cls',
  cls_token: 'cls',
  lasttoken: 'last',
};

/** Returns the modes that are on. Several of them are concatenated. `pooling_mode` replaces `pooling_mode_*`. */
function poolingModes(pooling: JsonObject): string[] {
  const stated = pooling['pooling_mode'];
  if (typeof stated === 'string') return [stated];
  if (Array.isArray(stated)) return stated.map((mode) => (typeof mode === 'string' ? mode : (excerptOf(mode) ?? '')));
  return Object.entries(pooling).flatMap(([key, on]) =>
    key.startsWith('pooling_mode_') && on === true ? [key.slice('pooling_mode_'.length)] : [],
  );
}

function readPooling(files: Record<string, string>): StoredModel['defaults']['pooling'] {
  const text = files['1_Pooling/config.json'];
  if (text === undefined) return { value: 'mean', guessed: true };
  const pooling = parseModelJson('1_Pooling/config.json', text);
  if (pooling['include_prompt'] === false)
    throw modelError('1_Pooling/config.json', 'pooling-unsupported', { found: 'include_prompt: false' });
  const modes = poolingModes(pooling);
  const value = modes.length === 1 ? poolingOfMode[modes[0] ?? ''] : undefined;
  if (value) return { value, guessed: false };
  throw modelError('1_Pooling/config.json', 'pooling-unsupported', {
    expected: poolings.join(', '),
    found: modes.length === 0 ? own('no-value') : modes.join(', '),
  });
}

/** What the settings of a folder depend on in config.json. */
type Limits = Pick<EncoderConfig, 'hiddenSize' | 'maxPositions'>;

function readMaxTokens(files: Record<string, string>, config: Limits): StoredModel['defaults']['maxTokens'] {
  const sources = [
    ['sentence_bert_config.json', 'max_seq_length'],
    ['tokenizer_config.json', 'model_max_length'],
  ] as const;
  for (const [file, key] of sources) {
    const text = files[file];
    const value = text === undefined ? undefined : parseModelJson(file, text)[key];
    if (typeof value === 'number' && Number.isInteger(value) && value >= 3)
      return { value: Math.min(value, config.maxPositions), guessed: value > config.maxPositions };
  }
  return { value: config.maxPositions, guessed: true };
}

/** Throws if sentence-transformers would cut vectors to their first values. */
function refuseTruncatedVectors(files: Record<string, string>, { hiddenSize }: Pick<Limits, 'hiddenSize'>): void {
  const file = 'config_sentence_transformers.json';
  const text = files[file];
  const size = text === undefined ? undefined : parseModelJson(file, text)['truncate_dim'];
  if (typeof size === 'number' && size < hiddenSize)
    throw modelError(file, 'setting-unsupported', { tensor: 'truncate_dim' });
}

/** Reads the prompt under one of the keys, or else the one that sentence-transformers adds to every text. */
function readPrefix(files: Record<string, string>, keys: readonly string[]): { value: string; guessed: boolean } {
  const text = files['config_sentence_transformers.json'];
  const { prompts, default_prompt_name: usual } =
    text === undefined ? {} : parseModelJson('config_sentence_transformers.json', text);
  if (!isJsonObject(prompts)) return { value: '', guessed: true };
  const names = typeof usual === 'string' ? [...keys, usual] : keys;
  const value = names.map((name) => prompts[name]).find((prompt) => typeof prompt === 'string');
  return typeof value === 'string' ? { value, guessed: false } : { value: '', guessed: true };
}

/**
 * Reads the folder's settings for using the model. A setting that the folder does not state is a default and marked
 * `guessed`.
 */
export function readModelDefaults(
  files: Record<string, string>,
  config: Limits,
  normalizes: boolean | undefined,
): StoredModel['defaults'] {
  refuseTruncatedVectors(files, config);
  return {
    pooling: readPooling(files),
    normalize: { value: normalizes ?? true, guessed: normalizes === undefined },
    maxTokens: readMaxTokens(files, config),
    queryPrefix: readPrefix(files, ['query', 'search_query']),
    passagePrefix: readPrefix(files, ['passage', 'document', 'search_document']),
  };
}
