import { downloadZip } from 'client-zip';
import { AppError } from '../../../src/domain/errors';
import type { ExportReport, ExportRequest, Progress } from '../../../src/protocol/dataApi';
import { keptCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { getEvaluation } from '../../../src/storage/evaluations';
import { getRun } from '../../../src/storage/runs';
import { readWeightRange } from '../../../src/storage/weights';
import { readZipDirectory, zipEntryBlob, type ZipEntry } from '../../formats/zip';
import { exportFolder } from './exportFolder';
import { modelOfExperiment } from '../train/modelOfExperiment';
import type { ExportSource } from './exportSource';
import { checkSafetensors, missingPooler, untrainedReader, withUntrained } from './exportWeights';

/** Limits on float32 rounding across a dozen layers. A larger deviation means the export is not the trained model. */
const smallestCosine = 0.99999;
const largestDifference = 1e-4;

export interface ExportModelDeps {
  db: Database;
  /** Base URL of onnxruntime-web's files. */
  ortBaseUrl: string;
  tokenize: (texts: string[]) => Promise<number[][]>;
}

async function sourceOf(db: Database, request: ExportRequest): Promise<ExportSource> {
  const run = await getRun(db, request.runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: request.runId });
  const { model: stored, settings } = await modelOfExperiment(db, run.experiment);
  const model = await withUntrained(db, stored);
  const kept = await keptCheckpoint(db, run.runId);
  const byName = new Map(model.tensors.map((tensor) => [tensor.name, tensor]));
  return {
    run,
    model,
    settings,
    before: await getEvaluation(db, run.runId, 'test', 'before'),
    after: await getEvaluation(db, run.runId, 'test', 'after'),
    testVector: {
      text: request.reference.texts[0] ?? '',
      values: [...(request.reference.vectors[0] ?? [])].slice(0, 8),
    },
    read: async (name) => {
      const tensor = byName.get(name);
      if (!tensor)
        throw new AppError({ kind: 'model-invalid', file: 'model.safetensors', fault: 'tensor-missing', tensor: name });
      return new Float32Array(await readWeightRange(db, kept.weightsId, tensor.offset * 4, tensor.length * 4));
    },
    readUntrained: await untrainedReader(db, model),
  };
}

/** Zips the exported folder, then loads the result and compares its vectors with the app's own before returning it. */
export async function exportModel(
  request: ExportRequest,
  deps: ExportModelDeps,
  progress: Progress,
): Promise<ExportReport> {
  const source = await sourceOf(deps.db, request);
  const entries = exportFolder(source);
  let done = 0;
  function* counted(): Generator<{ name: string; input: string | AsyncIterable<Uint8Array<ArrayBuffer>> }> {
    for (const entry of entries) {
      yield entry;
      progress(++done, entries.length + 1);
    }
  }
  const zip = await downloadZip(counted()).blob();
  const fileName = `${source.model.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}-recallsmith.zip`;
  const directory = await readZipDirectory(zip, fileName);
  const check = await compare(zip, fileName, directory, request, deps, source);
  progress(entries.length + 1, entries.length + 1);
  const files = directory.map(({ path, bytes }) => ({ path, bytes }));
  return { zip, fileName, files, check, poolerNotKept: missingPooler(source.model).healable };
}

async function entryBlob(zip: Blob, fileName: string, directory: ZipEntry[], path: string): Promise<Blob> {
  const entry = directory.find((candidate) => candidate.path === path);
  if (!entry) throw new AppError({ kind: 'project-invalid', file: fileName, entry: path, reason: 'missing' });
  return zipEntryBlob(zip, fileName, entry);
}

async function compare(
  zip: Blob,
  fileName: string,
  directory: ZipEntry[],
  request: ExportRequest,
  deps: ExportModelDeps,
  source: ExportSource,
): Promise<ExportReport['check']> {
  await checkSafetensors(await entryBlob(zip, fileName, directory, 'model.safetensors'), source);
  const onnx = await entryBlob(zip, fileName, directory, 'onnx/model.onnx');
  const { texts, vectors } = request.reference;
  const tokenIds = await deps.tokenize(texts);
  const opened = await embedWithOnnx(onnx, tokenIds, deps.ortBaseUrl);
  const width = source.model.config.hiddenSize;
  let cosine = 1;
  let maxAbs = 0;
  for (const [i, expected] of vectors.entries()) {
    const found = opened[i] ?? new Float32Array(width);
    cosine = Math.min(cosine, cosineOf(expected, found));
    for (let j = 0; j < width; j++) maxAbs = Math.max(maxAbs, Math.abs((expected[j] ?? NaN) - (found[j] ?? NaN)));
  }
  if (!(cosine >= smallestCosine && (maxAbs <= largestDifference || !source.settings.normalize)))
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

/** Runs the file in onnxruntime-web. An independent runtime shows what other tools will compute. */
async function embedWithOnnx(onnx: Blob, tokenIds: number[][], ortBaseUrl: string): Promise<Float32Array[]> {
  const ort = await import('onnxruntime-web/wasm');
  ort.env.wasm.wasmPaths = ortBaseUrl;
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(await onnx.arrayBuffer()), {
    executionProviders: ['wasm'],
  });
  try {
    const vectors: Float32Array[] = [];
    for (const ids of tokenIds) {
      const tensor = (values: BigInt64Array) => new ort.Tensor('int64', values, [1, ids.length]);
      const outputs = await session.run({
        input_ids: tensor(BigInt64Array.from(ids, BigInt)),
        attention_mask: tensor(new BigInt64Array(ids.length).fill(1n)),
        token_type_ids: tensor(new BigInt64Array(ids.length)),
      });
      const embedding = outputs['sentence_embedding']?.data;
      if (!(embedding instanceof Float32Array))
        throw new AppError({ kind: 'export-mismatch', file: 'onnx/model.onnx', cosine: NaN });
      vectors.push(embedding.slice());
    }
    return vectors;
  } finally {
    await session.release();
  }
}
