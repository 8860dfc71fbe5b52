import type { EncoderConfig } from '../../../src/domain/model';
import type { StoredTensor } from '../../../src/domain/modelTensors';
import { embeddingParameterNames } from '../../engine/model/parameterNames';
import { parameterShapes } from '../../engine/model/parameterShapes';
import { modelError } from '../../formats/modelError';
import { type TensorFile } from '../../formats/tensorFile';

/** Tensors start at multiples of 64 floats, which are 256 bytes, the alignment of binding offsets in WebGPU. */
const alignment = 64;

/** Captures the encoder's own name of a parameter, after any prefix such as `bert.` or `0.auto_model.`. */
const parameter =
  /(?:^|\.)((?:embeddings\.(?:word|position|token_type)_embeddings|embeddings\.LayerNorm|encoder\.layer\.\d+)\..+)$/;

/** Checkpoints converted from TensorFlow call the weight and bias of LayerNorm gamma and beta. */
const oldParts: Record<string, string> = { gamma: 'weight', beta: 'bias' };

function canonicalName(name: string): string | undefined {
  return parameter.exec(name)?.[1]?.replace(/(?<=LayerNorm\.)(?:gamma|beta)$/, (part) => oldParts[part] ?? part);
}

/**
 * Maps canonical tensor names to the names in the file. If two have the same canonical name, takes the one in fewer
 * dicts: training programs keep an average of the weights in a dict beside them. Throws `two-encoders` if both are in
 * equally many.
 */
function tensorNames(source: TensorFile): Map<string, string> {
  const names = new Map<string, string>();
  const wrappersOf = (name: string): number => source.tensors.get(name)?.wrappers ?? 0;
  for (const name of source.tensors.keys()) {
    const canonical = canonicalName(name);
    if (canonical === undefined) continue;
    const other = names.get(canonical);
    // Those in fewer dicts come first.
    if (other !== undefined && wrappersOf(other) < wrappersOf(name)) continue;
    if (other !== undefined) throw modelError(source.fileOf(name), 'two-encoders', { expected: other, found: name });
    names.set(canonical, name);
  }
  return names;
}

/**
 * Throws if the file holds a whole SentenceTransformer, whose modules are numbered, and one of them besides the
 * encoder has weights, such as `2.linear.weight` of a Dense module.
 */
function refuseOtherModules(source: TensorFile, encoderName: string | undefined): void {
  const numberOf = (name: string): string | undefined => /^(\d+)\./.exec(name)?.[1];
  const own = encoderName === undefined ? undefined : numberOf(encoderName);
  if (own === undefined) return;
  for (const name of source.tensors.keys()) {
    const number = numberOf(name);
    if (number !== undefined && number !== own)
      throw modelError(source.fileOf(name), 'module-unsupported', { found: name });
  }
}

export interface EncoderLayout {
  tensors: StoredTensor[];
  totalFloats: number;
}

export function encoderLayout(config: EncoderConfig): EncoderLayout {
  let offset = 0;
  const tensors = parameterShapes(config).map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const entry = { name, shape, offset, length };
    offset = Math.ceil((offset + length) / alignment) * alignment;
    return entry;
  });
  return { tensors, totalFloats: offset };
}

/** A parameter of the encoder and where its values are. */
export interface EncoderTensor {
  entry: StoredTensor;
  /** Name of the tensor in the file. */
  name: string;
  /** Number of floats at the start of the file's tensor that are not part of the parameter. */
  skip: number;
}

/**
 * Finds every parameter of the encoder in the file. `positionsSkipped` rows of the position table come before the first
 * position. Throws if a parameter is missing or its shape differs from the one that config.json implies. Also throws if
 * the file has a parameter that this encoder lacks, because vectors computed without it would differ from the model's.
 */
export function findEncoderTensors(
  layout: EncoderLayout,
  source: TensorFile,
  positionsSkipped: number,
): EncoderTensor[] {
  const names = tensorNames(source);
  refuseOtherModules(source, names.get(embeddingParameterNames.words));
  const found = layout.tensors.map((entry): EncoderTensor => {
    const [rows = 0, ...rest] = entry.shape;
    const skipped = entry.name === embeddingParameterNames.positions ? positionsSkipped : 0;
    const expected = [rows + skipped, ...rest];
    const name = names.get(entry.name);
    const tensor = name === undefined ? undefined : source.tensors.get(name);
    if (name === undefined || !tensor)
      throw modelError(source.fileOf(entry.name), 'tensor-missing', { tensor: entry.name });
    if (tensor.shape.join() !== expected.join())
      throw modelError(source.fileOf(name), 'tensor-shape', {
        tensor: entry.name,
        expected: `[${expected.join(', ')}]`,
        found: `[${tensor.shape.join(', ')}]`,
      });
    return { entry, name, skip: (skipped * entry.length) / Math.max(1, rows) };
  });
  const known = new Set(layout.tensors.map(({ name }) => name));
  for (const [canonical, name] of names)
    if (!known.has(canonical)) throw modelError(source.fileOf(name), 'tensor-unknown', { tensor: name });
  return found;
}

/** Returns a parameter's values. Throws `tensor-not-finite` at the first NaN or infinity. */
export async function readEncoderTensor(source: TensorFile, { name, skip }: EncoderTensor): Promise<Float32Array> {
  const values = (await source.read(name)).subarray(skip);
  refuseNotFinite(source, name, values);
  return values;
}

/** Throws `tensor-not-finite` at the first NaN or infinity. */
export function refuseNotFinite(source: TensorFile, name: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw modelError(source.fileOf(name), 'tensor-not-finite', { tensor: name, found: String(values[at]) });
}
