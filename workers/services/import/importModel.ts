import { modelTextFiles } from '../../../src/domain/import/modelFiles';
import type { EncoderConfig, StoredModel, TensorEntry } from '../../../src/domain/model';
import { sha256Hasher } from '../../../src/domain/hash';
import type { FolderFile, Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { getModel, putModel } from '../../../src/storage/models';
import { deleteWeights, newWeightsId, WeightWriter } from '../../../src/storage/weights';
import { parameterShapes } from '../../engine/model/names';
import { readSafetensorsHeader, readTensorAsF32, type SafetensorsHeader } from '../../formats/safetensors';
import { modelError, readDefaults, readEncoderConfig, tokenizerSize } from './importModelConfig';

/** Tensors start at multiples of 64 floats, i.e. 256 bytes, the offset alignment of WebGPU bindings. */
const alignment = 64;

/** Returns files by their path relative to the folder that holds config.json. */
function belowModelFolder(files: FolderFile[]): Map<string, File> {
  const configs = files.filter(({ path }) => path === 'config.json' || path.endsWith('/config.json'));
  const shallowest = configs
    .filter(({ path }) => !path.endsWith('1_Pooling/config.json'))
    .sort((a, b) => a.path.length - b.path.length)[0];
  if (!shallowest) throw modelError('config.json', 'missing-file');
  const folder = shallowest.path.slice(0, -'config.json'.length);
  return new Map(
    files.filter(({ path }) => path.startsWith(folder)).map(({ path, file }) => [path.slice(folder.length), file]),
  );
}

async function readKeptFiles(folder: Map<string, File>): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const path of modelTextFiles) {
    const file = folder.get(path);
    if (file) texts[path] = await file.text();
  }
  return texts;
}

/** Maps canonical tensor names, without the prefix of a wrapper such as `bert.`, to the names in the file. */
function tensorNames(header: SafetensorsHeader): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of header.tensors.keys()) {
    const at =
      /(?:^|\.)(embeddings\.(?:word|position|token_type)_embeddings|embeddings\.LayerNorm|encoder\.layer\.\d+)\./.exec(
        name,
      );
    if (at) names.set(name.slice(at.index + (name[at.index] === '.' ? 1 : 0)), name);
  }
  return names;
}

function layOut(config: EncoderConfig): { tensors: TensorEntry[]; totalFloats: number } {
  let offset = 0;
  const tensors = parameterShapes(config).map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const entry = { name, shape, offset, length };
    offset = Math.ceil((offset + length) / alignment) * alignment;
    return entry;
  });
  return { tensors, totalFloats: offset };
}

/** Throws unless the file has every parameter in the shape that config.json implies. Returns the names in the file. */
function checkTensors(tensors: TensorEntry[], header: SafetensorsHeader): Map<string, string> {
  const names = tensorNames(header);
  for (const { name, shape } of tensors) {
    const found = header.tensors.get(names.get(name) ?? '');
    if (!found) throw modelError(header.file, 'tensor-missing', { tensor: name });
    if (found.shape.join() !== shape.join())
      throw modelError(header.file, 'tensor-shape', {
        tensor: name,
        expected: `[${shape.join(', ')}]`,
        found: `[${found.shape.join(', ')}]`,
      });
  }
  return names;
}

/**
 * Reads a Hugging Face folder of a BERT-type encoder and stores it as float32 in canonical order, one tensor at a time.
 * The model's record is written last, so a listed model is complete. Returns the existing record if the model is
 * already stored. Throws `model-invalid` with file and tensor.
 */
export async function importModel(
  files: FolderFile[],
  name: string,
  progress: Progress,
  db: Database,
): Promise<StoredModel> {
  const folder = belowModelFolder(files);
  const weights = folder.get('model.safetensors');
  if (!weights) throw modelError('model.safetensors', 'missing-file');
  if (!folder.has('tokenizer.json')) throw modelError('tokenizer.json', 'missing-file');
  const texts = await readKeptFiles(folder);
  const config = readEncoderConfig(texts['config.json'] ?? '');
  const vocabulary = tokenizerSize(texts['tokenizer.json'] ?? '');
  if (vocabulary > config.vocabularySize)
    throw modelError('tokenizer.json', 'vocabulary-mismatch', {
      expected: String(config.vocabularySize),
      found: String(vocabulary),
    });
  const defaults = readDefaults(texts, config);
  const header = await readSafetensorsHeader(weights, 'model.safetensors');
  const layout = layOut(config);
  const names = checkTensors(layout.tensors, header);

  const weightsId = newWeightsId('model');
  const hasher = (await sha256Hasher()).update(texts['config.json'] ?? '').update(texts['tokenizer.json'] ?? '');
  const writer = new WeightWriter(db, weightsId);
  const bytesOf = ({ name }: TensorEntry): number => {
    const { begin, end } = header.tensors.get(names.get(name) ?? name) ?? { begin: 0, end: 0 };
    return end - begin;
  };
  const bytes = layout.tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  let read = 0;
  let at = 0;
  for (const tensor of layout.tensors) {
    const values = await readTensorAsF32(weights, header, names.get(tensor.name) ?? tensor.name);
    hasher.update(values);
    if (tensor.offset > at) await writer.write(new Float32Array(tensor.offset - at));
    await writer.write(values);
    at = tensor.offset + tensor.length;
    progress((read += bytesOf(tensor)), bytes);
  }
  await writer.write(new Float32Array(layout.totalFloats - at));
  await writer.finish();
  const contentSha256 = hasher.hex();
  const known = await getModel(db, contentSha256);
  if (known) {
    await deleteWeights(db, weightsId);
    return known;
  }
  const sourceDtype = header.tensors.get(names.get(layout.tensors[0]?.name ?? '') ?? '')?.dtype ?? 'F32';
  const model: StoredModel = {
    contentSha256,
    name,
    config,
    ...layout,
    weightsId,
    files: texts,
    defaults,
    sourceDtype,
    createdAt: Date.now(),
  };
  await putModel(db, model);
  return model;
}
