import { own } from '../../../src/domain/errorWords';
import { excerptOf } from '../../../src/domain/foreignJson';
import { modelError } from '../../formats/modelError';
import { isBertTokenizer } from '../tokenize/bertTokenizer';
import { lowercasing } from '../tokenize/lowercase';
import { isJsonObject, parseModelJson } from './parseModelJson';

type Json = Record<string, unknown>;

/** Returns the number of ids in tokenizer.json: the highest id of vocabulary and added tokens, plus one. */
export function tokenizerSize(text: string): number {
  const tokenizer = parseModelJson('tokenizer.json', text);
  const model = tokenizer['model'];
  if (!isJsonObject(model)) throw modelError('tokenizer.json', 'tokenizer-invalid', { found: own('no-model') });
  const vocab = model['vocab'];
  let size = 0;
  if (Array.isArray(vocab)) size = vocab.length;
  else if (isJsonObject(vocab))
    for (const id of Object.values(vocab)) if (typeof id === 'number' && id >= size) size = id + 1;
  if (size === 0) throw modelError('tokenizer.json', 'tokenizer-invalid', { found: own('no-vocabulary') });
  const added = tokenizer['added_tokens'];
  if (Array.isArray(added))
    for (const token of added)
      if (isJsonObject(token) && typeof token['id'] === 'number') size = Math.max(size, token['id'] + 1);
  return size;
}

/** BERT's special tokens, in the order that transformers uses. A folder may rename each of them under its key. */
const specialTokens = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
} as const;

/** Returns a flag of tokenizer_config.json, or `standard`, the default of BertTokenizer, if the flag is absent. */
function flag(config: Json, key: string, standard: boolean | null): boolean | null {
  const value = config[key] ?? standard;
  if (typeof value === 'boolean' || value === null) return value;
  throw modelError('tokenizer_config.json', 'tokenizer-invalid', { found: `${key}: ${excerptOf(value)}` });
}

function specialToken(sources: Json[], key: keyof typeof specialTokens): string {
  for (const source of sources) {
    const value = source[key];
    if (typeof value === 'string') return value;
    if (isJsonObject(value) && typeof value['content'] === 'string') return value['content'];
  }
  return specialTokens[key];
}

/**
 * Reads vocab.txt, which has one token per line. A token's id is its line number, from 0. A repeated token gets its
 * last id, as in transformers.
 */
function readVocabulary(text: string): Map<string, number> {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  return new Map(lines.map((token, id) => [token, id]));
}

/**
 * Reads the tokens that were added to a vocabulary, with their ids. `text` is undefined if the folder has no such file.
 */
function readAddedTokens(text: string | undefined): Map<string, number> {
  if (text === undefined) return new Map();
  const entries = Object.entries(parseModelJson('added_tokens.json', text)).map(([token, id]): [string, number] => {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0) return [token, id];
    throw modelError('added_tokens.json', 'tokenizer-invalid', { found: token });
  });
  return new Map(entries);
}

interface ListedToken {
  content: string;
  special: boolean;
}

/**
 * Lists the tokens that tokenizer_config.json adds in `added_tokens_decoder`, in the order of their ids, and those of
 * `additional_special_tokens` in the first file that has them.
 */
function listedTokens(sources: Json[]): ListedToken[] {
  const decoder = sources.map((source) => source['added_tokens_decoder']).find(isJsonObject) ?? {};
  const more = sources.map((source) => source['additional_special_tokens']).find(Array.isArray) ?? [];
  const byId = Object.entries(decoder).sort(([a], [b]) => Number(a) - Number(b));
  const listed = byId.map(([, token]): unknown => token);
  return [...listed.map((token) => [token, false] as const), ...more.map((token: unknown) => [token, true] as const)]
    .map(([token, special]) => {
      const { content, special: marked } = isJsonObject(token) ? token : { content: token, special };
      return { content, special: special || marked === true };
    })
    .filter((token): token is ListedToken => typeof token.content === 'string');
}

/**
 * Adds tokens, some of which the vocabulary may have already. The others get the next free ids, as in transformers.
 * Takes linear time, because an imported file may list any number of tokens.
 */
function addTokens({ words, added }: Vocabulary, contents: readonly string[]): void {
  let free = words.size;
  for (const id of added.values()) free = Math.max(free, id + 1);
  for (const content of contents) {
    if (added.has(content)) continue;
    const id = words.get(content) ?? free;
    added.set(content, id);
    free = Math.max(free, id + 1);
  }
}

/** The tokens of vocab.txt, and the added ones. */
interface Vocabulary {
  words: Map<string, number>;
  added: Map<string, number>;
}

function idOf({ words, added }: Vocabulary, token: string): number {
  const found = words.get(token) ?? added.get(token);
  if (found === undefined) throw modelError('vocab.txt', 'tokenizer-invalid', { found: own('no-token', token) });
  return found;
}

/**
 * Returns the `added_tokens` of tokenizer.json: the special tokens that have an id, and the tokens of
 * added_tokens.json.
 */
function addedTokens({ words, added }: Vocabulary, specials: Set<string>): Json[] {
  const token = (content: string, id: number, special: boolean): Json => ({
    ...{ id, content, single_word: false, lstrip: false, rstrip: false },
    ...{ normalized: !special, special },
  });
  const special = [...specials].flatMap((content) => {
    const id = words.get(content) ?? added.get(content);
    return id === undefined ? [] : [token(content, id, true)];
  });
  const others = [...added].filter(([content]) => !specials.has(content)).map(([text, id]) => token(text, id, false));
  return special.concat(others).sort((a, b) => Number(a['id']) - Number(b['id']));
}

function bertNormalizer(config: Json): Json {
  return {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: flag(config, 'tokenize_chinese_chars', true),
    strip_accents: flag(config, 'strip_accents', null),
    lowercase: flag(config, 'do_lower_case', true),
  };
}

function wordPiece(words: Map<string, number>, unknown: string): Json {
  return {
    type: 'WordPiece',
    unk_token: unknown,
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(words),
  };
}

function template(cls: string, sep: string, id: (token: string) => number): Json {
  const special = (token: string, type: number): Json => ({ SpecialToken: { id: token, type_id: type } });
  const sequence = (name: string, type: number): Json => ({ Sequence: { id: name, type_id: type } });
  const single = [special(cls, 0), sequence('A', 0), special(sep, 0)];
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, sequence('B', 1), special(sep, 1)],
    special_tokens: Object.fromEntries(
      [cls, sep].map((token) => [token, { id: token, ids: [id(token)], tokens: [token] }]),
    ),
  };
}

/**
 * Returns the tokenizer.json that transformers would create from a folder that has only vocab.txt: WordPiece, with the
 * flags and special tokens of tokenizer_config.json and special_tokens_map.json.
 */
export function tokenizerFromVocabulary(files: Record<string, string>, added?: string): string {
  const read = (name: string): Json => (files[name] === undefined ? {} : parseModelJson(name, files[name]));
  const config = read('tokenizer_config.json');
  if (!isBertTokenizer(config))
    throw modelError('tokenizer_config.json', 'tokenizer-invalid', {
      found: excerptOf(config['tokenizer_class']) ?? own('no-value'),
    });
  const sources = [config, read('special_tokens_map.json')];
  const named = (key: keyof typeof specialTokens): string => specialToken(sources, key);
  const specials = new Set((Object.keys(specialTokens) as (keyof typeof specialTokens)[]).map(named));
  const vocabulary = { words: readVocabulary(files['vocab.txt'] ?? ''), added: readAddedTokens(added) };
  const listed = listedTokens(sources);
  for (const { content, special } of listed) if (special) specials.add(content);
  addTokens(
    vocabulary,
    listed.map(({ content }) => content),
  );
  const [unknown, cls, sep] = [named('unk_token'), named('cls_token'), named('sep_token')];
  idOf(vocabulary, unknown);
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocabulary, specials),
    normalizer: bertNormalizer(config),
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: template(cls, sep, (token) => idOf(vocabulary, token)),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: wordPiece(vocabulary.words, unknown),
  });
}

/** Fields of BertNormalizer, the flags of tokenizer_config.json that set them, and their defaults in BertTokenizer. */
const normalizerFlags = {
  lowercase: { key: 'do_lower_case', standard: true },
  strip_accents: { key: 'strip_accents', standard: null },
  handle_chinese_chars: { key: 'tokenize_chinese_chars', standard: true },
} as const;

/**
 * Returns tokenizer.json with the flags of tokenizer_config.json. If the two files disagree about a BertTokenizer,
 * transformers uses the flags of tokenizer_config.json, and its own default for a flag that this file does not state.
 */
export function tokenizerWithFlags(text: string, configText: string | undefined): string {
  const config = configText === undefined ? {} : parseModelJson('tokenizer_config.json', configText);
  const tokenizer = parseModelJson('tokenizer.json', text);
  const normalizer = tokenizer['normalizer'];
  if (!isBertTokenizer(config) || !isJsonObject(normalizer) || normalizer['type'] !== 'BertNormalizer') return text;
  const changed: Json = {};
  for (const [field, { key, standard }] of Object.entries(normalizerFlags)) {
    const value = config[key] === undefined ? standard : flag(config, key, null);
    if (value === null && field !== 'strip_accents') continue;
    if ((normalizer[field] ?? null) !== value) changed[field] = value;
  }
  if (Object.keys(changed).length === 0) return text;
  return JSON.stringify({ ...tokenizer, normalizer: { ...normalizer, ...changed } });
}

/** Throws if the tokenizer cuts long texts at the beginning, because this app cuts them at the end. */
export function refuseLeftTruncation(files: Readonly<Record<string, string>>, tokenizerText: string): void {
  const file = 'tokenizer_config.json';
  const side = files[file] === undefined ? undefined : parseModelJson(file, files[file])['truncation_side'];
  if (side === 'left') throw modelError(file, 'setting-unsupported', { tensor: 'truncation_side' });
  const truncation = parseModelJson('tokenizer.json', tokenizerText)['truncation'];
  if (side === undefined && isJsonObject(truncation) && truncation['direction'] === 'Left')
    throw modelError('tokenizer.json', 'setting-unsupported', { tensor: 'truncation.direction' });
}

/** Returns tokenizer.json with lowercasing as its first step. */
export function tokenizerWithLowercase(text: string): string {
  const tokenizer = parseModelJson('tokenizer.json', text);
  const normalizer = lowercasing(tokenizer['normalizer']);
  return normalizer === tokenizer['normalizer'] ? text : JSON.stringify({ ...tokenizer, normalizer });
}
