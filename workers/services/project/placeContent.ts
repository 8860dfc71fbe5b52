import { sha256Hex } from '../../../src/domain/hash';
import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import { projectJson } from '../../../src/domain/project/schemaFields';
import type { StoredModel } from '../../../src/domain/model';
import { sameValue } from '../../../src/domain/project/sameValue';
import type { ProjectConflict } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import type { StoredExperiment } from '../../../src/storage/schema';
import { getDataset, hasBlocks } from '../../../src/storage/datasets';
import { getModel } from '../../../src/storage/models';
import { hasWeights } from '../../../src/storage/weights';
import type { ProjectContent, RunInFile } from './projectContent';

/** Where a record of the file goes. `here`: it is already in storage. `copy`: its id is taken by other content. */
export interface Place {
  id: string;
  state: 'new' | 'here' | 'copy';
}

/** Returns the id of a copy. The same content always gets the same id, so opening a file again finds the copy. */
async function copyId(id: string, content: string): Promise<string> {
  const hex = await sha256Hex(`${id} ${content}`);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** Tries `id`, then the ids of its copies, until one is free or is taken by the same content. */
async function place<Stored>(
  id: string,
  content: string,
  find: (id: string) => Promise<Stored | undefined>,
  isSame: (stored: Stored, id: string) => Promise<boolean> | boolean,
): Promise<Place> {
  for (let candidate = id; ; candidate = await copyId(candidate, content)) {
    const stored = await find(candidate);
    if (stored === undefined) return { id: candidate, state: candidate === id ? 'new' : 'copy' };
    if (await isSame(stored, candidate)) return { id: candidate, state: 'here' };
  }
}

function placeExperiment(db: Database, stored: StoredExperiment): Promise<Place> {
  const find = (id: string) => db.get('experiments', id);
  return place(stored.experimentId, projectJson(stored.experiment), find, (here) =>
    sameValue(here.experiment, stored.experiment),
  );
}

/**
 * Whether storage has the run under `runId` with at least the history that the file contains. Evaluations of blends
 * and on probe sets don't count as history: they can be made at any time after the run, and missing ones are added.
 */
async function hasHistory(db: Database, runId: string, run: RunInFile): Promise<boolean> {
  const events = await db.getAll('runEvents', IDBKeyRange.bound([runId, 0], [runId, run.events.length]));
  const under = (value: object): object => ({ ...value, runId });
  if (!run.events.every((event, index) => sameValue(events[index], under(event)))) return false;
  for (const evaluation of run.evaluations) {
    if (isAdded(evaluation)) continue;
    const stored = await db.get('evaluations', [runId, evaluation.part, evaluation.moment]);
    if (!sameValue(stored, under(evaluation))) return false;
  }
  return true;
}

/** Whether an evaluation can be made at any time after the run: of a blend, or on a probe set. */
export function isAdded({ part, moment }: Pick<Evaluation, 'part' | 'moment'>): boolean {
  return part === 'probe' || (moment !== 'before' && moment !== 'after');
}

function placeRun(db: Database, run: RunInFile, experimentId: string): Promise<Place> {
  const { record, events, evaluations } = run;
  const content = projectJson([experimentId, record, events, evaluations]);
  const find = (id: string) => db.get('runs', id);
  return place(record.runId, content, find, async (here, id) => {
    const { experimentHash, createdAt } = here;
    const same = experimentHash === record.experimentHash && createdAt === record.createdAt;
    return same && here.experimentId === experimentId && hasHistory(db, id, run);
  });
}

/** An experiment of the file, with the places of the experiment and of its runs. */
export interface PlacedExperiment {
  stored: StoredExperiment;
  place: Place;
  /** Whether the experiment is stored here but deleted. */
  deleted: boolean;
  runs: { run: RunInFile; place: Place }[];
}

/** Determines which contents of the file are already stored, which are new, and which would be added as copies. */
export async function placeContent(db: Database, content: ProjectContent): Promise<PlacedExperiment[]> {
  const placed: PlacedExperiment[] = [];
  for (const stored of content.experiments) {
    const place = await placeExperiment(db, stored);
    const deleted = (await db.get('experiments', place.id))?.deletedAt !== undefined;
    const runs = [];
    for (const run of content.runs)
      if (run.record.experimentId === stored.experimentId) runs.push({ run, place: await placeRun(db, run, place.id) });
    placed.push({ stored, place, deleted, runs });
  }
  return placed;
}

/**
 * Lists the experiments that differ from the ones stored under their ids, so that they or their runs would be added as
 * copies.
 */
export function conflictsOf(placed: readonly PlacedExperiment[]): ProjectConflict[] {
  return placed
    .map(({ stored: { experimentId, name }, place, runs }) => ({
      experimentId,
      name,
      edited: place.state === 'copy',
      runs: runs.filter((run) => run.place.state === 'copy').length,
    }))
    .filter(({ edited, runs }) => edited || runs > 0);
}

/** Leaves out experiments and runs that would be copies, unless the user wants copies of that experiment. */
export function withChoice(placed: readonly PlacedExperiment[], copies: readonly string[]): PlacedExperiment[] {
  return placed
    .filter(({ stored, place }) => place.state !== 'copy' || copies.includes(stored.experimentId))
    .map((each) => ({
      ...each,
      runs: each.runs.filter(({ place }) => place.state !== 'copy' || copies.includes(each.stored.experimentId)),
    }));
}

/** Whether storage has a data set with this hash. */
export async function hasDataset(db: Database, contentSha256: string): Promise<boolean> {
  return (await getDataset(db, contentSha256)) !== undefined;
}

export async function hasModel(db: Database, contentSha256: string): Promise<boolean> {
  return (await getModel(db, contentSha256)) !== undefined;
}

/** Whether all rows of a data set are stored. Rows may be lost although the record exists. */
export async function hasAllRows(db: Database, contentSha256: string): Promise<boolean> {
  const dataset = await getDataset(db, contentSha256);
  return dataset !== undefined && (await hasBlocks(db, dataset));
}

interface WholeParts {
  weights: boolean;
  /** Also true if the model has no pooler. */
  pooler: boolean;
  files: boolean;
}

/** Determines which parts of a stored model are complete. */
export async function wholePartsOf(db: Database, model: StoredModel): Promise<WholeParts> {
  const { weightsId, totalFloats, untrained } = model;
  const files = model.files as StoredModel['files'] | undefined;
  const poolerBytes = untrained?.tensors.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
  return {
    weights: await hasWeights(db, weightsId, totalFloats * 4),
    pooler: !untrained || (await hasWeights(db, untrained.weightsId, poolerBytes)),
    files: files?.['config.json'] !== undefined && files['tokenizer.json'] !== undefined,
  };
}

/** Whether storage has all parts of a model. */
export async function hasAllParts(db: Database, model: StoredModel): Promise<boolean> {
  const { weights, pooler, files } = await wholePartsOf(db, model);
  return weights && pooler && files;
}
