import { lowercasing } from '../tokenize/lowercase';
import { lowercasesFirst } from '../tokenize/letterCase';
import { isBertTokenizer } from '../tokenize/bertTokenizer';
import { jsonText, parsedJson } from './exportJson';

type Files = Readonly<Record<string, string>>;

/** Special tokens by key of special_tokens_map.json, with the names that BERT and RoBERTa tokenizers give them. */
const usualNames: Record<string, readonly string[]> = {
  bos_token: [],
  eos_token: [],
  unk_token: ['[UNK]', '<unk>'],
  sep_token: ['[SEP]', '</s>'],
  pad_token: ['[PAD]', '<pad>'],
  cls_token: ['[CLS]', '<s>'],
  mask_token: ['[MASK]', '<mask>'],
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * Returns the source's tokenizer.json with the run's length limit and without padding. A tool that builds the attention
 * mask from the ids would otherwise attend to padding.
 */
function tokenizerJson(files: Files, maxTokens: number): string {
  const truncation = { direction: 'Right', max_length: maxTokens, strategy: 'LongestFirst', stride: 0 };
  const source = parsedJson(files['tokenizer.json']);
  const normalizer = lowercasesFirst(files) ? lowercasing(source['normalizer']) : source['normalizer'];
  return jsonText({ ...source, truncation, padding: null, normalizer });
}

function specialContents(tokenizer: Record<string, unknown>): Set<string> {
  const added: unknown = tokenizer['added_tokens'];
  const contents = new Set<string>();
  for (const token of Array.isArray(added) ? (added as unknown[]) : []) {
    if (!isObject(token) || token['special'] !== true) continue;
    if (typeof token['content'] === 'string') contents.add(token['content']);
  }
  return contents;
}

/**
 * Returns special_tokens_map.json, which fastembed requires. If the source has none, uses the tokens that
 * tokenizer_config.json names, or else the special tokens of tokenizer.json that have a usual name.
 */
function specialTokensMap(files: Files): string {
  const source = files['special_tokens_map.json'];
  if (source !== undefined) return source;
  const config = parsedJson(files['tokenizer_config.json']);
  const special = specialContents(parsedJson(files['tokenizer.json']));
  const map: Record<string, unknown> = {};
  for (const [key, names] of Object.entries(usualNames)) {
    const token = config[key] ?? names.find((name) => special.has(name));
    if (token !== undefined) map[key] = token;
  }
  const more = config['additional_special_tokens'];
  return jsonText(Array.isArray(more) ? { ...map, additional_special_tokens: more as unknown[] } : map);
}

/** Whether the post-processor puts [CLS] before a text and [SEP] after it, whatever these tokens are called. */
function isBertTemplate(processor: unknown): boolean {
  if (!isObject(processor)) return false;
  if (processor['type'] === 'BertProcessing') return true;
  const single: unknown = processor['type'] === 'TemplateProcessing' ? processor['single'] : undefined;
  const kinds = Array.isArray(single)
    ? single.map((piece: unknown) => (isObject(piece) ? Object.keys(piece)[0] : ''))
    : [];
  return kinds.join() === 'SpecialToken,Sequence,SpecialToken';
}

/**
 * Whether transformers' BertTokenizer would be equal to tokenizer.json. Version 5 of transformers reads only the
 * vocabulary from that file, and makes the other parts from tokenizer_config.json.
 */
function equalsBertTokenizer(tokenizer: Record<string, unknown>, config: Record<string, unknown>): boolean {
  const { normalizer, pre_tokenizer, post_processor, model } = tokenizer;
  const isType = (part: unknown, type: string): part is Record<string, unknown> =>
    isObject(part) && part['type'] === type;
  return (
    isType(normalizer, 'BertNormalizer') &&
    normalizer['clean_text'] === true &&
    normalizer['lowercase'] === (config['do_lower_case'] ?? true) &&
    (normalizer['strip_accents'] ?? null) === (config['strip_accents'] ?? null) &&
    normalizer['handle_chinese_chars'] === (config['tokenize_chinese_chars'] ?? true) &&
    isType(pre_tokenizer, 'BertPreTokenizer') &&
    isBertTemplate(post_processor) &&
    isType(model, 'WordPiece')
  );
}

/**
 * Returns tokenizer_config.json with the length limit. If BertTokenizer would differ from the exported tokenizer.json,
 * names the class that uses that file unchanged.
 */
function tokenizerConfig(files: Files, tokenizer: string, maxTokens: number): Record<string, unknown> {
  const config = { ...parsedJson(files['tokenizer_config.json']), model_max_length: maxTokens };
  const faithful = !isBertTokenizer(config) || equalsBertTokenizer(parsedJson(tokenizer), config);
  return faithful ? config : { ...config, tokenizer_class: 'PreTrainedTokenizerFast' };
}

/** Lists the tokenizer files of an exported model. */
export function exportedTokenizerFiles(files: Files, maxTokens: number): { name: string; input: string }[] {
  const vocabulary = files['vocab.txt'];
  const tokenizer = tokenizerJson(files, maxTokens);
  return [
    { name: 'tokenizer.json', input: tokenizer },
    { name: 'special_tokens_map.json', input: specialTokensMap(files) },
    ...(vocabulary === undefined ? [] : [{ name: 'vocab.txt', input: vocabulary }]),
    { name: 'tokenizer_config.json', input: jsonText(tokenizerConfig(files, tokenizer, maxTokens)) },
  ];
}
