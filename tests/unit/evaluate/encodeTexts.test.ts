import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EncodedTexts } from '../../../workers/services/evaluate/encodedTexts';

interface Batch {
  ids: Int32Array;
  offsets: Uint32Array;
}
const encoder = vi.hoisted(() => ({ encodeBatch: vi.fn() }));
const plan = vi.hoisted(() => ({ tokensPerBatch: 4, textsPerBatch: 2, batchesInFlight: 1, limit: 0 }));
const released = vi.hoisted((): string[] => []);
vi.mock('../../../workers/engine/model/encode', () => encoder);
vi.mock('../../../workers/engine/model/encodingPlan', () => ({
  encodingPlan: (_traits: object, _config: object, limit: number) => Object.assign(plan, { limit }),
}));
vi.mock('../../../workers/engine/releaseIdleMemory', () => ({
  releaseIdleMemory: () => void released.push('released'),
}));
const { encodeTexts } = await import('../../../workers/services/evaluate/encodeTexts');

/** Four texts of 1, 2, 1 and 3 tokens. Each token is the number of its text. */
const set: Batch = { ids: Int32Array.of(0, 1, 1, 2, 3, 3, 3), offsets: Uint32Array.of(0, 1, 3, 4, 7) };
/** The vector of a text consists of its number and its length. */
const vectorsOf = ({ ids, offsets }: Batch): Float32Array =>
  Float32Array.from(
    Array.from(offsets.subarray(1)).flatMap((end, i) => [ids[end - 1] ?? NaN, end - (offsets[i] ?? NaN)]),
  );
const rows = (vectors: EncodedTexts): number[] => {
  const into = new Float32Array(8);
  vectors.copyRows(0, 4, into, 0);
  return [...into];
};
const encode = (
  between: (done: number, of: number) => Promise<void>,
  vectors?: EncodedTexts,
): Promise<EncodedTexts> => {
  const engine = { traits: {} };
  const model = { parameters: { segments: { engine } }, config: { hiddenSize: 2 }, pooling: 'cls', maxBatchTokens: 9 };
  return encodeTexts(model as never, set, between, vectors);
};
const quiet = (): Promise<void> => Promise.resolve();

beforeEach(() => {
  released.length = 0;
  Object.assign(plan, { tokensPerBatch: 4, textsPerBatch: 2, batchesInFlight: 1 });
  encoder.encodeBatch
    .mockReset()
    .mockImplementation((_parameters: object, _config: object, batch: Batch) => Promise.resolve(vectorsOf(batch)));
});

describe('encoding texts', () => {
  it('returns a vector for each text in the order of the set, and reports each batch', async () => {
    const reported: number[][] = [];
    const vectors = await encode((done, of) => Promise.resolve(void reported.push([done, of])));
    expect(rows(vectors)).toEqual([0, 1, 1, 2, 2, 1, 3, 3]);
    expect(reported).toEqual([
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
    expect([plan.limit, released]).toEqual([9, ['released', 'released']]);
  });

  it('asks for unit vectors, with the pooling of the model, and room for the largest batch', async () => {
    await encode(quiet);
    const options = (encoder.encodeBatch.mock.calls as unknown[][]).map((call) => call[3]);
    expect(options[0]).toEqual({ pooling: 'cls', normalize: true, room: { tokens: 3, texts: 2 } });
  });

  it('skips batches whose vectors are known', async () => {
    const vectors = new EncodedTexts(4, 2);
    vectors.set([0, 2, 3], Float32Array.of(7, 7, 8, 8, 9, 9));
    expect(await encode(quiet, vectors)).toBe(vectors);
    expect(encoder.encodeBatch).toHaveBeenCalledTimes(1);
    expect(rows(vectors)).toEqual([7, 7, 1, 2, 8, 8, 9, 9]);
  });

  it('encodes as many batches at once as the plan allows, and waits for all of them', async () => {
    plan.batchesInFlight = 2;
    const reported: number[] = [];
    let [running, most] = [0, 0];
    encoder.encodeBatch.mockImplementation(async (_parameters: object, _config: object, batch: Batch) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return vectorsOf(batch);
    });
    const vectors = await encode((done) => Promise.resolve(void reported.push(done)));
    expect([most, running, vectors.done]).toEqual([2, 0, 4]);
    expect(reported.at(-1)).toBe(4);
  });

  it('stops on request, after the batches that have begun', async () => {
    plan.batchesInFlight = 2;
    const stop = new Error('cancelled');
    await expect(encode(() => Promise.reject(stop))).rejects.toBe(stop);
    expect(encoder.encodeBatch).toHaveBeenCalledTimes(2);
    expect(released).toHaveLength(2);
  });

  it('fails with the first batch that fails, though a later one fails too', async () => {
    plan.batchesInFlight = 3;
    let batch = 0;
    encoder.encodeBatch.mockImplementation(() => Promise.reject(new Error(`batch ${++batch}`)));
    await expect(encode(quiet)).rejects.toThrow('batch 1');
    expect(released).toHaveLength(2);
  });
});
