/** Packed token ids of a list of texts. Text i is ids[offsets[i] .. offsets[i+1]). */
export interface TokenSet {
  key: string;
  ids: Int32Array;
  offsets: Uint32Array;
  /** Number of texts cut at maxTokens. */
  truncated: number;
}

/** Names of the token sets that every experiment has. */
const commonSetNames = ['knowledgeBase', 'anchors', 'positives', 'devQuestions', 'testQuestions'] as const;
/** Names of the token sets of scored pairs, which an experiment has only if a stage trains on some. */
const scoredSetNames = ['sentences1', 'sentences2'] as const;

/** Names of the token sets that the page shows. */
export const tokenSetNames = [...commonSetNames, ...scoredSetNames] as const;
export type TokenSetName = (typeof tokenSetNames)[number];
export type CommonSetName = (typeof commonSetNames)[number];
export type ScoredSetName = (typeof scoredSetNames)[number];

/**
 * One value, such as the storage key, for each token set. A set holds its texts in the order of the stored rows.
 * `negatives` holds the distinct imported negatives, and is there only if a stage uses them.
 */
export type PerTokenSet<T> = Record<CommonSetName, T> & Partial<Record<ScoredSetName | 'negatives', T>>;
export type TokenSetKeys = PerTokenSet<string>;
