/** The sets of texts of an experiment that are tokenized. */
export const tokenSetNames = ['knowledgeBase', 'anchors', 'positives', 'devQuestions', 'testQuestions'] as const;
export type TokenSetName = (typeof tokenSetNames)[number];

/** Storage key of each token set. A set's texts are in the order of the stored rows. */
export type TokenKeys = Record<TokenSetName, string>;
