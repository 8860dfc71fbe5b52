import { own } from '../../../src/domain/errorWords';
import { openPytorch } from '../../formats/pytorch';
import { openSafetensors } from '../../formats/safetensors';
import type { FileTensor, TensorFile } from '../../formats/tensorFile';
import { modelError } from '../../formats/modelError';
import { isJsonObject, parseModelJson } from './parseModelJson';
import { readModelText } from './modelFolder';
import { refuseLfsPointer } from './lfsPointer';

/** Files that may hold the weights, in the order in which transformers looks for them. */
const weightNames = ['model.safetensors', 'pytorch_model.bin'] as const;
/** Limit on the number of shards. The largest published models have a few hundred. */
const maxShards = 1000;

/** Opens a file of weights. Detects the format by the content, because extensions are not reliable. */
async function openFile(file: File, name: string): Promise<TensorFile> {
  await refuseLfsPointer(file, name);
  const start = new Uint8Array(await file.slice(0, 9).arrayBuffer());
  const isZip = start[0] === 0x50 && start[1] === 0x4b;
  const isPickle = start[0] === 0x80 && (start[1] ?? 255) <= 5 && start[8] !== 0x7b;
  if (isZip || isPickle) return openPytorch(file, name);
  const isSafetensors = start[8] === 0x7b; // {
  if (name.endsWith('.bin') && file.size > 0 && !isSafetensors)
    throw modelError(name, 'pickle-invalid', { found: own('not-torch-save') });
  return openSafetensors(file, name);
}

/** Reads from `<weights>.index.json` which shard holds each tensor. */
function readWeightMap(text: string, name: string): Map<string, string> {
  const map = parseModelJson(name, text)['weight_map'];
  if (!isJsonObject(map)) throw modelError(name, 'index-invalid');
  const shards = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(map)) {
    if (typeof shard !== 'string') throw modelError(name, 'index-invalid', { tensor });
    shards.set(tensor, shard);
  }
  return shards;
}

async function openShards(folder: ReadonlyMap<string, File>, index: File, indexName: string): Promise<TensorFile> {
  const weightMap = readWeightMap(await readModelText(index, indexName), indexName);
  const names = new Set(weightMap.values());
  if (names.size === 0 || names.size > maxShards) throw modelError(indexName, 'index-invalid');
  const shards = new Map<string, TensorFile>();
  for (const name of names) {
    const file = folder.get(name);
    if (!file) throw modelError(name, 'missing-file');
    shards.set(name, await openFile(file, name));
  }
  const owner = (tensor: string): TensorFile => {
    const shard = shards.get(weightMap.get(tensor) ?? '');
    if (!shard) throw modelError(indexName, 'tensor-missing', { tensor });
    return shard;
  };
  const tensors = new Map<string, FileTensor>();
  for (const tensor of weightMap.keys()) {
    // An index may list tensors that are no longer in a file, such as position_ids. If the encoder needs one, its own
    // check reports it.
    const found = owner(tensor).tensors.get(tensor);
    if (found) tensors.set(tensor, found);
  }
  return {
    file: indexName,
    tensors,
    fileOf: (tensor) => weightMap.get(tensor) ?? indexName,
    read: (tensor) => owner(tensor).read(tensor),
    readBytes: (tensor) => owner(tensor).readBytes(tensor),
  };
}

/** Opens the weights of a model folder, in one file or in shards, without reading a tensor. */
export async function openModelWeights(folder: ReadonlyMap<string, File>): Promise<TensorFile> {
  for (const name of weightNames) {
    const file = folder.get(name);
    if (file) return openFile(file, name);
    const index = folder.get(`${name}.index.json`);
    if (index) return openShards(folder, index, `${name}.index.json`);
  }
  throw modelError(weightNames[0], 'missing-file');
}
