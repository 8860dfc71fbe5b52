import { own } from '../../../src/domain/errorWords';
import type { AppErrorDetails, ProjectFault } from '../../../src/domain/errors';
import { eventsPath, partPath, storedPartPath } from '../../../src/domain/project/manifest';
import {
  batchListSchema,
  datasetSchema,
  storedExperimentSchema,
  modelSchemas,
} from '../../../src/domain/project/contentSchemas';
import { runEventSchema } from '../../../src/domain/project/eventSchemas';
import { checkpointSchemas, evaluationSchema, runSchema } from '../../../src/domain/project/runSchemas';
import type { SameFields } from '../../../src/domain/project/sameFields';
import type { Output } from '../../../src/domain/project/validate';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import { experimentHash } from '../../../src/domain/experimentHash';
import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import { sha256Hex } from '../../../src/domain/hash';
import type { StoredModel } from '../../../src/domain/model';
import type { UntrainedTensors } from '../../../src/domain/modelTensors';
import type { Dataset } from '../../../src/domain/records';
import { unfinishedStatuses, type RunEvent, type RunRecord } from '../../../src/domain/run';
import type { CheckpointManifest, StoredExperiment, StoredMinedNegatives } from '../../../src/storage/schema';
import { readComparisons, type ProjectComparison } from './projectComparisons';
import { readMined } from './projectNegatives';
import type { ProjectReader } from './projectReader';

/** Weights in the file: the paths of their parts, in order. Files of format 1 state one hash over all bytes. */
export interface WeightsInFile {
  paths: string[];
  sha256?: string;
}

type CheckpointInFile = Omit<CheckpointManifest, 'weightsId' | 'sha256' | 'parts'> & { weights: WeightsInFile };

/** Tensors of a model besides its weights. */
type UntrainedInFile = Omit<UntrainedTensors, 'weightsId'> & { weights: WeightsInFile };
export type ModelInFile = Omit<StoredModel, 'weightsId' | 'untrained'> & {
  weights: WeightsInFile;
  untrained?: UntrainedInFile | null;
};

/** A run with its whole history. */
export interface RunInFile {
  record: RunRecord;
  events: RunEvent[];
  evaluations: Evaluation[];
  checkpoints: CheckpointInFile[];
}

/** All valid records of a project file. Only data set blocks and weights remain to be read and verified. */
export interface ProjectContent {
  experiments: StoredExperiment[];
  runs: RunInFile[];
  models: ModelInFile[];
  datasets: Dataset[];
  batchLists: { sha256: string; batches: number[][] }[];
  minedNegatives: StoredMinedNegatives[];
  comparisons: ProjectComparison[];
  warnings: AppErrorDetails[];
}

/** Does not compile if a stored experiment has a field that its schema lacks. */
export type CompleteExperiment = Extract<
  SameFields<Output<typeof storedExperimentSchema>, Omit<StoredExperiment, 'deletedAt'>>,
  true
>;

/** Throws if a list repeats a key. Later records would replace earlier ones unnoticed. */
function requireUnique<T>(reader: ProjectReader, path: string, values: readonly T[], key: (value: T) => string): void {
  if (new Set(values.map(key)).size < values.length) throw reader.invalid(path, own('same-key'));
}

function storedPaths(reader: ProjectReader, weightsId: string): string[] {
  const paths: string[] = [];
  while (reader.has(storedPartPath(weightsId, paths.length))) paths.push(storedPartPath(weightsId, paths.length));
  return paths;
}

async function readModels(reader: ProjectReader): Promise<ModelInFile[]> {
  const inParts = (hashes: string[]): WeightsInFile => ({ paths: hashes.map(partPath) });
  const storedAs = (weightsId: string): WeightsInFile => ({ paths: storedPaths(reader, weightsId) });
  if (reader.format === 1)
    return (await reader.records('models', modelSchemas[1])).map(({ weightsId, untrained, ...model }) => ({
      ...model,
      ...(untrained === undefined ? {} : { untrained: untrained && placed(untrained, storedAs(untrained.weightsId)) }),
      weights: storedAs(weightsId),
    }));
  return (await reader.records('models', modelSchemas[2])).map(({ weights, untrained, ...model }) => ({
    ...model,
    ...(untrained === undefined ? {} : { untrained: untrained && placed(untrained, inParts(untrained.weights)) }),
    weights: inParts(weights),
  }));
}

const placed = ({ tensors }: Pick<UntrainedInFile, 'tensors'>, weights: WeightsInFile): UntrainedInFile => ({
  tensors,
  weights,
});

async function readCheckpoints(reader: ProjectReader): Promise<CheckpointInFile[]> {
  if (reader.format === 1)
    return (await reader.records('checkpoints', checkpointSchemas[1])).map(({ weightsId, sha256, ...checkpoint }) => ({
      ...checkpoint,
      weights: { paths: storedPaths(reader, weightsId), sha256 },
    }));
  const checkpoints = await reader.records('checkpoints', checkpointSchemas[2]);
  return checkpoints.map(({ weights, ...checkpoint }) => ({
    ...checkpoint,
    weights: { paths: weights.map(partPath) },
  }));
}

async function readEvents(reader: ProjectReader, runId: string): Promise<RunEvent[] | null> {
  const path = eventsPath(runId);
  if (!reader.has(path)) return null;
  const events: RunEvent[] = await reader.list(path, runEventSchema);
  const wrong = events.findIndex((event, index) => event.runId !== runId || event.seq !== index);
  if (wrong >= 0) throw reader.invalid(`${path} [${wrong}]`, own('not-next'));
  return events;
}

function isWhole({ weights, floats }: CheckpointInFile, reader: ProjectReader): boolean {
  return weights.paths.reduce((sum, path) => sum + reader.bytes(path), 0) === floats * 4;
}

/** Returns the fault of an incomplete run, or null. A run is opened as a whole or not at all. */
function faultOf(
  run: Omit<RunInFile, 'events'>,
  events: RunEvent[] | null,
  reader: ProjectReader,
): ProjectFault | null {
  if (!events) return 'events-missing';
  if (!run.checkpoints.every((checkpoint) => isWhole(checkpoint, reader))) return 'weights-missing';
  const keepsWeights = run.record.status === 'done' && !run.record.trial;
  return keepsWeights && run.checkpoints.length === 0 ? 'weights-missing' : null;
}

/**
 * Returns the run with the status interrupted if it was unfinished, because no worker executes a run that was just
 * opened.
 */
function atRest(record: RunRecord): RunRecord {
  const { status } = record;
  return unfinishedStatuses.has(status) ? { ...record, status: 'interrupted' } : record;
}

async function readRuns(reader: ProjectReader, content: ProjectContent): Promise<void> {
  const records = await reader.records('runs', runSchema);
  const evaluations: Evaluation[] = await reader.records('evaluations', evaluationSchema);
  const checkpoints = await readCheckpoints(reader);
  requireUnique(reader, 'runs.json', records, ({ runId }) => runId);
  requireUnique(reader, 'evaluations.json', evaluations, (e) => `${e.runId} ${e.part} ${e.moment}`);
  requireUnique(reader, 'checkpoints.json', checkpoints, ({ runId, generation }) => `${runId} ${generation}`);
  const owners = new Map(content.experiments.map(({ experimentId, name }) => [experimentId, name]));
  for (const record of records) {
    const { runId } = record;
    if ((await experimentHash(record.experiment)) !== record.experimentHash)
      throw reader.invalid(`runs.json ${runId}`, own('hash-differs'));
    const of = <T extends { runId: string }>(all: T[]): T[] => all.filter((value) => value.runId === runId);
    const run = { record: atRest(record), evaluations: of(evaluations), checkpoints: of(checkpoints) };
    const name = owners.get(record.experimentId);
    const events = await readEvents(reader, runId);
    const fault = name === undefined ? 'experiment-missing' : faultOf(run, events, reader);
    if (fault) content.warnings.push(partial(reader, name ?? '', fault, runId));
    else content.runs.push({ ...run, events: events ?? [] });
  }
  const known = new Set(records.map(({ runId }) => runId));
  for (const { runId } of [...evaluations, ...checkpoints])
    if (!known.has(runId)) {
      known.add(runId);
      content.warnings.push(partial(reader, '', 'experiment-missing', runId));
    }
}

export function partial(reader: { name: string }, name: string, fault: ProjectFault, runId?: string): AppErrorDetails {
  return { kind: 'project-partial', file: reader.name, name, fault, ...(runId === undefined ? {} : { runId }) };
}

/** Reads and validates every record. Throws `project-invalid` with the entry and position of the first invalid one. */
export async function readContent(reader: ProjectReader): Promise<ProjectContent> {
  const experiments: StoredExperiment[] = await reader.records('experiments', storedExperimentSchema);
  const models = await readModels(reader);
  const datasets = await reader.records('datasets', datasetSchema);
  const batchLists = await reader.records('batchLists', batchListSchema);
  requireUnique(reader, 'experiments.json', experiments, ({ experimentId }) => experimentId);
  requireUnique(reader, 'models.json', models, ({ contentSha256 }) => contentSha256);
  requireUnique(reader, 'datasets.json', datasets, ({ contentSha256 }) => contentSha256);
  for (const { sha256, batches } of batchLists)
    if ((await sha256Hex(canonicalJson(batches))) !== sha256)
      throw reader.invalid(`batchLists.json ${sha256}`, own('hash-differs'));
  const minedNegatives = await readMined(reader);
  const comparisons = await readComparisons(reader, new Set(experiments.map(({ experimentId }) => experimentId)));
  const lists = { models, datasets, batchLists, minedNegatives, comparisons };
  const content: ProjectContent = { experiments, runs: [], ...lists, warnings: [] };
  await readRuns(reader, content);
  return content;
}
