import type { EncoderConfig } from '../../../src/domain/model';
import type { FileDType } from '../../../src/domain/modelTensors';
import type { FolderFile } from '../../../src/protocol/dataApi';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { writeSafetensors } from '../../../workers/formats/safetensors';
import { statePickle, torchArchive } from '../formats/torchFile';

/** config.json of a BERT with one layer. */
export const sizes = {
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  vocab_size: 5,
  max_position_embeddings: 12,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
};
export const config: EncoderConfig = {
  layers: 1,
  hiddenSize: 8,
  heads: 2,
  intermediateSize: 16,
  vocabularySize: 5,
  maxPositions: 12,
  typeVocabularySize: 2,
  layerNormEpsilon: 1e-12,
  hiddenDropout: 0,
  attentionDropout: 0,
  padTokenId: 0,
};

export const vocab = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, i]));

export interface Tensor {
  name: string;
  shape: number[];
  /** Floats, or raw bytes if `dtype` is given. */
  values: Float32Array | Uint8Array;
  dtype?: FileDType;
}

const lengthOf = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);

/** Returns the tensors of the tiny model, each with different values. */
export function tinyTensors(of: EncoderConfig = config): (Tensor & { values: Float32Array })[] {
  return parameterShapes(of).map(({ name, shape }) => ({
    name,
    shape,
    values: Float32Array.from({ length: lengthOf(shape) }, (_, i) => i + name.length),
  }));
}

export async function safetensors(tensors: Tensor[], name = 'model.safetensors'): Promise<File> {
  const values = new Map(tensors.map((tensor) => [tensor.name, tensor.values]));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of writeSafetensors(tensors, (tensor) =>
    Promise.resolve((values.get(tensor) ?? new Float32Array(0)).slice()),
  ))
    pieces.push(piece);
  return new File(pieces, name);
}

/** Returns a model folder as a list of files. A text of null leaves the file out. */
export function folderOf(weights: Record<string, File>, texts: Record<string, string | null> = {}): FolderFile[] {
  const all: Record<string, string | null> = {
    'config.json': JSON.stringify(sizes),
    'tokenizer.json': JSON.stringify({ model: { type: 'WordPiece', vocab: vocab(5) } }),
    ...texts,
  };
  const list = Object.entries(all).flatMap(([path, text]) =>
    text === null ? [] : [{ path: `some/folder/${path}`, file: new File([text], path) }],
  );
  return [...list, ...Object.entries(weights).map(([path, file]) => ({ path: `some/folder/${path}`, file }))];
}

/** Returns the folder of the tiny model with its weights in one safetensors file. */
export async function tinyFolder(
  texts: Record<string, string | null> = {},
  tensors: Tensor[] = tinyTensors(),
): Promise<FolderFile[]> {
  return folderOf({ 'model.safetensors': await safetensors(tensors) }, texts);
}

/** Writes the tensors in the form of torch.save, with one storage each. */
export async function torchFile(tensors: (Tensor & { values: Float32Array })[]): Promise<File> {
  const pickle = statePickle(
    ...tensors.map(({ name, shape, values }, key) => ({
      name,
      key: String(key),
      elements: values.length,
      shape,
      strides: shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1)),
    })),
  );
  const storages = tensors.map(({ values }) => new Float32Array(values));
  return new File([await torchArchive(pickle, ...storages)], 'pytorch_model.bin');
}
