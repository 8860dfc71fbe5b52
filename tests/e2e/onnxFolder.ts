import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onnxModel } from '../../workers/formats/onnx/onnxModel';
import { demoModel } from './support';

/** Writes the demo model as a folder with an ONNX file, as a hub has it: without the weights in safetensors. */
export async function writeOnnxFolder(folder: string): Promise<void> {
  await cp(demoModel, folder, { recursive: true, filter: (path) => !path.endsWith('.safetensors') });
  const config = JSON.parse(await readFile(join(demoModel, 'config.json'), 'utf8')) as Record<string, number>;
  const file = await readFile(join(demoModel, 'model.safetensors'));
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes)) as Record<
    string,
    { data_offsets: [number, number]; dtype: string }
  >;
  const read = (name: string): Promise<Float32Array<ArrayBuffer>> => {
    const {
      data_offsets: [begin, end],
      dtype,
    } = header[name] ?? header[`bert.${name}`] ?? { data_offsets: [0, 0], dtype: '' };
    const bytes = file.subarray(8 + headerBytes + begin, 8 + headerBytes + end);
    if (dtype === 'F32') return Promise.resolve(new Float32Array(new Uint8Array(bytes).buffer));
    if (dtype !== 'F16') throw new Error(`${name} is ${dtype}`);
    return Promise.resolve(Float32Array.from({ length: bytes.length / 2 }, (_, i) => half(bytes.readUInt16LE(2 * i))));
  };
  const pieces: Uint8Array[] = [];
  const sizes = {
    layers: config['num_hidden_layers'] ?? 0,
    hiddenSize: config['hidden_size'] ?? 0,
    heads: config['num_attention_heads'] ?? 0,
    intermediateSize: config['intermediate_size'] ?? 0,
    vocabularySize: config['vocab_size'] ?? 0,
    maxPositions: config['max_position_embeddings'] ?? 0,
    typeVocabularySize: config['type_vocab_size'] ?? 0,
    layerNormEpsilon: config['layer_norm_eps'] ?? 1e-12,
    ...{ hiddenDropout: 0, attentionDropout: 0, padTokenId: config['pad_token_id'] ?? 0 },
  };
  const producer = { name: 'recallsmith', version: 'test' };
  for await (const piece of onnxModel({ config: sizes, pooling: 'mean', normalize: true, producer, read }))
    pieces.push(piece);
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'onnx/model.onnx'), Buffer.concat(pieces));
}

/** Returns the value of an IEEE half-precision number. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return exponent === 31 ? NaN : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
