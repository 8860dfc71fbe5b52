import type { StoredModel } from '../../../src/domain/model';
import { sha256Hasher } from '../../../src/domain/hash';
import type { FolderFile, Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { getModel, redirectModels, putModel } from '../../../src/storage/models';
import { newWeightsId } from '../../../src/storage/weightKeys';
import { deleteWeights, hasWeights, WeightWriter } from '../../../src/storage/weights';
import { isFileDType, modelError, type TensorFile } from '../../formats/tensorFile';
import { findTensors, layOut, readFinite, type EncoderTensor, type Layout } from './encoderTensors';
import { asBertConfig, parseJson, readDefaults, readEncoderConfig } from './importModelConfig';
import { openModelFolder, readText, type ModelFolder } from './modelFolder';
import { modelIdentity } from './modelIdentity';
import { tokenizerFromVocabulary, tokenizerSize, withLowercase } from './modelTokenizer';
import { openWeights } from './modelWeights';

/** Returns tokenizer.json as it is stored: read from the folder, or made from vocab.txt. */
async function tokenizerText({ transformer, texts }: ModelFolder): Promise<string> {
  let text = texts['tokenizer.json'];
  if (text === undefined) {
    if (texts['vocab.txt'] === undefined) throw modelError('tokenizer.json', 'missing-file');
    const added = transformer.get('added_tokens.json');
    text = tokenizerFromVocabulary(texts, added && (await readText(added, 'added_tokens.json')));
  }
  const sentence = texts['sentence_bert_config.json'];
  const lowercases =
    sentence !== undefined && parseJson('sentence_bert_config.json', sentence)['do_lower_case'] === true;
  return lowercases ? withLowercase(text) : text;
}

/** XLM-RoBERTa is stored as BERT. States the tokenizer's class, which transformers would take from the model's type. */
function tokenizerConfigText(text: string | undefined, isBert: boolean): string | undefined {
  if (isBert) return text;
  const config = text === undefined ? {} : parseJson('tokenizer_config.json', text);
  return JSON.stringify({ tokenizer_class: 'XLMRobertaTokenizer', ...config }, null, 2);
}

interface Described extends Pick<StoredModel, 'config' | 'defaults'> {
  files: Record<'config.json' | 'tokenizer.json', string> & Record<string, string>;
  positionsSkipped: number;
}

/** Reads all of the folder but the weights. Text files that are stored differ from the folder's where they must. */
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
  const tokenizerConfig = tokenizerConfigText(folder.texts['tokenizer_config.json'], text === original);
  const files = {
    ...folder.texts,
    'config.json': text,
    'tokenizer.json': tokenizer,
    ...(tokenizerConfig === undefined ? {} : { 'tokenizer_config.json': tokenizerConfig }),
  };
  return { config, files, defaults: readDefaults(files, config, folder.normalizes), positionsSkipped };
}

/** Stores the tensors as float32 with one of them in memory at a time. Calls `each` with the values of each. */
async function storeTensors(
  writer: WeightWriter,
  source: TensorFile,
  tensors: EncoderTensor[],
  { totalFloats }: Layout,
  each: (values: Float32Array) => void,
): Promise<void> {
  let at = 0;
  for (const tensor of tensors) {
    const { offset, length } = tensor.entry;
    const values = await readFinite(source, tensor);
    if (offset > at) await writer.write(new Float32Array(offset - at));
    await writer.write(values);
    at = offset + length;
    each(values);
  }
  await writer.write(new Float32Array(totalFloats - at));
  await writer.finish();
}

/**
 * Stores the record of a model whose weights were just written. The record of a known model takes what this folder
 * says, but keeps its earlier weights, because a run may be reading them. The new weights replace them only if parts of
 * them are missing. The record is written last, so a listed model is complete.
 */
async function storeRecord(db: Database, model: StoredModel, base: string): Promise<StoredModel> {
  const known = await getModel(db, model.contentSha256);
  const { weightsId, createdAt } = known ?? model;
  const keepsWeights = known !== undefined && (await hasWeights(db, weightsId, model.totalFloats * 4));
  const stored = keepsWeights ? { ...model, weightsId, createdAt } : { ...model, createdAt };
  await putModel(db, stored);
  if (known && !keepsWeights) await redirectModels(db, known.weightsId, model.weightsId);
  if (known) await deleteWeights(db, keepsWeights ? model.weightsId : known.weightsId);
  // Experiments shared by earlier versions look for the model under `base`.
  const former = base === stored.contentSha256 ? stored : await getModel(db, base);
  if (!former || former.aliasOf === stored.contentSha256)
    await putModel(db, { ...stored, contentSha256: base, aliasOf: stored.contentSha256 });
  return stored;
}

/**
 * Reads a Hugging Face folder of a BERT-type encoder and stores it as float32 in canonical order, one tensor at a time.
 * The record of a model that is already stored takes name, lengths and files of this folder. Progress counts bytes as
 * stored. Throws `model-invalid` with file and tensor; then nothing is stored.
 */
export async function importModel(
  files: FolderFile[],
  name: string,
  progress: Progress,
  db: Database,
): Promise<StoredModel> {
  const folder = await openModelFolder(files);
  const { positionsSkipped, ...described } = await describe(folder);
  const source = await openWeights(folder.transformer);
  const layout = layOut(described.config);
  const tensors = findTensors(layout, source, positionsSkipped);
  const { 'config.json': config, 'tokenizer.json': tokenizer } = described.files;
  const hasher = (await sha256Hasher()).update(config).update(tokenizer);
  const weightsId = newWeightsId('model');
  try {
    let floats = 0;
    const all = tensors.reduce((sum, { entry }) => sum + entry.length, 0);
    await storeTensors(new WeightWriter(db, weightsId), source, tensors, layout, (values) => {
      hasher.update(values);
      progress((floats += values.length) * 4, all * 4);
    });
    const base = hasher.hex();
    const dtype = source.tensors.get(tensors[0]?.name ?? '')?.dtype;
    const model: StoredModel = {
      contentSha256: await modelIdentity(db, base, described),
      name,
      ...described,
      ...layout,
      weightsId,
      sourceDtype: isFileDType(dtype) ? dtype : 'F32',
      createdAt: Date.now(),
    };
    return await storeRecord(db, model, base);
  } catch (thrown) {
    await deleteWeights(db, weightsId);
    throw thrown;
  }
}
