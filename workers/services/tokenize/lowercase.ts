import { isObject } from '../../../src/domain/isObject';

type Json = Record<string, unknown>;

/**
 * Returns the normalizer of a tokenizer.json with lowercasing as its first step. Only sentence-transformers reads
 * `do_lower_case` of sentence_bert_config.json; other tools need it in tokenizer.json. Leaves a normalizer unchanged if
 * it lowercases first, or if it is a BertNormalizer that lowercases: a preceding Lowercase does not change its result
 * for any code point.
 */
export function lowercasing(normalizer: unknown): unknown {
  const lowercase: Json = { type: 'Lowercase' };
  if (!isObject(normalizer)) return lowercase;
  const { type } = normalizer;
  if (type === 'BertNormalizer' && normalizer['lowercase'] === true) return normalizer;
  const listed: unknown = type === 'Sequence' ? normalizer['normalizers'] : [normalizer];
  const normalizers = Array.isArray(listed) ? listed.filter(isObject) : [];
  if (normalizers[0]?.['type'] === 'Lowercase') return normalizer;
  return { type: 'Sequence', normalizers: [lowercase].concat(normalizers) };
}
