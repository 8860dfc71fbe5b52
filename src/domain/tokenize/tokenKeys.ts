/** The sets of texts that an experiment tokenizes. */
export const tokenSetNames = ['knowledgeBase', 'anchors', 'positives', 'devQuestions', 'testQuestions'] as const;
export type TokenSetName = (typeof tokenSetNames)[number];

/** The storage key of each token set. A set holds its texts in the order of the stored rows. */
export type TokenKeys = Record<TokenSetName, string>;
