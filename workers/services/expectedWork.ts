import { estimateTokens, type ExpectedWork } from '../../src/domain/benchmark/benchmark';
import { AppError } from '../../src/domain/errors';
import type { Experiment } from '../../src/domain/experiment';
import type { Database } from '../../src/storage/database';
import { getExperiment } from '../../src/storage/experiments';
import { preparedData } from './preparedData';
import { modelOf, stageBatches } from './runSession';

/** Texts whose lengths stand for all: reading them all would take longer than it is worth. */
const sampled = 500;

/**
 * What a run of the experiment would compute, its texts' lengths estimated. Throws `model-missing` and `data-missing` where it cannot be run
 * yet.
 */
export async function expectedWork(db: Database, experimentId: string): Promise<ExpectedWork> {
  const stored = await getExperiment(db, experimentId);
  if (!stored) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
  const { experiment } = stored;
  const { model, settings } = await modelOf(db, experiment);
  const data = await preparedData(db, experiment);
  const mean = (texts: readonly string[]): number => meanTokens(texts, settings.maxTokens);
  const anchors = mean(data.pairs.map(({ anchor }) => anchor));
  const positives = mean(data.pairs.map(({ positive }) => positive));
  const batches = (await stageBatches(db, experiment, data)).flat();
  const pairs = batches.reduce((sum, batch) => sum + batch.length, 0);
  const corpus = data.corpus.length * mean(data.corpus.map(({ text }) => text));
  const questions = [...data.dev, ...data.test].map(({ text }) => text);
  const encodingTokens = corpus + questions.length * mean(questions);
  const texts = Math.max(1, data.corpus.length + questions.length + 2 * pairs);
  const trainingTokens = pairs * (anchors + positives);
  return {
    config: model.config,
    steps: batches.length,
    trainingTokens,
    encodingTokens,
    evaluations: evaluationsOf(experiment, batches.length, data.dev.length > 0),
    textTokens: (trainingTokens + encodingTokens) / texts,
  };
}

/** Before and after, and on the way where dev is read. */
function evaluationsOf({ evaluation }: Experiment, steps: number, hasDev: boolean): number {
  if (!hasDev) return 2;
  const { devEverySteps } = evaluation;
  return 2 + (devEverySteps > 0 ? Math.ceil(steps / devEverySteps) : 1);
}

function meanTokens(texts: readonly string[], maxTokens: number): number {
  const every = Math.max(1, Math.floor(texts.length / sampled));
  const some = texts.filter((_, i) => i % every === 0);
  return some.reduce((sum, text) => sum + estimateTokens(text, maxTokens), 0) / Math.max(1, some.length);
}
