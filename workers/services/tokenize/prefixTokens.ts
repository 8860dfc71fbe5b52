import { AppError } from '../../../src/domain/errors';
import { isObject } from '../../../src/domain/isObject';
import type { StoredModel } from '../../../src/domain/model';
import { prefixOf, wordRows, type RunPrefix } from '../../../src/domain/train/prefix';
import { knownTokens } from '../../../src/domain/train/prefixRefusal';
import type { Stage } from '../../../src/domain/experiment';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { modelJson } from './modelJson';
import { TextTokenizer } from './textTokenizer';

type Files = StoredModel['files'];
type Json = Record<string, unknown>;

/** Place and ids of a prefix in a tokenized text. */
interface PrefixIds {
  ids: number[];
  at: number;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * Returns a model's files with special tokens added to its tokenizer. The first gets the id `firstId`. They are also
 * added to the vocabulary, because other tools would otherwise give them the next free ids.
 */
export function withTokens(files: Files, tokens: readonly string[], firstId: number): Files {
  if (tokens.length === 0) return files;
  const definition: Json = { ...modelJson(files, 'tokenizer.json') };
  const model = isObject(definition['model']) ? definition['model'] : {};
  const vocab = isObject(model['vocab']) ? model['vocab'] : {};
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const added = tokens.map((content, i) => ({ id: firstId + i, content, ...flags }));
  const changed: Json = {
    ...definition,
    added_tokens: [...listOf(definition['added_tokens']), ...added],
    model: { ...model, vocab: { ...vocab, ...Object.fromEntries(added.map(({ content, id }) => [content, id])) } },
  };
  return {
    ...files,
    'tokenizer.json': JSON.stringify(changed),
    ...withListed(files, 'tokenizer_config.json', tokens, (config) => {
      const decoder = config['added_tokens_decoder'];
      if (!isObject(decoder)) return config;
      const entries = added.map(({ id, ...token }) => [String(id), token]);
      return { ...config, added_tokens_decoder: { ...decoder, ...Object.fromEntries(entries) } };
    }),
    ...('special_tokens_map.json' in files ? withListed(files, 'special_tokens_map.json', tokens) : {}),
    ...withLines(files, tokens, firstId),
  };
}

/**
 * Returns vocab.txt with the tokens if their line numbers then equal their ids. Otherwise returns nothing, so that the
 * file does not change, and other tools rely on tokenizer.json.
 */
function withLines(files: Files, tokens: readonly string[], firstId: number): Files {
  const lines = files['vocab.txt']?.replace(/\r?\n$/, '').split('\n');
  return lines?.length === firstId ? { 'vocab.txt': `${[...lines, ...tokens].join('\n')}\n` } : {};
}

/** Returns a file with the tokens in its `additional_special_tokens`. */
function withListed(
  files: Files,
  path: string,
  tokens: readonly string[],
  change: (file: Json) => Json = (file) => file,
): Files {
  const file: Json = path in files ? { ...modelJson(files, path) } : {};
  const listed = [...listOf(file['additional_special_tokens']), ...tokens];
  return { [path]: JSON.stringify({ ...change(file), additional_special_tokens: listed }) };
}

/** Texts with which a tokenizer is tested. */
const samples = ['问', 'Ab c', ' 12 问题'];

/** Returns the ids of a prefix and their place in every text, or null if the tokenizer puts them elsewhere. */
function prefixIds({ files, tensors }: Pick<StoredModel, 'files' | 'tensors'>, tokens: string[]): PrefixIds | null {
  const firstId = wordRows(tensors);
  const ids = tokens.map((_, i) => firstId + i);
  const [plain, extended] = [
    new TextTokenizer({ files }),
    new TextTokenizer({ files: withTokens(files, tokens, firstId) }),
  ];
  let at: number | undefined;
  for (const sample of samples) {
    const own = plain.encode(sample, Infinity).ids;
    const whole = extended.encode(tokens.join('') + sample, Infinity).ids;
    at ??= whole.indexOf(firstId);
    if (at < 0 || whole.join() !== own.toSpliced(at, 0, ...ids).join()) return null;
  }
  return { ids, at: at ?? 0 };
}

/**
 * Throws `prefix-token-known` if a token of the run's prefix is in the vocabulary, and `prefix-tokenizer` if the
 * tokenizer can't handle such tokens.
 */
export function refuseUnsuitedPrefix(model: Pick<StoredModel, 'files' | 'tensors'>, stages: readonly Stage[]): void {
  const prefix = prefixOf(stages);
  if (!prefix) return;
  const { stage, tokens } = prefix;
  const known = knownTokens(model.files['tokenizer.json']);
  if (!known) throw new AppError({ kind: 'prefix-tokenizer', stage });
  const token = tokens.find((name) => known.has(name));
  if (token !== undefined) throw new AppError({ kind: 'prefix-token-known', stage, token });
  if (!prefixIds(model, tokens)) throw new AppError({ kind: 'prefix-tokenizer', stage });
}

/**
 * Returns the set with a prefix in each text, as the exported tokenizer encodes the prefix followed by the text. A text
 * that is too long is cut at its end but keeps the last token.
 */
export function insertTokens(set: TokenSet, { ids, at }: PrefixIds, maxTokens: number): TokenSet {
  const texts = set.offsets.length - 1;
  const rows: Int32Array[] = [];
  const offsets = new Uint32Array(texts + 1);
  let truncated = 0;
  for (let text = 0; text < texts; text++) {
    const own = set.ids.subarray(set.offsets[text], set.offsets[text + 1]);
    const room = maxTokens - ids.length;
    const kept = own.length <= room ? [...own] : [...own.subarray(0, room - 1), ...own.subarray(-1)];
    if (own.length > room) truncated += 1;
    rows.push(Int32Array.from(kept.toSpliced(at, 0, ...ids)));
    offsets[text + 1] = (offsets[text] ?? 0) + kept.length + ids.length;
  }
  const joined = new Int32Array(offsets[texts] ?? 0);
  rows.forEach((row, text) => joined.set(row, offsets[text]));
  return { key: set.key, ids: joined, offsets, truncated };
}

/** Token sets of a run, by the side of their texts. */
interface SidedSets {
  anchors: TokenSet;
  positives: TokenSet;
  knowledgeBase: TokenSet;
  dev: TokenSet;
  test: TokenSet;
  negatives?: TokenSet;
  /** Sentences of scored pairs, which are on the side of the queries. */
  sentences1?: TokenSet;
  sentences2?: TokenSet;
}

/** Returns a run's token sets with its prefix in the texts of its side. */
export function prefixedSets<Sets extends SidedSets>(
  sets: Sets,
  model: Pick<StoredModel, 'files' | 'tensors'>,
  { tokens, side, stage }: RunPrefix,
  maxTokens: number,
): Sets {
  const found = prefixIds(model, tokens);
  if (!found) throw new AppError({ kind: 'prefix-tokenizer', stage });
  const put = (set: TokenSet): TokenSet => insertTokens(set, found, maxTokens);
  const { anchors, positives, knowledgeBase, dev, test, negatives, sentences1, sentences2 } = sets;
  const queries = {
    anchors: put(anchors),
    dev: put(dev),
    test: put(test),
    ...(sentences1 && { sentences1: put(sentences1) }),
    ...(sentences2 && { sentences2: put(sentences2) }),
  };
  if (side === 'queries') return { ...sets, ...queries };
  return {
    ...sets,
    ...queries,
    positives: put(positives),
    knowledgeBase: put(knowledgeBase),
    ...(negatives && { negatives: put(negatives) }),
  };
}
