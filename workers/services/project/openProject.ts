import { AppError } from '../../../src/domain/errors';
import type { StoredModel } from '../../../src/domain/model';
import { sameValue } from '../../../src/domain/project/sameValue';
import type { ChooseCopies, OpenedProject, Progress } from '../../../src/protocol/dataApi';
import { withHandledEnd, type Database, type WriteTransaction } from '../../../src/storage/database';
import { requireStorage } from '../../../src/storage/space';
import { makingRoom } from '../../../src/storage/deletedExperiments';
import { getDataset } from '../../../src/storage/datasets';
import { getModel } from '../../../src/storage/models';
import type { CheckpointManifest } from '../../../src/storage/schema';
import { addMissing } from './addMissing';
import { afterwards } from './afterwards';
import {
  conflictsOf,
  hasAllRows,
  hasAllParts,
  placeContent,
  withChoice,
  type Place,
  type PlacedExperiment,
} from './placeContent';
import { partial, readContent, type ProjectContent, type RunInFile } from './projectContent';
import { ProjectReader } from './projectReader';
import { Staging, type ModelRepairs, type StagedDataset } from './staging';

/** A run whose weights are in storage. */
interface ReadyRun {
  run: RunInFile;
  place: Place;
  experimentId: string;
  checkpoints: CheckpointManifest[];
}

/** Everything that becomes visible at the end, in a single transaction. */
interface Ready {
  placed: PlacedExperiment[];
  runs: ReadyRun[];
  models: StoredModel[];
  /** Repairs of stored models with lost parts. */
  repairs: ModelRepairs;
  datasets: StagedDataset[];
  batchLists: ProjectContent['batchLists'];
}

async function stage(
  db: Database,
  reader: ProjectReader,
  content: ProjectContent,
  placed: PlacedExperiment[],
  staging: Staging,
): Promise<Ready> {
  const { batchLists } = content;
  const ready: Ready = { placed, runs: [], models: [], repairs: staging.repairs, datasets: [], batchLists };
  for (const dataset of content.datasets) {
    const { contentSha256 } = dataset;
    if (await hasAllRows(db, contentSha256)) continue;
    ready.datasets.push(await staging.dataset(dataset, await getDataset(db, contentSha256)));
  }
  for (const model of content.models) {
    const here = await getModel(db, model.contentSha256);
    if (here && (await hasAllParts(db, here))) continue;
    ready.models.push(await staging.model(model, here));
  }
  for (const { stored, place: owner, runs } of placed)
    for (const { run, place } of runs) {
      if (place.state === 'here') continue;
      const { model } = run.record.experiment;
      const known = ready.models.find(({ contentSha256 }) => contentSha256 === model?.contentSha256);
      const base = known ?? (model && (await getModel(db, model.contentSha256)));
      const checkpoints = run.checkpoints.length === 0 ? [] : base && (await staging.checkpoints(run, place.id, base));
      if (checkpoints) ready.runs.push({ run, place, experimentId: owner.id, checkpoints });
      else
        content.warnings.push(
          partial(reader, stored.name, base ? 'weights-damaged' : 'model-missing', run.record.runId),
        );
    }
  return ready;
}

const visible = [
  'batchLists',
  'datasets',
  'datasetBlocks',
  'models',
  'experiments',
  'runs',
  'runEvents',
  'evaluations',
  'checkpoints',
] as const;

type Visible = WriteTransaction<typeof visible>;

/** Whether the records of the damaged data sets are as they were when the file was read. */
async function areUnchanged(transaction: Visible, datasets: readonly StagedDataset[]): Promise<boolean> {
  for (const { dataset, healed } of datasets) {
    const here = healed && (await transaction.objectStore('datasets').get(dataset.contentSha256));
    if (healed && !sameValue(here, healed.before)) return false;
  }
  return true;
}

/** Writes the data sets and models, and puts lost parts back. Returns the requests. */
async function writeInputs(transaction: Visible, { models, repairs, datasets }: Ready): Promise<Promise<unknown>[]> {
  const written: Promise<unknown>[] = [];
  const [sets, blocks] = [transaction.objectStore('datasets'), transaction.objectStore('datasetBlocks')];
  for (const { dataset, healed } of datasets) {
    const here = await sets.get(dataset.contentSha256);
    for (const block of healed?.blocks ?? []) written.push(blocks.put(block));
    // A record that another tab has stored meanwhile stays, with the kept columns of the file, like the rows.
    const { kept: _, ...known } = healed ? dataset : (here ?? dataset);
    written.push(sets.put({ ...known, ...(dataset.kept ? { kept: dataset.kept } : {}) }));
  }
  const store = transaction.objectStore('models');
  for (const model of await store.getAll()) {
    const repaired = repairs.apply(model);
    if (repaired) written.push(store.put(repaired));
  }
  for (const model of models) if (!(await store.getKey(model.contentSha256))) written.push(store.add(model));
  return written;
}

/**
 * Makes everything visible in one transaction. If another tab has stored one of the rows since the check, `add` fails,
 * which undoes everything.
 * @throws project-overtaken
 */
async function commit(db: Database, ready: Ready, file: string): Promise<void> {
  const { placed, runs, batchLists } = ready;
  const transaction = withHandledEnd(db.transaction(visible, 'readwrite', { durability: 'strict' }));
  const store = <Name extends (typeof visible)[number]>(name: Name) => transaction.objectStore(name);
  if (!(await areUnchanged(transaction, ready.datasets))) throw new AppError({ kind: 'project-overtaken', file });
  const added = await writeInputs(transaction, ready);
  // These rows are named by their content, so a row that another tab has stored meanwhile is the same.
  for (const list of batchLists)
    if (!(await store('batchLists').getKey(list.sha256))) added.push(store('batchLists').add(list));
  for (const { stored, place } of placed)
    if (place.state !== 'here')
      added.push(
        store('experiments').add({ ...stored, experimentId: place.id, demo: stored.demo && place.state === 'new' }),
      );
  for (const request of await addMissing(placed, store('experiments'), store('evaluations'))) added.push(request);
  for (const { run, place, experimentId, checkpoints } of runs) {
    const runId = place.id;
    added.push(store('runs').add({ ...run.record, runId, experimentId }));
    for (const event of run.events) added.push(store('runEvents').add({ ...event, runId }));
    for (const evaluation of run.evaluations) added.push(store('evaluations').add({ ...evaluation, runId }));
    for (const checkpoint of checkpoints) added.push(store('checkpoints').add(checkpoint));
  }
  // The transaction's own error is thrown; those of its requests must not count as unhandled.
  let isTaken = false;
  for (const request of added)
    request.catch((cause: unknown) => (isTaken ||= cause instanceof Error && cause.name === 'ConstraintError'));
  await transaction.done.catch((cause: unknown) => {
    throw isTaken ? new AppError({ kind: 'project-overtaken', file }, { cause }) : cause;
  });
}

/**
 * Adds the contents of a project file to storage. Verifies and validates all of it first, and overwrites nothing. Skips
 * contents that are already stored. If an id is taken by other content, asks `choose` whether to add a copy; if
 * `choose` returns null, throws `cancelled`. A run is added as a whole or not at all. If opening fails, nothing becomes
 * visible. Mined negatives and comparisons are added afterwards; if that fails, a warning says so.
 */
export async function openProject(
  db: Database,
  file: File,
  choose: ChooseCopies,
  progress: Progress,
): Promise<OpenedProject> {
  const reader = await ProjectReader.open(file);
  const of = reader.files * 2;
  await reader.verify((files) => progress(files, of));
  const content = await readContent(reader);
  const all = await placeContent(db, content);
  const conflicts = conflictsOf(all);
  const copies = conflicts.length > 0 ? await choose(conflicts) : [];
  if (!copies) throw new AppError({ kind: 'cancelled' });
  await requireStorage(file.size);
  const placed = withChoice(all, copies);
  let done = reader.files;
  const staging = new Staging(db, reader, () => progress(Math.min(of, ++done), of));
  let runs: number;
  try {
    const ready = await stage(db, reader, content, placed, staging);
    await makingRoom(db, () => commit(db, ready, file.name));
    runs = ready.runs.length;
  } catch (thrown) {
    await staging.undo();
    throw thrown;
  }
  // From here on records name what was staged, so nothing is undone.
  const warnings = [...content.warnings, ...(await afterwards(db, reader, content, placed))];
  progress(of, of);
  const experiments = placed.filter(({ place, deleted }) => place.state !== 'here' || deleted).length;
  return { experiments, runs, warnings };
}
