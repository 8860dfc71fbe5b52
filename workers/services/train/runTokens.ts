import { AppError } from '../../../src/domain/errors';
import { dataOfStage, type Experiment } from '../../../src/domain/experiment';
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
  /** The sentences of scored pairs, if a stage trains on some. */
  sentences1?: TokenSet;
  sentences2?: TokenSet;
}

/** Token sets of the texts that a stage trains on. Each has one text per row. */
export type StageTokens = Pick<RunTokens, 'anchors' | 'positives'>;

/** Reads the token sets of an experiment. */
export async function storedTokenSets(db: Database, keys: TokenSetKeys): Promise<RunTokens> {
  const found = async (name: 'negatives' | 'sentences1' | 'sentences2') => {
    const key = keys[name];
    return key === undefined ? {} : { [name]: await storedTokenSet(db, key) };
  };
  return {
    anchors: await storedTokenSet(db, keys.anchors),
    positives: await storedTokenSet(db, keys.positives),
    knowledgeBase: await storedTokenSet(db, keys.knowledgeBase),
    dev: await storedTokenSet(db, keys.devQuestions),
    test: await storedTokenSet(db, keys.testQuestions),
    ...(await found('negatives')),
    ...(await found('sentences1')),
    ...(await found('sentences2')),
  };
}

interface SetsOfRun {
  experiment: Pick<Experiment, 'stages'>;
  tokens: RunTokens;
  prefixed?: RunTokens | undefined;
}

/** Returns the token sets that a stage uses: those with the run's prefix from the first stage that trains it. */
export function tokensInStage({ experiment, tokens, prefixed }: SetsOfRun, stage: number): RunTokens {
  return prefixed && stage >= (prefixOf(experiment.stages)?.stage ?? Infinity) ? prefixed : tokens;
}

/**
 * Returns the texts of the rows that a stage trains on, with the run's prefix from the first stage that trains it. For
 * scored pairs, `anchors` and `positives` are the two sentences.
 */
export function stageTokens(run: SetsOfRun, stage: number): StageTokens {
  const tokens = tokensInStage(run, stage);
  if (dataOfStage(run.experiment.stages[stage] ?? {}) === 'pairs') return tokens;
  const { sentences1, sentences2 } = tokens;
  if (!sentences1 || !sentences2) throw new AppError({ kind: 'data-missing', role: 'scoredPairs' });
  return { anchors: sentences1, positives: sentences2 };
}
