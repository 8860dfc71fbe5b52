import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import type { Experiment } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import { datasetsBeside, experimentsIn, referencesOf } from '../../../src/domain/project/references';
import type { Dataset } from '../../../src/domain/records';
import type { RunEvent, RunRecord } from '../../../src/domain/run';
import { comparisonsOf } from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import type {
  CheckpointManifest,
  StoredComparison,
  StoredExperiment,
  StoredPairScores,
} from '../../../src/storage/schema';

export interface RunSnapshot {
  record: RunRecord;
  events: RunEvent[];
  evaluations: Evaluation[];
  checkpoints: CheckpointManifest[];
}

/** The records of some experiments at one point in time. */
export interface ProjectSnapshot {
  experiments: StoredExperiment[];
  runs: RunSnapshot[];
  models: StoredModel[];
  datasets: Dataset[];
  batchLists: { sha256: string; batches: number[][] }[];
  comparisons: (StoredComparison | StoredPairScores)[];
}

const stores = [
  'experiments',
  'runs',
  'runEvents',
  'evaluations',
  'checkpoints',
  'models',
  'datasets',
  'batchLists',
  'comparisons',
] as const;

/** Reads all records in one transaction, so that the records of a run in progress belong to one point in time. */
export async function takeProjectSnapshot(db: Database, experimentIds: readonly string[]): Promise<ProjectSnapshot> {
  const transaction = db.transaction(stores);
  const experiments: StoredExperiment[] = [];
  const runs: RunSnapshot[] = [];
  const comparisons: ProjectSnapshot['comparisons'] = [];
  for (const experimentId of experimentIds) {
    const stored = await transaction.objectStore('experiments').get(experimentId);
    if (!stored || stored.deletedAt !== undefined) continue;
    experiments.push(stored);
    for (const one of await transaction.objectStore('comparisons').getAll(comparisonsOf(experimentId)))
      comparisons.push(one);
    for (const record of await transaction.objectStore('runs').index('experimentId').getAll(experimentId)) {
      const { runId } = record;
      const numbered = IDBKeyRange.bound([runId, -Infinity], [runId, Infinity]);
      const evaluated = IDBKeyRange.bound([runId, '', ''], [runId, '\uffff', '\uffff']);
      runs.push({
        record,
        events: await transaction.objectStore('runEvents').getAll(numbered),
        evaluations: await transaction.objectStore('evaluations').getAll(evaluated),
        checkpoints: await transaction.objectStore('checkpoints').getAll(numbered),
      });
    }
  }
  const named = referencesOf([...experiments.flatMap(experimentsIn), ...runs.map(({ record }) => record.experiment)]);
  const snapshot: ProjectSnapshot = { experiments, runs, models: [], datasets: [], batchLists: [], comparisons };
  for (const sha256 of named.models) {
    const model = await transaction.objectStore('models').get(sha256);
    const repeated =
      model?.aliasOf === undefined ? undefined : await transaction.objectStore('models').get(model.aliasOf);
    // An alias is useless without its model.
    for (const each of [model, repeated])
      if (each && !snapshot.models.some(({ contentSha256 }) => contentSha256 === each.contentSha256))
        snapshot.models.push(each);
  }
  for (const sha256 of new Set([...named.datasets, ...experiments.flatMap(datasetsBeside)])) {
    const dataset = await transaction.objectStore('datasets').get(sha256);
    if (dataset) snapshot.datasets.push(dataset);
  }
  for (const sha256 of named.batchLists) {
    const list = await transaction.objectStore('batchLists').get(sha256);
    if (list) snapshot.batchLists.push(list);
  }
  return snapshot;
}

/** Returns the experiments of a snapshot, and the experiments with which its runs were made. */
export function usedExperiments({ experiments, runs }: Pick<ProjectSnapshot, 'experiments' | 'runs'>): Experiment[] {
  return [...experiments.map(({ experiment }) => experiment), ...runs.map(({ record }) => record.experiment)];
}
