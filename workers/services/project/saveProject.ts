import { AppError, type AppErrorDetails, type ProjectFault } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { sha256Hex } from '../../../src/domain/hash';
import {
  blockPath,
  eventsPath,
  listPaths,
  manifestPath,
  minedPath,
  partPath,
  projectFormat,
  type Manifest,
} from '../../../src/domain/project/manifest';
import { projectJson } from '../../../src/domain/project/schemaFields';
import type { SavedCheckpoint, SavedModel } from '../../../src/domain/project/records';
import type { ProjectChoice, Progress, SavedProject } from '../../../src/protocol/dataApi';
import { isWhole } from '../../../src/storage/checkpoints';
import type { StoredModel } from '../../../src/domain/model';
import type { Dataset } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { refuseMissingRows } from '../../../src/storage/datasets';
import type { CheckpointManifest, StoredMinedNegatives } from '../../../src/storage/schema';
import { whilePinned } from '../../../src/storage/pins';
import { readWeights, type StoredWeights } from '../../../src/storage/weightReader';
import { writeZip } from '../../formats/zipWriter';
import { comparisonsToSave, type ProjectComparison } from './projectComparisons';
import { partial } from './projectContent';
import { minedOf, savedMined, type SavedMined } from './projectNegatives';
import { takeProjectSnapshot, usedExperiments, type ProjectSnapshot, type RunSnapshot } from './projectSnapshot';
import { checkpointsToSave, weightFloats, type CheckpointToSave } from './savedRun';

/** Maximum bytes of a part of the weights. Only one part is in memory at a time. */
const partBytes = 32 * 1024 * 1024;

type Entry = { name: string; input: Uint8Array<ArrayBuffer> };

/**
 * Yields stored weights in parts, up to the last of `cuts`. Each of these byte offsets ends a part. Throws
 * `storage-failed` if a part is lost.
 */
async function* cutWeights(
  db: Database,
  { weightsId, name = weightsId }: Pick<StoredWeights, 'weightsId' | 'name'>,
  cuts: readonly number[],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const end = cuts.at(-1) ?? 0;
  let part = new Uint8Array(0);
  let [at, filled, parts] = [0, 0, 0];
  const lengthAt = (from: number): number => Math.min(partBytes, (cuts.find((cut) => cut > from) ?? end) - from);
  for await (const chunk of readWeights(db, weightsId)) {
    for (let from = 0; from < chunk.length && at < end;) {
      if (filled === 0) part = new Uint8Array(lengthAt(at));
      const length = Math.min(part.length - filled, chunk.length - from);
      part.set(chunk.subarray(from, from + length), filled);
      [from, at, filled] = [from + length, at + length, filled + length];
      if (filled === part.length) {
        yield part;
        filled = 0;
      }
    }
    if (at >= end) return;
    parts += 1;
  }
  if (at < end) throw new AppError({ kind: 'storage-failed', reason: own('part-missing', parts, name) });
}

/** Writes the entries of a project file. Each part of the weights is written only once. */
class ProjectWriter {
  readonly #files: Manifest['files'] = [];
  readonly warnings: AppErrorDetails[] = [];
  readonly #written = new Set<string>();

  constructor(
    private readonly db: Database,
    private readonly snapshot: ProjectSnapshot,
    private readonly mined: readonly StoredMinedNegatives[],
    private readonly comparisons: readonly ProjectComparison[],
    private readonly fileName: string,
    private readonly progress: Progress,
  ) {}

  async *entries({ optimizerState }: ProjectChoice, build: string): AsyncGenerator<Entry> {
    const { experiments, runs, datasets, batchLists } = this.snapshot;
    const of = datasets.length + this.snapshot.models.length + runs.length + 1;
    let done = 0;
    const models: SavedModel[] = [];
    for (const dataset of datasets) {
      yield* this.#blocks(dataset);
      this.progress(++done, of);
    }
    for (const { weightsId, untrained, ...model } of this.snapshot.models) {
      const weights = yield* this.#weights({ weightsId, name: model.name }, [model.totalFloats * 4]);
      models.push({ ...model, ...(yield* this.#untrained(untrained, model.name)), weights });
      this.progress(++done, of);
    }
    const saved: RunSnapshot[] = [];
    const checkpoints: SavedCheckpoint[] = [];
    for (const run of runs) {
      const toSave = checkpointsToSave(run, optimizerState);
      const written = toSave && (yield* this.#checkpoints(run, toSave));
      if (!toSave) this.#leaveOut(run, 'unfinished');
      if (written) {
        yield await this.#entry(eventsPath(run.record.runId), projectJson(run.events));
        saved.push(run);
        written.forEach((checkpoint) => checkpoints.push(checkpoint));
      }
      this.progress(++done, of);
    }
    const minedNegatives: SavedMined[] = [];
    for (const stored of this.mined) {
      const { record, bytes } = savedMined(stored);
      yield await this.#entry(minedPath(record.key), bytes, record.sha256);
      minedNegatives.push(record);
    }
    const lists = {
      ...{ minedNegatives, experiments, models, datasets, batchLists, checkpoints },
      comparisons: this.comparisons,
      runs: saved.map(({ record }) => record),
      evaluations: saved.flatMap(({ evaluations }) => evaluations),
    };
    for (const name of Object.keys(listPaths) as (keyof typeof listPaths)[])
      yield await this.#entry(listPaths[name], projectJson(lists[name]));
    this.progress(of, of);
    const manifest: Manifest = { app: 'recallsmith', format: projectFormat, build, files: this.#files };
    yield { name: manifestPath, input: new TextEncoder().encode(JSON.stringify(manifest)) };
  }

  /** Hashes an entry and lists it in the manifest. */
  async #entry(path: string, content: string | Uint8Array<ArrayBuffer>, sha256?: string): Promise<Entry> {
    const input = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    this.#files.push({ path, sha256: sha256 ?? (await sha256Hex(input)), bytes: input.length });
    return { name: path, input };
  }

  async *#blocks(dataset: Dataset): AsyncGenerator<Entry> {
    const { contentSha256 } = dataset;
    const keys = IDBKeyRange.bound([contentSha256, 0], [contentSha256, Infinity]);
    let rows = 0;
    for (const [sha256, block] of await this.db.getAllKeys('datasetBlocks', keys)) {
      const stored = await this.db.get('datasetBlocks', [sha256, block]);
      rows += stored?.rows.length ?? 0;
      yield await this.#entry(blockPath(sha256, block), projectJson(stored));
    }
    refuseMissingRows(dataset, rows, dataset.rows);
  }

  /** Writes the parts that are not in the file yet. Returns the hashes of all parts, in order. */
  async *#weights(
    weights: Pick<StoredWeights, 'weightsId' | 'name'>,
    cuts: readonly number[],
  ): AsyncGenerator<Entry, string[]> {
    const hashes: string[] = [];
    for await (const part of cutWeights(this.db, weights, cuts)) {
      const sha256 = await sha256Hex(part);
      hashes.push(sha256);
      if (this.#written.has(sha256)) continue;
      this.#written.add(sha256);
      yield await this.#entry(partPath(sha256), part, sha256);
    }
    return hashes;
  }

  /** Writes a model's tensors besides its weights, if it has any. */
  async *#untrained(
    untrained: StoredModel['untrained'],
    name: string,
  ): AsyncGenerator<Entry, Pick<SavedModel, 'untrained'>> {
    if (!untrained) return untrained === undefined ? {} : { untrained };
    const bytes = untrained.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    const { weightsId, tensors } = untrained;
    return { untrained: { tensors, weights: yield* this.#weights({ weightsId, name }, [bytes]) } };
  }

  /** Writes the weights of a run. Returns null, with a warning, if they are damaged. */
  async *#checkpoints(run: RunSnapshot, toSave: CheckpointToSave[]): AsyncGenerator<Entry, SavedCheckpoint[] | null> {
    const saved: SavedCheckpoint[] = [];
    for (const { checkpoint, role, floats, instead } of toSave) {
      const whole = await this.#firstWhole([checkpoint, ...instead]);
      if (!whole) {
        this.#leaveOut(run, 'weights-damaged');
        return null;
      }
      const { weightsId, sha256: _, parts: __, momentFloats, averaged, ...fields } = whole;
      const length = weightFloats(whole);
      const moment = momentFloats ?? length;
      const cuts = [0, 1, 2, 3].map((tables) => (length + tables * moment) * 4).filter((cut) => cut <= floats * 4);
      const ofOptimizer = {
        ...(momentFloats === undefined ? {} : { momentFloats }),
        ...(averaged ? { averaged } : {}),
      };
      saved.push({
        ...fields,
        ...(role === 'latest' ? ofOptimizer : {}),
        role,
        floats,
        weights: yield* this.#weights({ weightsId }, cuts),
      });
    }
    return saved;
  }

  async #firstWhole(checkpoints: CheckpointManifest[]): Promise<CheckpointManifest | undefined> {
    for (const checkpoint of checkpoints) if (await isWhole(this.db, checkpoint)) return checkpoint;
    return undefined;
  }

  #leaveOut({ record: { runId, experimentId } }: RunSnapshot, fault: ProjectFault): void {
    const owner = this.snapshot.experiments.find((stored) => stored.experimentId === experimentId);
    this.warnings.push(partial({ name: this.fileName }, owner?.name ?? '', fault, runId));
  }
}

/**
 * Saves experiments with their runs, data and models in one zip, which ends with a manifest of hashes. All records are
 * read at one point in time. The weights that they name stay stored until the file is written, even if a run continues
 * meanwhile.
 */
export async function saveProject(
  db: Database,
  build: string,
  choice: ProjectChoice,
  progress: Progress,
): Promise<SavedProject> {
  return whilePinned(async () => {
    const fileName = `recallsmith-project-${new Date().toISOString().slice(0, 10)}.zip`;
    const snapshot = await takeProjectSnapshot(db, choice.experimentIds);
    // The keys of mined negatives are hashes of everything that determines them, so they still match the snapshot.
    const mined = await minedOf(db, usedExperiments(snapshot));
    const comparisons = await comparisonsToSave(db, snapshot.comparisons);
    const writer = new ProjectWriter(db, snapshot, mined, comparisons, fileName, progress);
    const zip = await writeZip(writer.entries(choice, build));
    return { zip, fileName, warnings: writer.warnings };
  });
}
