import { canonicalJson } from '../../../src/domain/canonicalJson';
import { sha256Hasher, sha256Hex } from '../../../src/domain/hash';
import type { Pooling } from '../../../src/domain/model';
import { onnxFiles, onnxGraphs, type OnnxChoice, type OnnxFile, type OnnxModel } from '../../../src/domain/onnxModel';
import type { FolderFile, Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { putOnnxModel } from '../../../src/storage/onnxModels';
import { needing, requireStorage } from '../../../src/storage/space';
import { newWeightsId } from '../../../src/storage/weightKeys';
import { deleteWeights, WeightWriter } from '../../../src/storage/weights';
import { modelError } from '../../formats/modelError';
import { readModelDefaults } from './importModelConfig';
import { tokenizerText, type ModelImport } from './importModel';
import { refuseLfsPointer } from './lfsPointer';
import { openModelFolder } from './modelFolder';
import { parseModelJson, type JsonObject } from './parseModelJson';

type Described = Pick<OnnxModel, 'files' | 'defaults' | 'dimension'>;

/** Fields of config.json that state the length of a vector, by the families of models. */
const widthFields = ['hidden_size', 'd_model', 'dim', 'n_embd'];
const lengthFields = ['max_position_embeddings', 'n_positions', 'max_seq_len'];

/** Families whose positions start after the padding id, as in RoBERTa. */
const positionsAfterPadding = /^(?:xlm-)?roberta$|^camembert$|^mpnet$/;

/** Length of texts if no file limits it. */
const usualLength = 512;

function firstSize(config: JsonObject, fields: readonly string[]): number | null {
  const found = fields.map((field) => config[field]).find((value) => Number.isSafeInteger(value) && Number(value) > 0);
  return typeof found === 'number' ? found : null;
}

/** Returns the longest text that the model has positions for. */
function maxPositions(config: JsonObject): number {
  const positions = firstSize(config, lengthFields) ?? usualLength;
  const { model_type: type, pad_token_id: pad } = config;
  const skipped =
    typeof type === 'string' && positionsAfterPadding.test(type) ? (typeof pad === 'number' ? pad : 1) + 1 : 0;
  return Math.max(3, positions - skipped);
}

/** Reads the text files of a folder, and the settings that they state. */
async function describe(files: FolderFile[], pooling: Pooling | null): Promise<Described> {
  const folder = await openModelFolder(files);
  const text = folder.texts['config.json'];
  if (text === undefined) throw modelError('config.json', 'missing-file');
  const config = parseModelJson('config.json', text);
  const hiddenSize = firstSize(config, widthFields);
  const texts: Record<string, string> = {
    ...folder.texts,
    'config.json': text,
    'tokenizer.json': await tokenizerText(folder),
  };
  const limits = { hiddenSize: hiddenSize ?? 0, maxPositions: maxPositions(config) };
  // A pooling that is not supported is an error only if nobody has chosen another one.
  const { '1_Pooling/config.json': _, ...withoutPooling } = texts;
  const defaults = readModelDefaults(pooling === null ? texts : withoutPooling, limits, folder.normalizes);
  if (pooling === null && defaults.pooling.guessed) throw modelError('1_Pooling/config.json', 'pooling-unknown');
  const chosen = pooling === null ? defaults.pooling : { value: pooling, guessed: false };
  return { files: texts, defaults: { ...defaults, pooling: chosen }, dimension: hiddenSize ?? 0 };
}

/** Throws `model-invalid` if a folder can't be used, as far as its text files show that. */
export async function checkOnnxTexts(files: FolderFile[], pooling: Pooling | null): Promise<void> {
  await describe(files, pooling);
}

async function storeFile(
  db: Database,
  { path, file }: FolderFile,
  weightsId: string,
  stored: (bytes: number) => void,
): Promise<OnnxFile> {
  const [hasher, writer] = [await sha256Hasher(), new WeightWriter(db, weightsId)];
  let bytes = 0;
  const reader = file.stream().getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    hasher.update(next.value);
    await writer.write(next.value);
    stored(next.value.length);
    bytes += next.value.length;
  }
  await writer.finish();
  return { path, bytes, sha256: hasher.hex(), weightsId };
}

/**
 * Reads a folder with an ONNX graph for transformers.js and stores it, one piece at a time. Progress counts bytes of
 * the graph and its data. Throws `model-invalid` and stores nothing if the folder can't be used; whether the graph can
 * be run shows when texts are encoded.
 */
export async function importOnnx(
  db: Database,
  files: FolderFile[],
  { graph: path, pooling }: OnnxChoice,
  { name, hub, progress, fileDone = () => Promise.resolve() }: ModelImport & { name: string; progress: Progress },
): Promise<OnnxModel> {
  const described = await describe(files, pooling);
  const found = onnxGraphs(files).find(({ graph }) => graph.path === path);
  if (!found) throw modelError(path, 'missing-file');
  const wanted = [found.graph, ...found.data];
  for (const { path: one, file } of wanted) {
    if (file.size === 0) throw modelError(one, 'empty');
    await refuseLfsPointer(file, one);
  }
  const of = wanted.reduce((sum, { file }) => sum + file.size, 0);
  await requireStorage(of);
  const ids = wanted.map(() => newWeightsId('model'));
  let done = 0;
  const store = async (): Promise<OnnxFile[]> => {
    const stored: OnnxFile[] = [];
    for (const [i, one] of wanted.entries()) {
      stored.push(await storeFile(db, one, ids[i] ?? '', (bytes) => progress((done += bytes), of)));
      await fileDone(one.path);
    }
    return stored;
  };
  try {
    const [graph, ...data] = await needing(of, store);
    if (!graph) throw modelError(path, 'missing-file');
    const contentSha256 = await identityOf({ ...described, graph, data });
    const origin = hub ? { hub } : {};
    const model = { contentSha256, name, ...described, graph, data, ...origin, createdAt: Date.now() };
    return await putOnnxModel(db, model);
  } catch (thrown) {
    for (const id of ids) await deleteWeights(db, id);
    throw thrown;
  }
}

/** Covers all bytes and texts of the model, and its pooling. */
function identityOf(model: Described & Pick<OnnxModel, 'graph' | 'data'>): Promise<string> {
  const hashes = onnxFiles(model).map(({ sha256 }) => sha256);
  return sha256Hex(canonicalJson({ hashes, files: model.files, pooling: model.defaults.pooling.value }));
}
