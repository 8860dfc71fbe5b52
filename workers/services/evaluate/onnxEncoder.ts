import { canonicalJson } from '../../../src/domain/canonicalJson';
import { sha256Hex } from '../../../src/domain/hash';
import { onnxName } from '../../../src/domain/onnxModel';
import type { Database } from '../../../src/storage/database';
import { runtimeVersion } from '../onnx/onnxRuntime';
import { openTransformersModel, transformersVersion, type TransformersModel } from '../onnx/transformersModel';
import { lowercasesFirst } from '../tokenize/letterCase';
import { TextTokenizer } from '../tokenize/textTokenizer';
import type { BetweenBatches } from './betweenBatches';
import type { OpenOnnx } from './candidates';
import { promptedTokens, type EncodeDeps, type SideEncoder } from './candidateVectors';
import { EncodedTexts } from './encodedTexts';
import { loadedLater } from './loadedLater';

/** Part of the key of stored vectors. Increase it when the vectors of the same texts and model change. */
const onnxVectorsVersion = 1;

/** Texts between two reports of progress. */
const reportedTexts = 16;

interface OnnxDeps extends Pick<EncodeDeps, 'between'> {
  db: Database;
  ortBaseUrl: string;
}

/**
 * Returns the encoder of a model that transformers.js runs. Texts are encoded one by one: in a batch, the vectors of a
 * quantized model depend on the other texts.
 */
export function onnxEncoder({ onnx, settings }: OpenOnnx, { db, ortBaseUrl, between }: OnnxDeps): SideEncoder {
  const { pooling, maxTokens, queryPrefix, passagePrefix } = settings;
  const model = loadedLater(
    () => openTransformersModel(db, onnx, pooling, ortBaseUrl),
    () => between('load'),
  );
  return {
    name: onnxName(onnx),
    keyOf: ({ side, sha256 }) => {
      const prompt = side === 'passages' ? passagePrefix : queryPrefix;
      const runtime = [onnxVectorsVersion, transformersVersion, runtimeVersion];
      const of = { runtime, onnx: onnx.contentSha256, lowercases: lowercasesFirst(onnx.files), pooling, maxTokens };
      return sha256Hex(canonicalJson({ ...of, prompt, texts: sha256 }));
    },
    encode: async (of) => {
      const set = await promptedTokens(settings, of, new TextTokenizer(onnx), between('load'));
      const loaded = await model.get();
      const begun = performance.now();
      const vectors = await encodeAll(loaded, set, between(of.side));
      return { vectors, ms: performance.now() - begun };
    },
    dispose: () => model.dispose(),
  };
}

async function encodeAll(
  model: TransformersModel,
  { ids, offsets }: { ids: Int32Array; offsets: Uint32Array },
  between: BetweenBatches,
): Promise<EncodedTexts> {
  const count = offsets.length - 1;
  let vectors: EncodedTexts | null = null;
  for (let text = 0; text < count; text++) {
    const vector = await model.encode(ids.subarray(offsets[text], offsets[text + 1]));
    vectors ??= new EncodedTexts(count, vector.length);
    vectors.set([text], vector);
    if ((text + 1) % reportedTexts === 0 || text + 1 === count) await between(text + 1, count);
  }
  return vectors ?? new EncodedTexts(count, 1);
}
