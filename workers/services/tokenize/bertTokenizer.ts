const bertTokenizers: readonly unknown[] = ['BertTokenizer', 'BertTokenizerFast'];

/**
 * Whether transformers reads a folder with this tokenizer_config.json as a BertTokenizer, which it also does if no
 * class is named.
 */
export function isBertTokenizer(config: Record<string, unknown>): boolean {
  return bertTokenizers.includes(config['tokenizer_class'] ?? 'BertTokenizer');
}
