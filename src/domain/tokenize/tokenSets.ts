/** Packed token ids of a list of texts. Text i is ids[offsets[i] .. offsets[i+1]). */
export interface TokenSet {
  key: string;
  ids: Int32Array;
  offsets: Uint32Array;
  /** Number of texts cut at maxTokens. */
  truncated: number;
}

/** Names of the token sets of an experiment. */
export const tokenSetNames = [
  'knowledgeBase',
  'anchors',
  'positives',
  'sentences1',
  'sentences2',
  'devQuestions',
  'testQuestions',
] as const;
export type TokenSetName = (typeof tokenSetNames)[number];

/** The storage key of each token set. A set holds its texts in the order of the stored rows. */
export type TokenSetKeys = Record<Exclude<TokenSetName, ScoredSetName>, string> &
  // Only if a stage trains on scored pairs.
  Partial<Record<ScoredSetName, string>>;
type ScoredSetName = 'sentences1' | 'sentences2';
