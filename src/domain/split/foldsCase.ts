import { isObject } from '../isObject';

/** A sequence of normalizers may hold another one. Genuine files nest once. */
const deepest = 8;

/** Returns whether the normalizer of a tokenizer.json folds case, or null if it does not say. */
function normalizerFolds(normalizer: unknown, depth = 0): boolean | null {
  if (!isObject(normalizer) || depth > deepest) return null;
  const { type, lowercase, normalizers } = normalizer;
  if (type === 'Lowercase') return true;
  if (type === 'BertNormalizer') return typeof lowercase === 'boolean' ? lowercase : null;
  if (type !== 'Sequence' || !Array.isArray(normalizers)) return null;
  const answers = normalizers.map((inner: unknown) => normalizerFolds(inner, depth + 1));
  return answers.includes(true) || (answers.includes(false) ? false : null);
}

/**
 * Whether a tokenizer gives upper and lower case the same tokens. Its normalizer decides; `do_lower_case` of
 * tokenizer_config.json counts only if the normalizer does not say.
 */
export function foldsCase(tokenizer: unknown, config: unknown): boolean {
  const { do_lower_case, do_lowercase_and_remove_accent } = isObject(config) ? config : {};
  if (do_lowercase_and_remove_accent === true) return true;
  const folds = isObject(tokenizer) ? normalizerFolds(tokenizer['normalizer']) : null;
  return folds ?? do_lower_case === true;
}
