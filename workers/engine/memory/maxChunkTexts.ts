/**
 * Returns the number of texts that a GradCache chunk has room for. With [CLS] and [SEP], almost every text has at least
 * four tokens.
 */
export function maxChunkTexts(pairs: number, tokensPerPass: number): number {
  return Math.min(pairs, Math.ceil(tokensPerPass / 4));
}
