/**
 * Returns the number of texts that a GradCache chunk has room for, on a side with `texts` texts. With [CLS] and [SEP],
 * almost every text has at least four tokens.
 */
export function maxChunkTexts(texts: number, tokensPerPass: number): number {
  return Math.min(texts, Math.ceil(tokensPerPass / 4));
}
