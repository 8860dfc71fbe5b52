import * as ort from 'onnxruntime-web/wasm';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import golden from '../../fixtures/engine/tinyBert.json';
import { poolings, type EncoderConfig, type Pooling } from '../../../src/domain/model';
import { onnxModel } from '../../../workers/formats/onnx/onnxModel';

const floats = new Float32Array(new Uint8Array(await readFile('tests/fixtures/engine/tinyBert.bin')).buffer);
const ranges = new Map<string, readonly number[]>(Object.entries(golden.ranges));
const config: EncoderConfig = golden.config;

function values(key: string): Float32Array<ArrayBuffer> {
  const [offset, length] = ranges.get(key) ?? [];
  if (offset === undefined || length === undefined) throw new Error(`no golden values ${key}`);
  return floats.subarray(offset, offset + length);
}

async function modelBytes(pooling: Pooling, normalize: boolean): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const producer = { name: 'recallsmith', version: 'test' };
  for await (const piece of onnxModel({
    config,
    pooling,
    normalize,
    producer,
    read: (name) => Promise.resolve(values(`weights/${name}`)),
  }))
    pieces.push(piece);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Pads the batch to its longest text and runs it in onnxruntime. */
async function run(
  bytes: Uint8Array,
  batch: number[][],
): Promise<{ hidden: Float32Array; embedding: Float32Array; width: number }> {
  ort.env.wasm.numThreads = 1;
  // Test files share the package, and the export's check makes it load from a site.
  ort.env.wasm.wasmPaths = undefined;
  const session = await ort.InferenceSession.create(bytes);
  const width = Math.max(...batch.map((ids) => ids.length));
  const tensor = (cell: (ids: number[], i: number) => number): ort.Tensor =>
    new ort.Tensor(
      'int64',
      BigInt64Array.from(batch.flatMap((ids) => Array.from({ length: width }, (_, i) => BigInt(cell(ids, i))))),
      [batch.length, width],
    );
  const outputs = await session.run({
    input_ids: tensor((ids, i) => ids[i] ?? config.padTokenId),
    attention_mask: tensor((ids, i) => (i < ids.length ? 1 : 0)),
    token_type_ids: tensor(() => 0),
  });
  expect(session.outputNames).toEqual(['last_hidden_state', 'sentence_embedding']);
  const [hidden, embedding] = [outputs['last_hidden_state']?.data, outputs['sentence_embedding']?.data];
  await session.release();
  if (!(hidden instanceof Float32Array) || !(embedding instanceof Float32Array)) throw new Error('no float outputs');
  return { hidden, embedding, width };
}

const batch = golden.anchors;

test('the exported graph reproduces PyTorch’s last hidden states in onnxruntime for a padded batch', async () => {
  const expected = values('hidden/anchors');
  const { hidden, width } = await run(await modelBytes('mean', true), batch);
  let [at, worst] = [0, 0];
  batch.forEach((ids, text) => {
    for (let i = 0; i < ids.length * config.hiddenSize; i++)
      worst = Math.max(
        worst,
        Math.abs((hidden[text * width * config.hiddenSize + i] ?? NaN) - (expected[at++] ?? NaN)),
      );
  });
  expect(at).toBe(expected.length);
  expect(worst).toBeLessThan(1e-5);
});

test.each(poolings)(
  'the exported graph applies %s pooling, and scales the embedding to unit length if normalization is on',
  async (pooling) => {
    const { hidden, embedding, width } = await run(await modelBytes(pooling, true), batch);
    const raw = await run(await modelBytes(pooling, false), batch);
    batch.forEach((ids, text) => {
      const state = (i: number, h: number): number => hidden[(text * width + i) * config.hiddenSize + h] ?? NaN;
      const naive = Array.from({ length: config.hiddenSize }, (_, h) =>
        pooling === 'mean'
          ? ids.reduce((sum, _id, i) => sum + state(i, h), 0) / ids.length
          : state(pooling === 'cls' ? 0 : ids.length - 1, h),
      );
      const norm = Math.hypot(...naive);
      naive.forEach((value, h) => {
        expect(raw.embedding[text * config.hiddenSize + h]).toBeCloseTo(value, 5);
        expect(embedding[text * config.hiddenSize + h]).toBeCloseTo(value / norm, 5);
      });
    });
  },
);
