import type { StoredModel } from '../../../src/domain/model';
import type { HubOrigin } from '../../../src/domain/import/hubOrigin';
import { sha256Hasher } from '../../../src/domain/hash';
import type { FolderFile, Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { needing, requireStorage } from '../../../src/storage/space';
import { newWeightsId } from '../../../src/storage/weightKeys';
import { deleteWeights, WeightWriter } from '../../../src/storage/weights';
import { modelError } from '../../formats/modelError';
import { isFileDType, type TensorFile } from '../../formats/tensorFile';
import {
  findEncoderTensors,
  encoderLayout,
  readEncoderTensor,
  type EncoderTensor,
  type EncoderLayout,
} from './encoderTensors';
import { asBertConfig, readModelDefaults, readEncoderConfig } from './importModelConfig';
import { parseModelJson } from './parseModelJson';
import { openModelFolder, readModelText, type ModelFolder } from './modelFolder';
import { modelIdentity } from './modelIdentity';
import { storeRecord } from './modelRecord';
import {
  refuseLeftTruncation,
  tokenizerFromVocabulary,
  tokenizerSize,
  tokenizerWithFlags,
  tokenizerWithLowercase,
} from './modelTokenizer';
import { openModelWeights } from './modelWeights';
import { findUntrained, storeUntrained, type FoundUntrained } from './storeUntrained';

/**
 * Returns the tokenizer.json to store. It is read from the folder or made from vocab.txt, has the flags of
 * tokenizer_config.json, and lowercases if sentence_bert_config.json asks for that.
 */
export async function tokenizerText({ transformer, texts }: ModelFolder): Promise<string> {
  let text = texts['tokenizer.json'];
  if (text === undefined) {
    if (texts['vocab.txt'] === undefined) throw modelError('tokenizer.json', 'missing-file');
    const added = transformer.get('added_tokens.json');
    text = tokenizerFromVocabulary(texts, added && (await readModelText(added, 'added_tokens.json')));
  }
  refuseLeftTruncation(texts, text);
  text = tokenizerWithFlags(text, texts['tokenizer_config.json']);
  const sentence = texts['sentence_bert_config.json'];
  const lowercases =
    sentence !== undefined && parseModelJson('sentence_bert_config.json', sentence)['do_lower_case'] === true;
  return lowercases ? tokenizerWithLowercase(text) : text;
}

/**
 * Returns the text of tokenizer_config.json to store. XLM-RoBERTa is stored as BERT, so the file must state the
 * tokenizer's class, which transformers would otherwise derive from the model type.
 */
function tokenizerConfigText(text: string | undefined, isBert: boolean): string | undefined {
  if (isBert) return text;
  const config = text === undefined ? {} : parseModelJson('tokenizer_config.json', text);
  return JSON.stringify({ tokenizer_class: 'XLMRobertaTokenizer', ...config }, null, 2);
}

interface Described extends Pick<StoredModel, 'config' | 'defaults'> {
  files: Record<'config.json' | 'tokenizer.json', string> & Record<string, string>;
  positionsSkipped: number;
}

/**
 * Reads the folder except its weights. Returns its text files in the form in which they are stored, some of them
 * changed.
 */
async function describe(folder: ModelFolder): Promise<Described> {
  const original = folder.texts['config.json'];
  if (original === undefined) throw modelError('config.json', 'missing-file');
  const { text, positionsSkipped } = asBertConfig(original);
  const config = readEncoderConfig(text);
  const tokenizer = await tokenizerText(folder);
  const vocabulary = tokenizerSize(tokenizer);
  if (vocabulary > config.vocabularySize)
    throw modelError('tokenizer.json', 'vocabulary-mismatch', {
      expected: String(config.vocabularySize),
      found: String(vocabulary),
    });
  // The export reads this file. It must not fail then, after the training.
  const specials = folder.texts['special_tokens_map.json'];
  if (specials !== undefined) parseModelJson('special_tokens_map.json', specials);
  const tokenizerConfig = tokenizerConfigText(folder.texts['tokenizer_config.json'], text === original);
  const files = {
    ...folder.texts,
    'config.json': text,
    'tokenizer.json': tokenizer,
    ...(tokenizerConfig === undefined ? {} : { 'tokenizer_config.json': tokenizerConfig }),
  };
  return { config, files, defaults: readModelDefaults(files, config, folder.normalizes), positionsSkipped };
}

/** Throws `model-invalid` if the text files show that a model can't be used. */
export async function checkModelTexts(files: FolderFile[]): Promise<void> {
  await describe(await openModelFolder(files));
}

/** A model folder that has everything an import needs. None of its tensors has been read yet. */
interface FoundModel {
  described: Omit<Described, 'positionsSkipped'>;
  source: TensorFile;
  layout: EncoderLayout;
  tensors: EncoderTensor[];
  untrained: FoundUntrained[];
}

async function findModel(files: FolderFile[]): Promise<FoundModel> {
  const folder = await openModelFolder(files);
  const { positionsSkipped, ...described } = await describe(folder);
  const source = await openModelWeights(folder.transformer);
  const layout = encoderLayout(described.config);
  const tensors = findEncoderTensors(layout, source, positionsSkipped);
  return { described, source, layout, tensors, untrained: findUntrained(described.config, source, tensors) };
}

/**
 * Returns a function to call after each tensor is read. It calls `done` with the name of a file once all its tensors
 * are read.
 */
function fileWatch({ source, tensors }: FoundModel, done: (file: string) => Promise<void>) {
  const lastOf = new Map(tensors.map((tensor) => [source.fileOf(tensor.name), tensor]));
  return async (tensor: EncoderTensor): Promise<void> => {
    const file = source.fileOf(tensor.name);
    if (lastOf.get(file) === tensor) await done(file);
  };
}

/** Stores the tensors as float32, with one of them in memory at a time. Calls `each` with every tensor's values. */
async function storeTensors(
  writer: WeightWriter,
  { source, tensors, layout }: FoundModel,
  each: (values: Float32Array, tensor: EncoderTensor) => Promise<void>,
): Promise<void> {
  let at = 0;
  for (const tensor of tensors) {
    const { offset, length } = tensor.entry;
    const values = await readEncoderTensor(source, tensor);
    if (offset > at) await writer.write(new Float32Array(offset - at));
    await writer.write(values);
    at = offset + length;
    await each(values, tensor);
  }
  await writer.write(new Float32Array(layout.totalFloats - at));
  await writer.finish();
}

/** Stores the weights and returns the hash of config.json, tokenizer.json and the weights. */
async function storeWeights(
  writer: WeightWriter,
  found: FoundModel,
  progress: Progress,
  fileDone: (file: string) => Promise<void>,
): Promise<string> {
  const { 'config.json': config, 'tokenizer.json': tokenizer } = found.described.files;
  const hasher = (await sha256Hasher()).update(config).update(tokenizer);
  const all = found.tensors.reduce((sum, { entry }) => sum + entry.length, 0);
  const read = fileWatch(found, fileDone);
  let floats = 0;
  await storeTensors(writer, found, async (values, tensor) => {
    hasher.update(values);
    progress((floats += values.length) * 4, all * 4);
    await read(tensor);
  });
  return hasher.hex();
}

export interface ModelImport {
  /** Where the folder was fetched from. */
  hub?: HubOrigin;
  /** Called with the path of each file of weights once everything that is kept of it is stored. */
  fileDone?: (file: string) => Promise<void>;
}

async function storeModel(
  db: Database,
  found: FoundModel,
  ids: { weights: string; untrained: string },
  { name, progress, hub, fileDone = () => Promise.resolve() }: ModelImport & { name: string; progress: Progress },
): Promise<StoredModel> {
  const { described, source, layout, tensors } = found;
  // These tensors are stored first, because `fileDone` may delete their file as soon as its other tensors are stored.
  const untrained = await storeUntrained(new WeightWriter(db, ids.untrained), ids.untrained, source, found.untrained);
  const base = await storeWeights(new WeightWriter(db, ids.weights), found, progress, fileDone);
  const dtype = source.tensors.get(tensors[0]?.name ?? '')?.dtype;
  const model: StoredModel = {
    contentSha256: await modelIdentity(db, base, described),
    name,
    ...described,
    ...layout,
    weightsId: ids.weights,
    untrained,
    sourceDtype: isFileDType(dtype) ? dtype : 'F32',
    ...(hub ? { hub } : {}),
    createdAt: Date.now(),
  };
  return storeRecord(db, model, base);
}

/**
 * Reads a Hugging Face folder of a BERT-type encoder and stores it as float32 in canonical order, one tensor at a time.
 * If the model is already stored, its record gets the name, lengths and files of this folder. Progress counts stored
 * bytes. If the folder is invalid, stores nothing and throws `model-invalid` with file and tensor.
 */
export async function importModel(
  files: FolderFile[],
  name: string,
  progress: Progress,
  db: Database,
  options: ModelImport = {},
): Promise<StoredModel> {
  const found = await findModel(files);
  const ids = { weights: newWeightsId('model'), untrained: newWeightsId('model') };
  const bytes = found.untrained.reduce((sum, { kept }) => sum + kept.bytes, found.layout.totalFloats * 4);
  await requireStorage(bytes);
  try {
    return await needing(bytes, () => storeModel(db, found, ids, { name, progress, ...options }));
  } catch (thrown) {
    await deleteWeights(db, ids.weights);
    await deleteWeights(db, ids.untrained);
    throw thrown;
  }
}
