import type { Stage } from '../../../src/domain/experiment';
import type { FloatLayout, UntrainedTensors } from '../../../src/domain/modelTensors';
import { stageLayout } from '../../../src/domain/train/lora';
import { withPrefixRows } from '../../../src/domain/train/prefix';
import { stageMoments } from '../../../src/domain/train/trainedParameters';
import { own } from '../../../src/domain/errorWords';
import type { StoredModel } from '../../../src/domain/model';
import type { Dataset } from '../../../src/domain/records';
import { guard, type Database } from '../../../src/storage/database';
import { writeDatasetBlock } from '../../../src/storage/datasets';
import { getModel } from '../../../src/storage/models';
import type { CheckpointManifest, DatasetBlock } from '../../../src/storage/schema';
import { newWeightsId } from '../../../src/storage/weightKeys';
import { deleteWeights } from '../../../src/storage/weights';
import { KeptColumns } from '../import/keptColumns';
import { hasDataset, wholePartsOf } from './placeContent';
import type { ModelInFile, RunInFile } from './projectContent';
import type { ProjectReader } from './projectReader';
import { storeBlocks, storeModelWeights, storeWeights } from './storeContent';

/** Replacements for parts of stored models that were lost. All records that name a lost part get its replacement. */
export class ModelRepairs {
  /** New weights ids by the lost ones. */
  readonly #weights = new Map<string, string>();
  /** New poolers by the weights ids of the lost ones. */
  readonly #poolers = new Map<string, UntrainedTensors>();
  /** Text files by the model's hash. */
  readonly #files = new Map<string, StoredModel['files']>();

  add(here: StoredModel, healed: StoredModel): void {
    if (healed.weightsId !== here.weightsId) this.#weights.set(here.weightsId, healed.weightsId);
    if (here.untrained && healed.untrained && healed.untrained !== here.untrained)
      this.#poolers.set(here.untrained.weightsId, healed.untrained);
    this.#files.set(here.contentSha256, healed.files);
  }

  /** Returns the model with the replacements, or null if it needs none. */
  apply(model: StoredModel): StoredModel | null {
    const weightsId = this.#weights.get(model.weightsId);
    const untrained = model.untrained && this.#poolers.get(model.untrained.weightsId);
    const files = this.#files.get(model.contentSha256);
    if (weightsId === undefined && !untrained && !files) return null;
    return {
      ...model,
      ...(weightsId === undefined ? {} : { weightsId }),
      ...(untrained ? { untrained } : {}),
      ...(files ? { files } : {}),
    };
  }
}

/** A data set of the file. */
export interface StagedDataset {
  dataset: Dataset;
  /** If rows of the stored data set are lost: its record, and the blocks to put back. Else null. */
  healed: { before: Dataset; blocks: DatasetBlock[] } | null;
}

/** Stores those contents of the file that storage lacks, and remembers what to delete if opening fails. */
export class Staging {
  readonly #weightsIds: string[] = [];
  readonly #blocksOf: string[] = [];
  /** Storage ids of the file's weights, by the paths of their parts. */
  readonly #stored = new Map<string, string>();
  /** Storage ids of the file's poolers, by the paths of their parts and their tensors. */
  readonly #poolers = new Map<string, string>();
  readonly repairs = new ModelRepairs();

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

  /**
   * Stores the rows of a data set that is not here. If it is here as `before`, but lacks blocks, these wait in memory
   * and the others stay as they are, with their kept columns.
   */
  async dataset(dataset: Dataset, before: Dataset | undefined): Promise<StagedDataset> {
    const { contentSha256 } = dataset;
    const blocks: DatasetBlock[] = [];
    const keptColumns = await KeptColumns.open();
    if (!before) this.#blocksOf.push(contentSha256);
    const checked = await storeBlocks(this.reader, dataset, async (block) => {
      if (!before) return writeDatasetBlock(this.db, contentSha256, block.block, block.rows, block.sha256);
      const here = await this.db.get('datasetBlocks', [contentSha256, block.block]);
      if (!here) blocks.push(block);
      for (const { kept } of (here ?? block).rows) keptColumns.add(kept);
    });
    this.done();
    if (!before) return { dataset: checked, healed: null };
    const { kept: _, ...rest } = before;
    const kept = keptColumns.finish();
    return { dataset: { ...rest, ...(kept ? { kept } : {}) }, healed: { before, blocks } };
  }

  /**
   * Stores a model. An alias shares the weights of its model. If the model is here, keeps its record and its whole
   * parts, and replaces the lost ones.
   */
  async model({ weights, untrained, ...model }: ModelInFile, here: StoredModel | undefined): Promise<StoredModel> {
    const own = this.#newWeightsId('model');
    await storeModelWeights(this.db, this.reader, { ...model, weights }, own);
    const whole = here && (await wholePartsOf(this.db, here));
    const key = weights.paths.join();
    const kept = whole?.weights ? here?.weightsId : await this.#sharedWeights(model);
    const weightsId = kept ?? this.#stored.get(key) ?? own;
    if (own !== weightsId) await deleteWeights(this.db, own);
    this.#stored.set(key, weightsId);
    const poolerStays = here?.untrained && (whole?.pooler || !untrained);
    const pooler = poolerStays ? { untrained: here.untrained } : await this.#untrained(model.contentSha256, untrained);
    this.done();
    const files = { ...model.files, ...here?.files };
    const stored = { ...model, ...here, files, weightsId, ...pooler };
    if (here) this.repairs.add(here, stored);
    return stored;
  }

  /** Returns the id of the weights of the model that an alias repeats, if they are all stored. */
  async #sharedWeights({ aliasOf }: Pick<ModelInFile, 'aliasOf'>): Promise<string | undefined> {
    const repeated = aliasOf === undefined ? undefined : await getModel(this.db, aliasOf);
    return repeated && (await wholePartsOf(this.db, repeated)).weights ? repeated.weightsId : undefined;
  }

  async #untrained(
    contentSha256: string,
    untrained: ModelInFile['untrained'],
  ): Promise<Pick<StoredModel, 'untrained'>> {
    if (!untrained) return untrained === undefined ? {} : { untrained };
    const { tensors, weights } = untrained;
    const known = this.#poolers.get(JSON.stringify([weights.paths, tensors]));
    if (known) return { untrained: { weightsId: known, tensors } };
    const weightsId = this.#newWeightsId('model');
    const { bytes } = await storeWeights(this.db, this.reader, weights, weightsId);
    let end = 0;
    for (const tensor of tensors) {
      if (tensor.offset !== end) end = NaN;
      end += tensor.bytes;
    }
    if (end !== bytes) throw this.reader.invalid(`models.json ${contentSha256}`, own('tensors-misfit'));
    this.#poolers.set(JSON.stringify([weights.paths, tensors]), weightsId);
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
