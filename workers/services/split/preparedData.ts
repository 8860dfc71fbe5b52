import type { Experiment } from '../../../src/domain/experiment';
import type { Pair, Passage, Question, ScoredPair } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { storedSplit, type StoredSplit } from './storedSplit';

/** The rows of a run, split into parts. Every list is in tokenization order. */
export interface PreparedData {
  /** The pairs to train on. */
  pairs: Pair[];
  /** The scored pairs to train on. Empty if no stage does. */
  scoredPairs: ScoredPair[];
  /** The knowledge base, followed by positives of held-out pairs that it does not contain. */
  knowledgeBase: Passage[];
  dev: Question[];
  test: Question[];
  /** Questions of each part that the knowledge base has no answer to. Runs leave them out. */
  unanswered: { dev: Question[]; test: Question[] };
  /**
   * Number of pairs that repeat a dev or test question. Training skips them, unless a listed batch order names their
   * rows.
   */
  leaks: number;
  /** Number of scored pairs that repeat a dev or test question in one of their sentences. Training skips them. */
  scoredLeaks: number;
}

/**
 * Returns a function that replaces the positive and the negatives of a pair with the texts that are encoded for these
 * passages. Otherwise, a model would be trained on passages without their titles and evaluated on passages with titles.
 * If several passages have the same text, the first one decides.
 */
function withEncodedPassages({ knowledgeBase, encodedTexts }: StoredSplit): (pair: Pair) => Pair {
  const joined = new Map<string, string>();
  const seen = new Set<string>();
  for (const [index, { text }] of knowledgeBase.entries()) {
    const encoded = encodedTexts[index] ?? text;
    if (encoded !== text && !seen.has(text.trim())) joined.set(text.trim(), encoded);
    seen.add(text.trim());
  }
  if (joined.size === 0) return (pair) => pair;
  const encoded = (text: string): string => joined.get(text.trim()) ?? text;
  return (pair) => ({
    ...pair,
    positive: encoded(pair.positive),
    ...(pair.negatives ? { negatives: pair.negatives.map(encoded) } : {}),
  });
}

/**
 * Returns the texts that a run of the experiment trains and evaluates on, as `storedSplit` divides them. Passages have
 * the text to encode, which includes their titles if the experiment joins them.
 */
export async function preparedData(db: Database, experiment: Experiment): Promise<PreparedData> {
  const stored = await storedSplit(db, experiment, false, () => undefined);
  const { pairs, knowledgeBase, encodedTexts, split, trainRows } = stored;
  const passages = knowledgeBase.map((passage, index) => ({ ...passage, text: encodedTexts[index] ?? passage.text }));
  return {
    pairs: trainRows.flatMap((row) => pairs[row] ?? []).map(withEncodedPassages(stored)),
    scoredPairs: stored.scoredRows.flatMap((row) => stored.scoredPairs[row] ?? []),
    knowledgeBase: passages.concat(split.extraPassages),
    dev: split.dev,
    test: split.test,
    unanswered: split.unanswered,
    leaks: split.leaks.length,
    scoredLeaks: stored.scoredLeaks.length,
  };
}
