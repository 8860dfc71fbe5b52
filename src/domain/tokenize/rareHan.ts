import { isObject } from '../isObject';

/**
 * Han characters beyond the BMP that Hugging Face's tokenizers (Rust, 0.23) put spaces around: CJK extensions B, C, D,
 * E, and the compatibility supplement. Extension E starts at U+2B920 there, not at U+2B820; ids must equal theirs.
 */
const rareHan = '[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]';
const rareHanPattern = new RegExp(rareHan, 'u');
/** Maximum nesting of normalizer sequences. Genuine tokenizers nest once. */
const maxDepth = 16;

/** Whether a text contains a character whose ids depend on `separatingRareHan`. */
export function hasRareHan(text: string): boolean {
  return rareHanPattern.test(text);
}

function separating(normalizer: unknown, depth: number): unknown {
  if (!isObject(normalizer)) return normalizer;
  if (depth > maxDepth) throw new RangeError(`normalizers nested more than ${maxDepth} deep`);
  if (normalizer['type'] === 'Sequence' && Array.isArray(normalizer['normalizers']))
    return { ...normalizer, normalizers: normalizer['normalizers'].map((inner) => separating(inner, depth + 1)) };
  if (normalizer['type'] !== 'BertNormalizer' || !normalizer['handle_chinese_chars']) return normalizer;
  const separator = { type: 'Replace', pattern: { Regex: rareHan }, content: ' $& ' };
  return { type: 'Sequence', normalizers: [separator, normalizer] };
}

/**
 * Returns a definition for @huggingface/tokenizers that also puts spaces around Han characters beyond the BMP. The
 * library's BertNormalizer tests UTF-16 code units and misses them. Not a tokenizer.json for other tools: only
 * JavaScript reads `$&` as the matched text.
 * @throws RangeError if normalizers are nested too deep.
 */
export function separatingRareHan(definition: object): object {
  return 'normalizer' in definition ? { ...definition, normalizer: separating(definition.normalizer, 0) } : definition;
}
