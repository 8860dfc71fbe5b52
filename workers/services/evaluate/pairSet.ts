import { canonicalJson } from '../../../src/domain/canonicalJson';
import { AppError } from '../../../src/domain/errors';
import { trainsOn, type Experiment } from '../../../src/domain/experiment';
import { entryOf } from '../../../src/domain/import/slots';
import type { ScoredPair } from '../../../src/domain/records';
import { questionKey } from '../../../src/domain/split/questionKey';
import type { Database } from '../../../src/storage/database';
import { getDataset, readRows } from '../../../src/storage/datasets';
import { getExperiment } from '../../../src/storage/experiments';
import type { StoredExperiment } from '../../../src/storage/schema';
import { hashOf } from './comparedData';
import { offeredRuns } from './offeredRuns';

/** The scored pairs that models are compared on. */
export interface PairSet {
  name: string;
  contentSha256: string;
  /** Pairs that count, without those that the experiment or a run that can be compared in it trains on. */
  pairs: ScoredPair[];
  trainedOn: number;
  /** Runs whose training data is gone. */
  unchecked: number;
  /** Identifies the sentences, which the scores depend on. The labels may change. */
  sha256: string;
}

/** Returns the content hash of an experiment's pairs. Its own ones serve unless a stage trains on them. */
function chosenPairs({ comparedPairs, experiment }: StoredExperiment): string | null {
  if (comparedPairs !== undefined) return comparedPairs;
  const own = entryOf(experiment, 'scoredPairs')?.contentSha256;
  return own === undefined || trainsOn(experiment.stages, 'scoredPairs') ? null : own;
}

/** A key that is equal for two pairs of the same sentences, in either order. */
function pairKey(first: string, second: string): string {
  return [first, second]
    .map((text) => questionKey(text, true))
    .sort()
    .join('\n');
}

/** Returns the keys of all rows that the stages of an experiment train on, or null if some are not stored. */
async function trainedKeys(db: Database, { data, stages }: Experiment): Promise<string[] | null> {
  const keys: string[] = [];
  for (const { role, contentSha256 } of data) {
    if ((role !== 'pairs' && role !== 'scoredPairs') || !trainsOn(stages, role)) continue;
    if (!(await getDataset(db, contentSha256))) return null;
    if (role === 'pairs')
      for (const { anchor, positive } of await readRows(db, role, contentSha256)) keys.push(pairKey(anchor, positive));
    else
      for (const { sentence1, sentence2 } of await readRows(db, role, contentSha256))
        keys.push(pairKey(sentence1, sentence2));
  }
  return keys;
}

/**
 * Returns the experiments with different training data: the current one, and those of all runs that can be compared.
 */
async function trainedExperiments(db: Database, stored: StoredExperiment): Promise<{ of: Experiment; runs: number }[]> {
  const found = new Map<string, { of: Experiment; runs: number }>();
  const keyOf = ({ data, stages }: Experiment): string =>
    canonicalJson([data, trainsOn(stages, 'pairs'), trainsOn(stages, 'scoredPairs')]);
  found.set(keyOf(stored.experiment), { of: stored.experiment, runs: 0 });
  for (const { run } of await offeredRuns(db, stored.experimentId, stored.experiment)) {
    const { experiment } = run;
    const key = keyOf(experiment);
    found.set(key, { of: experiment, runs: (found.get(key)?.runs ?? 0) + 1 });
  }
  return [...found.values()];
}

/** The set read last. Reading it again takes as long as reading all training data. */
let latest: { key: string; set: PairSet } | null = null;

/**
 * Returns the scored pairs of an experiment, or null if it has none to compare on.
 * @throws not-found if the experiment was deleted; data-missing if the pairs are not stored.
 */
export async function pairSet(db: Database, experimentId: string): Promise<PairSet | null> {
  const stored = await getExperiment(db, experimentId);
  if (!stored) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
  const contentSha256 = chosenPairs(stored);
  if (contentSha256 === null) return null;
  const dataset = await getDataset(db, contentSha256);
  if (!dataset) throw new AppError({ kind: 'data-missing', role: 'scoredPairs', contentSha256 });
  const trained = await trainedExperiments(db, stored);
  const key = canonicalJson([db.name, contentSha256, trained.map(({ of, runs }) => [of.data, of.stages, runs])]);
  if (latest?.key === key) return latest.set;
  const known = new Set<string>();
  let unchecked = 0;
  for (const { of, runs } of trained) {
    const keys = await trainedKeys(db, of);
    if (!keys) unchecked += runs;
    for (const one of keys ?? []) known.add(one);
  }
  const all = await readRows(db, 'scoredPairs', contentSha256);
  const pairs = all.filter(({ sentence1, sentence2 }) => !known.has(pairKey(sentence1, sentence2)));
  const sha256 = await hashOf(['scored pairs', ...pairs.flatMap(({ sentence1, sentence2 }) => [sentence1, sentence2])]);
  const set = { name: dataset.name, contentSha256, pairs, trainedOn: all.length - pairs.length, unchecked, sha256 };
  latest = { key, set };
  return set;
}
