import { blendRefusal } from '../../../src/domain/evaluate/blend';
import { blendMoment } from '../../../src/domain/evaluate/blendMoment';
import { sha256Stream } from '../../../src/domain/hash';
import type { StoredModel } from '../../../src/domain/model';
import type { StoredTensor } from '../../../src/domain/modelTensors';
import type { RunRecord } from '../../../src/domain/run';
import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import type { ExportReport, ExportRequest, Progress } from '../../../src/protocol/dataApi';
import { keptCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { getEvaluation } from '../../../src/storage/evaluations';
import { getRun } from '../../../src/storage/runs';
import { readTensors } from '../../../src/storage/weightReader';
import { readZipDirectory, zipEntryBlob } from '../../formats/zip';
import { collectFile } from '../../formats/collectFile';
import { writeZip } from '../../formats/zipWriter';
import { embedWithOnnx } from './embedWithOnnx';
import { adapterExport, exportedAdapters } from './exportAdapter';
import { exportFolder, type ExportFolderEntry } from './exportFolder';
import { promptsAfter } from '../../../src/domain/train/prefix';
import { joinPrefix } from './joinPrefix';
import { modelOfExperiment } from '../train/modelOfExperiment';
import { blendedWeights } from '../evaluate/blendedWeights';
import type { ExportedBlend, ExportSource } from './exportSource';
import { checkSafetensors } from './checkSafetensors';
import { missingPooler, untrainedReader, withUntrained } from './exportWeights';

/**
 * Tolerances for float32 rounding across a dozen layers. A larger deviation means that the export is not the trained
 * model.
 */
const smallestCosine = 0.99999;
const largestDifference = 1e-4;

interface ExportModelDeps {
  db: Database;
  /** Base URL of onnxruntime-web's files. */
  ortBaseUrl: string;
  tokenize: (texts: string[]) => Promise<number[][]>;
}

async function sourceOf(db: Database, request: ExportRequest): Promise<ExportSource> {
  const run = await getRun(db, request.runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: request.runId });
  const { stages } = run.experiment;
  const { model: stored, settings } = await modelOfExperiment(db, run.experiment);
  const model = await withUntrained(db, stored);
  // The weights are written twice, in different orders, so they are read once and held in memory.
  const held = new Map<string, Float32Array<ArrayBuffer>>();
  for await (const [{ name }, values] of exportedWeights(db, run, model, request.ratio)) held.set(name, values);
  const blend = request.ratio === undefined ? undefined : await exportedBlend(db, run, request.ratio, held.values());
  return {
    run,
    model: joinPrefix(model, stages, held),
    settings: promptsAfter(settings, stages),
    before: await getEvaluation(db, run.runId, 'test', 'before'),
    after: await getEvaluation(db, run.runId, 'test', blendMoment(request.ratio ?? 1)),
    ...(blend ? { blend } : {}),
    threshold: (await getEvaluation(db, run.runId, 'dev', blendMoment(request.ratio ?? 1)))?.threshold,
    testVector: {
      text: request.reference.texts[0] ?? '',
      values: [...(request.reference.vectors[0] ?? [])].slice(0, 8),
    },
    read: (name) => {
      const values = held.get(name);
      if (values) return Promise.resolve(values);
      throw new AppError({ kind: 'model-invalid', file: 'model.safetensors', fault: 'tensor-missing', tensor: name });
    },
    readUntrained: await untrainedReader(db, model),
  };
}

/** Yields the kept weights with the exported adapters, or a blend of the kept weights with those of the base model. */
async function* exportedWeights(
  db: Database,
  run: RunRecord,
  model: StoredModel,
  ratio: number | undefined,
): AsyncGenerator<[StoredTensor, Float32Array<ArrayBuffer>]> {
  const { weights } = await keptCheckpoint(db, run.runId);
  if (ratio === undefined) {
    yield* readTensors(db, weights, [...model.tensors, ...exportedAdapters(run.experiment, model)]);
    return;
  }
  const refusal = blendRefusal(run);
  if (refusal) throw new AppError(refusal);
  yield* blendedWeights(db, model, weights, ratio);
}

/** Describes a blend. `weights` are its tensors in parameter order. */
async function exportedBlend(
  db: Database,
  { runId }: RunRecord,
  ratio: number,
  weights: Iterable<Float32Array>,
): Promise<ExportedBlend> {
  const dev = await getEvaluation(db, runId, 'dev', blendMoment(ratio));
  return { ratio, weightsSha256: await sha256Stream(weights), dev: dev?.metrics };
}

type ExportedFile = ExportReport['files'][number];

/**
 * Writes the exported folder, then loads the result and compares its vectors with the app's own before returning it.
 * One copy of the weights is in memory while the files are written, and the ONNX file while it is loaded.
 */
export async function exportModel(
  request: ExportRequest,
  deps: ExportModelDeps,
  progress: Progress,
): Promise<ExportReport> {
  const written = await writeFiles(request, deps.db, progress);
  const { zip, fileName, model, adapter, weightsSha256 } = written;
  const files = zip ? await filesOf(zip, fileName) : written.files;
  await checkSafetensors(fileAt(files, 'model.safetensors'), written);
  const { texts } = request.reference;
  const vectors = await embedWithOnnx(fileAt(files, 'onnx/model.onnx'), await deps.tokenize(texts), deps.ortBaseUrl);
  const check = compare(request.reference, vectors, model.config.hiddenSize, written.normalize);
  progress(files.length + 1, files.length + 1);
  return { zip, fileName, files, check, poolerNotKept: missingPooler(model).healable, adapter, weightsSha256 };
}

/**
 * The written files and the inputs of their check. Does not refer to the weights, so that they don't stay in memory.
 */
interface WrittenFiles extends Pick<ExportSource, 'model' | 'readUntrained'> {
  zip: Blob | null;
  /** Empty if the files are in the zip. */
  files: ExportedFile[];
  fileName: string;
  normalize: boolean;
  adapter: ExportReport['adapter'];
  weightsSha256: string;
}

async function writeFiles(request: ExportRequest, db: Database, progress: Progress): Promise<WrittenFiles> {
  const source = await sourceOf(db, request);
  const entries = exportFolder(source);
  let done = 0;
  function* counted(): Generator<ExportFolderEntry> {
    for (const entry of entries) {
      yield entry;
      progress(++done, entries.length + 1);
    }
  }
  const zip = request.as === 'zip' ? await writeZip(counted()) : null;
  const files: ExportedFile[] = [];
  if (!zip) for (const { name, input } of counted()) files.push({ path: name, blob: await collectFile(input) });
  const fileName = `${source.model.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}-recallsmith.zip`;
  const { model, settings, readUntrained, run } = source;
  const adapter = adapterExport(run.experiment, source.blend !== undefined);
  const weightsSha256 = source.blend?.weightsSha256 ?? run.weightsSha256 ?? '';
  return { zip, files, fileName, model, readUntrained, normalize: settings.normalize, adapter, weightsSha256 };
}

async function filesOf(zip: Blob, fileName: string): Promise<ExportedFile[]> {
  const files: ExportedFile[] = [];
  for (const entry of await readZipDirectory(zip, fileName))
    files.push({ path: entry.path, blob: await zipEntryBlob(zip, fileName, entry) });
  return files;
}

function fileAt(files: readonly ExportedFile[], path: string): Blob {
  const file = files.find((candidate) => candidate.path === path);
  if (!file) throw new AppError({ kind: 'project-invalid', file: path, entry: path, reason: own('missing') });
  return file.blob;
}

/** Throws `export-mismatch` unless the export computes the same vectors as the app from the same weights. */
function compare(
  { texts, vectors }: ExportRequest['reference'],
  opened: readonly Float32Array[],
  width: number,
  normalize: boolean,
): ExportReport['check'] {
  let cosine = 1;
  let maxAbs = 0;
  for (const [i, expected] of vectors.entries()) {
    const found = opened[i] ?? new Float32Array(width);
    cosine = Math.min(cosine, cosineOf(expected, found));
    for (let j = 0; j < width; j++) maxAbs = Math.max(maxAbs, Math.abs((expected[j] ?? NaN) - (found[j] ?? NaN)));
  }
  if (!(cosine >= smallestCosine && (maxAbs <= largestDifference || !normalize)))
    throw new AppError({ kind: 'export-mismatch', file: 'onnx/model.onnx', cosine });
  return { cosine, maxAbs, texts: texts.length };
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? NaN, b[i] ?? NaN];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / Math.sqrt(aa * bb);
}
