import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import { own, type Said } from '../../../src/domain/errorWords';
import { sha256Hasher, sha256Hex } from '../../../src/domain/hash';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import type { Dataset } from '../../../src/domain/records';
import type { Progress } from '../../../src/protocol/dataApi';
import { needing, withHandledEnd, type Database } from '../../../src/storage/database';
import type { RecallsmithSchema, StoredExperiment } from '../../../src/storage/schema';
import { getDataset, putDataset } from '../../../src/storage/datasets';
import { requireStorage } from '../../../src/storage/space';
import { readZipDirectory, zipEntryBlob, type ZipEntry } from '../../formats/zip';
import { writeZip } from '../../formats/zipWriter';

/** Increase this when earlier versions of the app can no longer read the file. */
export const projectFormat = 2;
const manifestPath = 'manifest.json';

/**
 * Stores that are saved as one JSON list each, in the order of restoring. Runs and experiments come last: once one is
 * listed, everything that it refers to is there.
 */
const listStores = ['batchLists', 'evaluations', 'models', 'datasets', 'checkpoints', 'runs', 'experiments'] as const;
type ListStore = (typeof listStores)[number];
/**
 * Stores that are saved in parts. A project omits token sets, which can be recomputed, and settings, which belong to
 * the machine.
 */
type PartStore = 'datasetBlocks' | 'runEvents' | 'weightParts';

const keyOf: { [S in ListStore]: (value: RecallsmithSchema[S]['value']) => RecallsmithSchema[S]['key'] } = {
  batchLists: ({ sha256 }) => sha256,
  evaluations: ({ runId, part, moment }) => [runId, part, moment],
  models: ({ contentSha256 }) => contentSha256,
  datasets: ({ contentSha256 }) => contentSha256,
  checkpoints: ({ runId, generation }) => [runId, generation],
  runs: ({ runId }) => runId,
  experiments: ({ experimentId }) => experimentId,
};

interface Manifest {
  app: 'recallsmith';
  format: number;
  build: string;
  files: { path: string; sha256: string; bytes: number }[];
}

type Content = { path: string; bytes: Uint8Array<ArrayBuffer> };

function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

async function* contents(db: Database): AsyncGenerator<Content> {
  for (const key of await db.getAllKeys('datasetBlocks'))
    yield { path: `datasetBlocks/${key.join('/')}.json`, bytes: jsonBytes(await db.get('datasetBlocks', key)) };
  for (const runId of await db.getAllKeys('runs')) {
    const events = await db.getAll('runEvents', IDBKeyRange.bound([runId, 0], [runId, Infinity]));
    yield { path: `runEvents/${runId}.json`, bytes: jsonBytes(events) };
  }
  for (const key of await db.getAllKeys('weightParts')) {
    const part = await db.get('weightParts', key);
    if (!part) continue;
    const bytes = part.bytes instanceof Blob ? await part.bytes.arrayBuffer() : part.bytes;
    yield { path: `weightParts/${key.join('/')}.bin`, bytes: new Uint8Array(bytes) };
  }
  for (const store of listStores) yield { path: `${store}.json`, bytes: jsonBytes(await db.getAll(store)) };
}

/**
 * Saves this origin's data, models, experiments, runs and checkpoints in one zip, which ends with a manifest of hashes.
 */
export async function saveProject(
  db: Database,
  build: string,
  progress: Progress,
): Promise<{ zip: Blob; fileName: string }> {
  const total =
    (await db.count('datasetBlocks')) + (await db.count('weightParts')) + (await db.count('runs')) + listStores.length;
  const files: Manifest['files'] = [];
  async function* entries(): AsyncGenerator<{ name: string; input: Uint8Array<ArrayBuffer> }> {
    for await (const { path, bytes } of contents(db)) {
      files.push({ path, sha256: await sha256Hex(bytes), bytes: bytes.length });
      progress(files.length, total);
      yield { name: path, input: bytes };
    }
    const manifest: Manifest = { app: 'recallsmith', format: projectFormat, build, files };
    yield { name: manifestPath, input: jsonBytes(manifest) };
  }
  const zip = await writeZip(entries());
  return { zip, fileName: `recallsmith-project-${new Date().toISOString().slice(0, 10)}.zip` };
}

class ProjectReader {
  private constructor(
    private readonly blob: Blob,
    private readonly file: string,
    private readonly byPath: Map<string, ZipEntry>,
    readonly manifest: Manifest,
  ) {}

  static async open(file: File): Promise<ProjectReader> {
    const byPath = new Map((await readZipDirectory(file, file.name)).map((entry) => [entry.path, entry]));
    const entry = byPath.get(manifestPath);
    if (!entry)
      throw new AppError({ kind: 'project-invalid', file: file.name, entry: manifestPath, reason: own('missing') });
    const manifest = parseManifest(file.name, await (await zipEntryBlob(file, file.name, entry)).text());
    return new ProjectReader(file, file.name, byPath, manifest);
  }

  invalid(entry: string, reason: Said): AppError {
    return new AppError({ kind: 'project-invalid', file: this.file, entry, reason });
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const entry = this.byPath.get(path);
    if (!entry) throw this.invalid(path, own('missing'));
    return new Uint8Array(await (await zipEntryBlob(this.blob, this.file, entry)).arrayBuffer());
  }

  async list<S extends ListStore | PartStore>(path: string): Promise<RecallsmithSchema[S]['value'][]> {
    try {
      const value: unknown = JSON.parse(new TextDecoder().decode(await this.read(path)));
      if (Array.isArray(value)) return value as RecallsmithSchema[S]['value'][];
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError({ kind: 'project-invalid', file: this.file, entry: path, reason: own('not-json') }, { cause });
    }
    throw this.invalid(path, own('not-a-list'));
  }

  /** Throws if a file in the manifest is missing or damaged. Nothing is stored before this check passes. */
  async verify(progress: Progress): Promise<void> {
    for (const [index, { path, sha256, bytes }] of this.manifest.files.entries()) {
      const found = await this.read(path);
      if (found.length !== bytes || (await sha256Hasher()).update(found).hex() !== sha256)
        throw this.invalid(path, own('damaged'));
      progress(index + 1, this.manifest.files.length * 2);
    }
  }
}

function parseManifest(file: string, text: string): Manifest {
  const invalid = new AppError({
    kind: 'project-invalid',
    file,
    entry: manifestPath,
    reason: own('not-a-project'),
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid;
  }
  const manifest = value as Partial<Manifest> | null;
  if (manifest?.app !== 'recallsmith' || typeof manifest.format !== 'number' || !Array.isArray(manifest.files))
    throw invalid;
  if (manifest.format > projectFormat)
    throw new AppError({ kind: 'project-too-new', file, version: manifest.format, supported: projectFormat });
  return { app: 'recallsmith', format: manifest.format, build: String(manifest.build), files: manifest.files };
}

/**
 * Adds the contents of a project file to storage without overwriting anything. An experiment whose id is already used
 * for different content is added as a copy. A damaged file changes nothing. Parts are written before the records that
 * refer to them, so an interruption leaves only orphaned parts.
 */
export async function openProject(
  db: Database,
  file: File,
  progress: Progress,
): Promise<{ experiments: number; warnings: AppErrorDetails[] }> {
  const reader = await ProjectReader.open(file);
  await reader.verify(progress);
  await requireStorage(file.size);
  const experiments = (await reader.list<'experiments'>('experiments.json')).map((stored) => ({
    ...stored,
    experiment: parseExperiment(stored.experiment),
    ...(stored.linked ? { linked: parseExperiment(stored.linked) } : {}),
  }));
  const runs = await reader.list<'runs'>('runs.json');
  const newIds = await copiesOf(db, experiments);
  const { files } = reader.manifest;
  let done = files.length;
  const datasets = await reader.list<'datasets'>('datasets.json');
  const newer = await withNewKept(db, datasets);
  await needing(
    files.reduce((sum, { bytes }) => sum + bytes, 0),
    async () => {
      for (const { path } of files) {
        await writeParts(db, reader, path, newer);
        progress(++done, files.length * 2);
      }
    },
  );
  for (const dataset of datasets.filter(({ contentSha256 }) => newer.has(contentSha256))) await putDataset(db, dataset);
  for (const store of ['batchLists', 'evaluations', 'models', 'checkpoints'] as const)
    await addMissing(db, store, await reader.list<typeof store>(`${store}.json`));
  await addMissing(
    db,
    'runs',
    runs.map((run) => ({ ...run, experimentId: newIds.get(run.experimentId) ?? run.experimentId })),
  );
  await addMissing(
    db,
    'experiments',
    experiments.map((stored) => ({ ...stored, experimentId: newIds.get(stored.experimentId) ?? stored.experimentId })),
  );
  return { experiments: experiments.length, warnings: [] };
}

/** Returns new ids for the experiments whose id is already used by an experiment with different content. */
async function copiesOf(db: Database, experiments: StoredExperiment[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const stored of experiments) {
    const here = await db.get('experiments', stored.experimentId);
    if (here && JSON.stringify(here.experiment) !== JSON.stringify(stored.experiment))
      ids.set(stored.experimentId, crypto.randomUUID());
  }
  return ids;
}

async function addMissing<S extends ListStore>(
  db: Database,
  store: S,
  values: RecallsmithSchema[S]['value'][],
): Promise<void> {
  const transaction = withHandledEnd(db.transaction(store, 'readwrite'));
  for (const value of values) {
    if ((await transaction.store.getKey(keyOf[store](value))) === undefined) await transaction.store.put(value);
  }
  await transaction.done;
}

/**
 * Returns the data sets that are new here, or whose stored rows have no kept columns while the file's have. Kept
 * columns that are here stay.
 */
async function withNewKept(db: Database, datasets: readonly Dataset[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const { contentSha256, kept } of datasets) {
    const here = await getDataset(db, contentSha256);
    if (!here || (kept && !here.kept)) found.add(contentSha256);
  }
  return found;
}

async function writeParts(
  db: Database,
  reader: ProjectReader,
  path: string,
  datasets: ReadonlySet<string>,
): Promise<void> {
  const [store, id = '', part = ''] = path.split('/');
  if (store === 'weightParts') {
    const index = Number.parseInt(part, 10);
    const key: [string, number] = [id, index];
    if ((await db.getKey('weightParts', key)) === undefined)
      await db.put('weightParts', { weightsId: id, part: index, bytes: new Blob([await reader.read(path)]) });
  } else if (store === 'datasetBlocks') {
    if (!datasets.has(id)) return;
    const block = JSON.parse(
      new TextDecoder().decode(await reader.read(path)),
    ) as RecallsmithSchema['datasetBlocks']['value'];
    await db.put('datasetBlocks', block);
  } else if (store === 'runEvents') {
    for (const event of await reader.list<'runEvents'>(path)) await db.put('runEvents', event);
  }
}
