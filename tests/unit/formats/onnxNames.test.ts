import * as ort from 'onnxruntime-web/wasm';
import { expect, test } from 'vitest';
import type { EncoderConfig } from '../../../src/domain/model';
import { bertGraph } from '../../../workers/formats/onnx/bertGraph';
import { onnxModel } from '../../../workers/formats/onnx/onnxModel';

const config: EncoderConfig = {
  layers: 1,
  hiddenSize: 4,
  heads: 2,
  intermediateSize: 8,
  vocabularySize: 5,
  maxPositions: 6,
  typeVocabularySize: 2,
  layerNormEpsilon: 1e-12,
  hiddenDropout: 0,
  attentionDropout: 0,
  padTokenId: 0,
};
const options = { config, pooling: 'mean', normalize: true } as const;
const tokens = ['batch_size', 'sequence_length'];

test('an exported graph names its inputs, its outputs and their axes as transformers does', () => {
  const { name, inputs, outputs } = bertGraph(options);
  expect(name).toBe('encoder');
  expect(inputs).toEqual(
    ['input_ids', 'attention_mask', 'token_type_ids'].map((input) => ({ name: input, type: 'int64', shape: tokens })),
  );
  expect(outputs).toEqual([
    { name: 'last_hidden_state', type: 'float', shape: [...tokens, 4] },
    { name: 'sentence_embedding', type: 'float', shape: ['batch_size', 4] },
  ]);
});

test('onnxruntime reads the names and sizes of the axes from an exported model', async () => {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const floats = new Map(
    bertGraph(options).initializers.map(({ source, shape }) => [
      source.kind === 'constant' ? '' : source.name,
      shape.reduce((product, size) => product * size, 1),
    ]),
  );
  const read = (name: string) => Promise.resolve(new Float32Array(floats.get(name) ?? 0));
  for await (const piece of onnxModel({ ...options, producer: { name: 'recallsmith', version: 'test' }, read }))
    pieces.push(piece);
  ort.env.wasm.numThreads = 1;
  // Test files share the package, and the export's check makes it load from a site.
  ort.env.wasm.wasmPaths = undefined;
  const session = await ort.InferenceSession.create(new Uint8Array(await new Blob(pieces).arrayBuffer()));
  const shapes = (values: readonly ort.InferenceSession.ValueMetadata[]) =>
    values.map((value) => (value.isTensor ? [value.name, value.type, value.shape] : value.name));
  expect(shapes(session.inputMetadata)).toEqual([
    ['input_ids', 'int64', tokens],
    ['attention_mask', 'int64', tokens],
    ['token_type_ids', 'int64', tokens],
  ]);
  expect(shapes(session.outputMetadata)).toEqual([
    ['last_hidden_state', 'float32', [...tokens, 4]],
    ['sentence_embedding', 'float32', ['batch_size', 4]],
  ]);
  await session.release();
});
