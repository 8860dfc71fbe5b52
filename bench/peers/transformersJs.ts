/**
 * Encodes texts with transformers.js, as a peer of the engine: runs the exported ONNX model on tokenized texts, in
 * batches sorted by length. Do not change it: results are compared over time.
 */

interface TransformersModule {
  env: {
    allowRemoteModels: boolean;
    allowLocalModels: boolean;
    localModelPath: string;
    backends: { onnx: { wasm: { wasmPaths: string; numThreads: number } } };
  };
  AutoModel: {
    from_pretrained: (
      name: string,
      options: object,
    ) => Promise<(inputs: object) => Promise<{ last_hidden_state: { data: Float32Array } }>>;
  };
  Tensor: new (type: string, data: BigInt64Array, dims: number[]) => object;
}

let loaded: { module: TransformersModule; model: Awaited<ReturnType<TransformersModule['AutoModel']['from_pretrained']>> } | undefined;

export async function openTransformersJs(base: string, device: 'wasm' | 'webgpu', threads: number): Promise<void> {
  const module: TransformersModule = await import(/* @vite-ignore */ `${base}transformers/transformers.min.js`);
  module.env.allowRemoteModels = false;
  module.env.allowLocalModels = true;
  module.env.localModelPath = '/';
  module.env.backends.onnx.wasm.wasmPaths = `${base}ort/`;
  module.env.backends.onnx.wasm.numThreads = threads;
  const model = await module.AutoModel.from_pretrained('export', { dtype: 'fp32', device });
  loaded = { module, model };
}

/** Milliseconds to encode all texts, `batchSize` at a time, each batch padded to its longest. */
export async function encodeByTransformersJs(texts: readonly (readonly number[])[], batchSize: number): Promise<number> {
  if (!loaded) throw new Error('not open');
  const { module, model } = loaded;
  const sorted = [...texts].sort((a, b) => a.length - b.length);
  const begin = performance.now();
  for (let from = 0; from < sorted.length; from += batchSize) {
    const batch = sorted.slice(from, from + batchSize);
    const length = Math.max(...batch.map((ids) => ids.length));
    const [ids, mask] = [new BigInt64Array(batch.length * length), new BigInt64Array(batch.length * length)];
    batch.forEach((text, row) =>
      text.forEach((id, i) => {
        ids[row * length + i] = BigInt(id);
        mask[row * length + i] = 1n;
      }),
    );
    const tensor = (data: BigInt64Array): object => new module.Tensor('int64', data, [batch.length, length]);
    const inputs = {
      input_ids: tensor(ids),
      attention_mask: tensor(mask),
      token_type_ids: tensor(new BigInt64Array(ids.length)),
    };
    const { last_hidden_state } = await model(inputs);
    meanPool(last_hidden_state.data, mask, batch.length, length);
  }
  return performance.now() - begin;
}

function meanPool(hidden: Float32Array, mask: BigInt64Array, texts: number, length: number): Float32Array {
  const width = hidden.length / (texts * length);
  const pooled = new Float32Array(texts * width);
  for (let text = 0; text < texts; text++)
    for (let i = 0; i < length; i++)
      if (mask[text * length + i] === 1n)
        for (let h = 0; h < width; h++) pooled[text * width + h]! += hidden[(text * length + i) * width + h]!;
  return pooled;
}
