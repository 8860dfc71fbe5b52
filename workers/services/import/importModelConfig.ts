import { AppError, type ModelFault } from '../../../src/domain/errors';
import { poolings, type EncoderConfig, type StoredModel } from '../../../src/domain/model';

type Json = Record<string, unknown>;

export function modelError(
  file: string,
  fault: ModelFault,
  more: { tensor?: string; expected?: string; found?: string } = {},
): AppError {
  return new AppError({ kind: 'model-invalid', file, fault, ...more });
}

export function parseJson(file: string, text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    if (isJson(value)) return value;
  } catch (cause) {
    throw new AppError({ kind: 'model-invalid', file, fault: 'not-json' }, { cause });
  }
  throw modelError(file, 'not-json');
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function size(config: Json, key: string): number {
  const value = config[key];
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw modelError('config.json', 'unsupported-architecture', {
    tensor: key,
    expected: 'a positive integer',
    found: JSON.stringify(value) ?? 'no value',
  });
}

function share(config: Json, key: string): number {
  const value = config[key];
  return typeof value === 'number' && value >= 0 && value < 1 ? value : 0;
}

function must(config: Json, key: string, expected: string): void {
  const found = config[key] ?? expected;
  if (found !== expected)
    throw modelError('config.json', 'unsupported-architecture', {
      tensor: key,
      expected,
      found: JSON.stringify(found),
    });
}

/** Reads the sizes of a BERT-type encoder. Rejects variants that this engine would compute incorrectly. */
export function readEncoderConfig(text: string): EncoderConfig {
  const config = parseJson('config.json', text);
  if (config['model_type'] !== 'bert')
    throw modelError('config.json', 'unsupported-architecture', {
      tensor: 'model_type',
      expected: 'bert',
      found: JSON.stringify(config['model_type']) ?? 'no value',
    });
  must(config, 'hidden_act', 'gelu');
  must(config, 'position_embedding_type', 'absolute');
  const hiddenSize = size(config, 'hidden_size');
  const heads = size(config, 'num_attention_heads');
  if (hiddenSize % heads !== 0)
    throw modelError('config.json', 'unsupported-architecture', {
      tensor: 'num_attention_heads',
      expected: `a divisor of ${hiddenSize}`,
      found: String(heads),
    });
  const epsilon = config['layer_norm_eps'];
  const pad = config['pad_token_id'];
  return {
    layers: size(config, 'num_hidden_layers'),
    hiddenSize,
    heads,
    intermediateSize: size(config, 'intermediate_size'),
    vocabularySize: size(config, 'vocab_size'),
    maxPositions: size(config, 'max_position_embeddings'),
    typeVocabularySize: size(config, 'type_vocab_size'),
    layerNormEpsilon: typeof epsilon === 'number' && epsilon > 0 ? epsilon : 1e-12,
    hiddenDropout: share(config, 'hidden_dropout_prob'),
    attentionDropout: share(config, 'attention_probs_dropout_prob'),
    padTokenId: typeof pad === 'number' ? pad : 0,
  };
}

function readPooling(files: Record<string, string>): StoredModel['defaults']['pooling'] {
  const text = files['1_Pooling/config.json'];
  if (text === undefined) return { value: 'mean', guessed: true };
  const pooling = parseJson('1_Pooling/config.json', text);
  const modes = Object.entries(pooling).filter(([key, on]) => key.startsWith('pooling_mode_') && on === true);
  const [mode] =
    modes[0] ?? (typeof pooling['pooling_mode'] === 'string' ? [`pooling_mode_${pooling['pooling_mode']}`] : ['']);
  if (modes.length <= 1 && (mode === 'pooling_mode_mean_tokens' || mode === 'pooling_mode_mean'))
    return { value: 'mean', guessed: false };
  if (modes.length <= 1 && (mode === 'pooling_mode_cls_token' || mode === 'pooling_mode_cls'))
    return { value: 'cls', guessed: false };
  if (modes.length <= 1 && mode === 'pooling_mode_lasttoken') return { value: 'last', guessed: false };
  throw modelError('1_Pooling/config.json', 'pooling-unsupported', {
    expected: poolings.join(', '),
    found: modes.map(([key]) => key).join(', ') || mode,
  });
}

function readNormalize(files: Record<string, string>): StoredModel['defaults']['normalize'] {
  const text = files['modules.json'];
  if (text === undefined) return { value: true, guessed: true };
  return { value: text.includes('Normalize'), guessed: false };
}

function readMaxTokens(files: Record<string, string>, config: EncoderConfig): StoredModel['defaults']['maxTokens'] {
  const sources = [
    ['sentence_bert_config.json', 'max_seq_length'],
    ['tokenizer_config.json', 'model_max_length'],
  ] as const;
  for (const [file, key] of sources) {
    const text = files[file];
    const value = text === undefined ? undefined : parseJson(file, text)[key];
    if (typeof value === 'number' && Number.isInteger(value) && value >= 3)
      return { value: Math.min(value, config.maxPositions), guessed: value > config.maxPositions };
  }
  return { value: config.maxPositions, guessed: true };
}

function readPrefix(files: Record<string, string>, keys: readonly string[]): { value: string; guessed: boolean } {
  const text = files['config_sentence_transformers.json'];
  const prompts = text === undefined ? undefined : parseJson('config_sentence_transformers.json', text)['prompts'];
  if (!isJson(prompts)) return { value: '', guessed: true };
  const value = keys.map((key) => prompts[key]).find((prompt) => typeof prompt === 'string');
  return typeof value === 'string' ? { value, guessed: false } : { value: '', guessed: true };
}

/** Reads how the folder says to use the model. A value that it does not state is a default and marked `guessed`. */
export function readDefaults(files: Record<string, string>, config: EncoderConfig): StoredModel['defaults'] {
  return {
    pooling: readPooling(files),
    normalize: readNormalize(files),
    maxTokens: readMaxTokens(files, config),
    queryPrefix: readPrefix(files, ['query', 'search_query']),
    passagePrefix: readPrefix(files, ['passage', 'document', 'search_document']),
  };
}

/** Returns the number of ids in tokenizer.json: the highest id of vocabulary and added tokens, plus one. */
export function tokenizerSize(text: string): number {
  const tokenizer = parseJson('tokenizer.json', text);
  const model = tokenizer['model'];
  if (!isJson(model)) throw modelError('tokenizer.json', 'tokenizer-invalid', { found: 'no model' });
  const vocab = model['vocab'];
  let size = 0;
  if (Array.isArray(vocab)) size = vocab.length;
  else if (isJson(vocab))
    for (const id of Object.values(vocab)) if (typeof id === 'number' && id >= size) size = id + 1;
  if (size === 0) throw modelError('tokenizer.json', 'tokenizer-invalid', { found: 'no vocabulary' });
  const added = tokenizer['added_tokens'];
  if (Array.isArray(added))
    for (const token of added)
      if (isJson(token) && typeof token['id'] === 'number') size = Math.max(size, token['id'] + 1);
  return size;
}
