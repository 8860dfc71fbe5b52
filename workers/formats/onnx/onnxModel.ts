import { bertGraph, type BertInitializer, type BertGraphOptions } from './bertGraph';
import { graphProtoBytes, initializerProtoBytes, initializerProtoPrefix, modelProtoPrefix } from './onnxProto';

/** The first opset with LayerNormalization, and the last in which ReduceL2 takes its axes as an attribute. */
const opset = 17;

interface OnnxModelOptions extends BertGraphOptions {
  producer: { name: string; version: string };
  /** Returns a parameter's values by its canonical name. */
  read: (name: string) => Promise<Float32Array<ArrayBuffer>>;
}

function bytesOf(values: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Transposes a [rows, columns] matrix, in blocks that fit in the cache. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  const block = 32;
  for (let r0 = 0; r0 < rows; r0 += block)
    for (let c0 = 0; c0 < columns; c0 += block)
      for (let r = r0; r < Math.min(r0 + block, rows); r++)
        for (let c = c0; c < Math.min(c0 + block, columns); c++) result[c * rows + r] = values[r * columns + c] ?? 0;
  return result;
}

async function dataOf(initializer: BertInitializer, read: OnnxModelOptions['read']): Promise<Uint8Array<ArrayBuffer>> {
  const { source, type, shape } = initializer;
  switch (source.kind) {
    case 'parameter':
      return bytesOf(await read(source.name));
    case 'transposed': {
      const [inSize = 0, outSize = 0] = shape;
      return bytesOf(transposed(await read(source.name), outSize, inSize));
    }
    case 'constant':
      return bytesOf(type === 'float' ? Float32Array.from(source.values) : BigInt64Array.from(source.values, BigInt));
    default:
      return source satisfies never;
  }
}

/**
 * Yields the bytes of an ONNX model piece by piece. All lengths are known in advance, so only one tensor is in memory
 * at a time. Inputs: int64 input_ids, attention_mask and token_type_ids [batch_size, sequence_length]. Outputs:
 * last_hidden_state [batch_size, sequence_length, H] and sentence_embedding [batch_size, H].
 */
export async function* onnxModel(options: OnnxModelOptions): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const graph = bertGraph(options);
  const frame = graphProtoBytes(graph);
  const graphLength = graph.initializers.reduce(
    (sum, initializer) => sum + initializerProtoBytes(initializer),
    frame.length,
  );
  yield modelProtoPrefix(opset, options.producer, graphLength);
  yield frame;
  for (const initializer of graph.initializers) {
    yield initializerProtoPrefix(initializer);
    yield await dataOf(initializer, options.read);
  }
}
