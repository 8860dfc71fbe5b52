import type { Stage } from '../../../src/domain/experiment';
import type { FloatLayout } from '../../../src/domain/modelTensors';
import { stageLayout } from '../../../src/domain/train/lora';
import { withPrefixRows } from '../../../src/domain/train/prefix';
import { stageMoments } from '../../../src/domain/train/trainedParameters';
import { own } from '../../../src/domain/errorWords';
import { AppError } from '../../../src/domain/errors';
import type { StoredModel } from '../../../src/domain/model';
import type { Dataset } from '../../../src/domain/records';
import type { ChooseCopies, OpenedProject, Progress } from '../../../src/protocol/dataApi';
import { guard, withHandledEnd, type Database } from '../../../src/storage/database';
import { requireStorage } from '../../../src/storage/space';
import { makingRoom, restoreExperiment } from '../../../src/storage/deletedExperiments';
import { getModel } from '../../../src/storage/models';
import type { CheckpointManifest } from '../../../src/storage/schema';
import { newWeightsId } from '../../../src/storage/weightKeys';
import { deleteWeights } from '../../../src/storage/weights';
import { addMissing } from './addMissing';
import {
  conflictsOf,
  hasAllRows,
  hasDataset,
  hasAllParts,
  placeContent,
  withChoice,
  type Place,
  type PlacedExperiment,
} from './placeContent';
import { partial, readContent, type ModelInFile, type ProjectContent, type RunInFile } from './projectContent';
import { ProjectReader } from './projectReader';
import { foreignNegatives, missingInputs } from './projectWarnings';
import { storeBlocks, storeModelWeights, storeWeights } from './storeContent';

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
  /** For each model that replaces a stored one with missing parts: its hash, and the id of the incomplete weights. */
  lost: Map<string, string>;
  datasets: Dataset[];
  batchLists: ProjectContent['batchLists'];
}

/** Stores those contents of the file that storage lacks, and remembers what to delete if opening fails. */
class Staging {
  readonly #weightsIds: string[] = [];
  readonly #blocksOf: string[] = [];
  /** Storage ids of the file's weights, by the paths of their parts. */
  readonly #stored = new Map<string, string>();

  constructor(
    private readonly db: Database,
    private readonly reader: ProjectReader,
    private readonly done: () => void,
  ) {}

  #newWeightsId(owner: 'model' | 'checkpoint'): string {
    const weightsId = newWeightsId(owner);
    this.#weightsIds.push(weightsId);
    return weightsId;
  }

  async dataset(dataset: Dataset): Promise<Dataset> {
    this.#blocksOf.push(dataset.contentSha256);
    const checked = await storeBlocks(this.db, this.reader, dataset);
    this.done();
    return checked;
  }

  /** Stores a model. An alias shares the weights of its model. */
  async model({ weights, untrained, ...model }: ModelInFile): Promise<StoredModel> {
    const own = this.#newWeightsId('model');
    await storeModelWeights(this.db, this.reader, { ...model, weights }, own);
    const repeated = model.aliasOf === undefined ? undefined : await getModel(this.db, model.aliasOf);
    const shared = repeated && (await hasAllParts(this.db, repeated)) ? repeated.weightsId : undefined;
    const key = weights.paths.join();
    const weightsId = shared ?? this.#stored.get(key) ?? own;
    if (own !== weightsId) await deleteWeights(this.db, own);
    this.#stored.set(key, weightsId);
    this.done();
    return { ...model, weightsId, ...(await this.#untrained(model.contentSha256, untrained)) };
  }

  async #untrained(
    contentSha256: string,
    untrained: ModelInFile['untrained'],
  ): Promise<Pick<StoredModel, 'untrained'>> {
    if (!untrained) return untrained === undefined ? {} : { untrained };
    const { tensors, weights } = untrained;
    const weightsId = this.#newWeightsId('model');
    const { bytes } = await storeWeights(this.db, this.reader, weights, weightsId);
    let end = 0;
    for (const tensor of tensors) {
      if (tensor.offset !== end) end = NaN;
      end += tensor.bytes;
    }
    if (end !== bytes) throw this.reader.invalid(`models.json ${contentSha256}`, own('tensors-misfit'));
    return { untrained: { weightsId, tensors } };
  }

  /**
   * Stores a run's checkpoints. Returns null, and stores nothing, if the bytes of one do not match its hash or its
   * model.
   */
  async checkpoints(
    { checkpoints, record }: RunInFile,
    runId: string,
    model: FloatLayout & Pick<StoredModel, 'config'>,
  ): Promise<CheckpointManifest[] | null> {
    const manifests: CheckpointManifest[] = [];
    for (const { weights, ...checkpoint } of checkpoints) {
      const weightsId = this.#newWeightsId('checkpoint');
      const { sha256 } = await storeWeights(this.db, this.reader, weights, weightsId);
      if ((weights.sha256 ?? sha256) !== sha256 || !fitsModel(checkpoint, model, record.experiment.stages)) {
        for (const manifest of [...manifests, { weightsId }]) await deleteWeights(this.db, manifest.weightsId);
        return null;
      }
      manifests.push({ ...checkpoint, runId, weightsId, sha256 });
    }
    this.done();
    return manifests;
  }

  async undo(): Promise<void> {
    for (const weightsId of this.#weightsIds) await deleteWeights(this.db, weightsId);
    for (const contentSha256 of this.#blocksOf)
      if (!(await hasDataset(this.db, contentSha256)))
        await guard(() =>
          this.db.delete('datasetBlocks', IDBKeyRange.bound([contentSha256, 0], [contentSha256, Infinity])),
        );
  }
}

/** Whether a checkpoint has as many weights and as large moments as one of the run's stages. */
function fitsModel(
  { role, floats, momentFloats, averaged }: Pick<CheckpointManifest, 'role' | 'floats' | 'momentFloats' | 'averaged'>,
  base: FloatLayout & Pick<StoredModel, 'config'>,
  stages: readonly Stage[],
): boolean {
  const model = withPrefixRows(base, stages);
  return stages.some((one) => {
    const weights = stageLayout(model, one).totalFloats;
    if (role !== 'latest') return floats === weights;
    const moment = momentFloats ?? weights;
    if (averaged && !one.ema) return false;
    return floats === weights + (averaged ? 3 : 2) * moment && moment === stageMoments(model, one).totalFloats;
  });
}

async function stage(
  db: Database,
  reader: ProjectReader,
  content: ProjectContent,
  placed: PlacedExperiment[],
  staging: Staging,
): Promise<Ready> {
  const { batchLists } = content;
  const ready: Ready = { placed, runs: [], models: [], lost: new Map(), datasets: [], batchLists };
  for (const dataset of content.datasets)
    if (!(await hasAllRows(db, dataset.contentSha256))) ready.datasets.push(await staging.dataset(dataset));
  for (const model of content.models) {
    const here = await getModel(db, model.contentSha256);
    if (here && (await hasAllParts(db, here))) continue;
    if (here) ready.lost.set(here.contentSha256, here.weightsId);
    ready.models.push(await staging.model(model));
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
  'models',
  'experiments',
  'runs',
  'runEvents',
  'evaluations',
  'checkpoints',
] as const;

/**
 * Makes everything visible in one transaction. If another tab has stored one of the rows since the check, `add` fails,
 * which undoes everything.
 * @throws project-overtaken
 */
async function commit(
  db: Database,
  { placed, runs, models, lost, datasets, batchLists }: Ready,
  file: string,
): Promise<void> {
  const transaction = withHandledEnd(db.transaction(visible, 'readwrite', { durability: 'strict' }));
  const store = <Name extends (typeof visible)[number]>(name: Name) => transaction.objectStore(name);
  const added: Promise<unknown>[] = [];
  // These rows are named by their content, so a row that another tab has stored meanwhile is the same.
  for (const list of batchLists)
    if (!(await store('batchLists').getKey(list.sha256))) added.push(store('batchLists').add(list));
  for (const set of datasets) {
    // The stored record had lost rows. The rows of the file replaced them, with the kept columns of the file.
    const { kept: _, ...here } = (await store('datasets').get(set.contentSha256)) ?? set;
    added.push(store('datasets').put({ ...here, ...(set.kept ? { kept: set.kept } : {}) }));
  }
  for (const model of models) {
    const here = await store('models').get(model.contentSha256);
    if (!here) added.push(store('models').add(model));
    else if (here.weightsId === lost.get(here.contentSha256))
      added.push(store('models').put({ ...model, name: here.name, createdAt: here.createdAt }));
  }
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
 * visible.
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
  try {
    const ready = await stage(db, reader, content, placed, staging);
    await makingRoom(db, () => commit(db, ready, file.name));
    for (const { place, deleted } of placed)
      if (place.state === 'here' && deleted) await restoreExperiment(db, place.id);
    progress(of, of);
    const warnings = [
      ...content.warnings,
      ...(await missingInputs(db, reader, placed)),
      ...(await foreignNegatives(db, reader, content, placed)),
    ];
    const experiments = placed.filter(({ place, deleted }) => place.state !== 'here' || deleted).length;
    return { experiments, runs: ready.runs.length, warnings };
  } catch (thrown) {
    await staging.undo();
    throw thrown;
  }
}
