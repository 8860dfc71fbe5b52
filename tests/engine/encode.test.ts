import { beforeAll, describe, expect, it } from 'vitest';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { encodeBatch, type EncodeOptions } from '../../workers/engine/model/encode';
import { encodeTexts, pickTexts } from '../../workers/services/evaluate/encodeTexts';
import { distance } from './differences';
import { loadGoldenModel } from './golden';
import { seededRandom } from './random';
import { tokenBatch } from './tokenBatch';
import { testDeviceLiveArrays, openTestDevice } from './testDevice';
import { releaseIdleMemory } from '../../workers/engine/releaseIdleMemory';

let golden: Awaited<ReturnType<typeof loadGoldenModel>>;
beforeAll(async () => {
  await openTestDevice();
  golden = await loadGoldenModel();
});

const random = seededRandom(3);
const lengths = Array.from({ length: 60 }, () => 1 + Math.floor(random() * 24));

const texts = () =>
  tokenBatch(
    lengths.map((length) => Array.from({ length }, () => Math.floor(random() * golden.config.vocabularySize))),
  );

describe('encoding a batch', () => {
  it('returns the same bits with and without room reserved for larger batches', async () => {
    const parameters = golden.parameters();
    const batch = texts();
    const options: EncodeOptions = { pooling: 'mean', normalize: true };
    const alone = await encodeBatch(parameters, golden.config, batch, options);
    const room = { tokens: 3 * (batch.offsets.at(-1) ?? 0), texts: 200 };
    expect(await encodeBatch(parameters, golden.config, batch, { ...options, room })).toEqual(alone);
    parameters.dispose();
    expect(testDeviceLiveArrays()).toBe(0);
  });

  it('returns each vector under the index of its own text, whatever the order of the batches', async () => {
    const parameters = golden.parameters();
    const set = texts();
    const use = { parameters, config: golden.config, pooling: 'mean' as const, maxBatchTokens: 120 };
    const vectors = await encodeTexts(use, set, () => Promise.resolve());
    const width = golden.config.hiddenSize;
    expect([vectors.count, vectors.width, vectors.done]).toEqual([lengths.length, width, lengths.length]);
    for (const [text] of lengths.entries()) {
      const own = new Float32Array(width);
      vectors.copyRow(text, own, 0);
      const alone = await encodeBatch(parameters, golden.config, pickTexts(set, [text]), {
        pooling: 'mean',
        normalize: true,
      });
      expect(distance(own, alone), `text ${text}`).toBeLessThan(1e-4);
    }
    parameters.dispose();
  });

  it('allocates buffers for the largest batch once, reuses them for all batches and frees them at the end', async () => {
    const parameters = golden.parameters();
    const set = texts();
    const use = { parameters, config: golden.config, pooling: 'mean' as const, maxBatchTokens: 120 };
    releaseIdleMemory(deviceEngine());
    const { pool } = deviceEngine();
    const before = pool.totalBytes;
    const held: number[] = [];
    await encodeTexts(use, set, () => Promise.resolve(void held.push(pool.totalBytes)));
    expect(held.length).toBeGreaterThan(3);
    // Only the size of the text offsets varies, because it depends on the number of texts.
    expect(Math.max(...held) - Math.min(...held)).toBeLessThan(4 * 256 * 4);
    expect(pool.totalBytes).toBe(before);
    parameters.dispose();
  });
});
