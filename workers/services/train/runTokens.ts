import type { Experiment } from '../../../src/domain/experiment';
import type { TokenSet, TokenSetKeys } from '../../../src/domain/tokenize/tokenSets';
import { prefixOf } from '../../../src/domain/train/prefix';
import type { Database } from '../../../src/storage/database';
import { storedTokenSet } from '../tokenize/storedTokenSet';

/** The token sets of a run. */
export interface RunTokens {
  anchors: TokenSet;
  positives: TokenSet;
  knowledgeBase: TokenSet;
  dev: TokenSet;
  test: TokenSet;
  /** Imported negatives, if a stage uses them. */
  negatives?: TokenSet;
}

/** Reads the token sets of an experiment. */
export async function storedTokenSets(db: Database, keys: TokenSetKeys): Promise<RunTokens> {
  return {
    anchors: await storedTokenSet(db, keys.anchors),
    positives: await storedTokenSet(db, keys.positives),
    knowledgeBase: await storedTokenSet(db, keys.knowledgeBase),
    dev: await storedTokenSet(db, keys.devQuestions),
    test: await storedTokenSet(db, keys.testQuestions),
    ...(keys.negatives === undefined ? {} : { negatives: await storedTokenSet(db, keys.negatives) }),
  };
}

interface SetsOfRun {
  experiment: Pick<Experiment, 'stages'>;
  tokens: RunTokens;
  prefixed?: RunTokens | undefined;
}

/** Returns the token sets in a stage: with the run's prefix from the first stage that trains it. */
export function tokensInStage({ experiment, tokens, prefixed }: SetsOfRun, stage: number): RunTokens {
  return prefixed && stage >= (prefixOf(experiment.stages)?.stage ?? Infinity) ? prefixed : tokens;
}
