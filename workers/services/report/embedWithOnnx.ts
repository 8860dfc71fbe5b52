import { AppError } from '../../../src/domain/errors';
import { loadRuntime } from '../onnx/onnxRuntime';

/** Runs the file in onnxruntime-web, an independent runtime that shows what other tools will compute. */
export async function embedWithOnnx(onnx: Blob, tokenIds: number[][], ortBaseUrl: string): Promise<Float32Array[]> {
  const ort = await loadRuntime(ortBaseUrl);
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
