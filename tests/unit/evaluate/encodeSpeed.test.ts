import { afterEach, expect, it, vi } from 'vitest';
import { ParameterStore } from '../../../workers/engine/model/parameterStore';
import { EncodeRounds } from '../../../workers/services/evaluate/encodeSpeed';
import type { EncoderForTexts } from '../../../workers/services/evaluate/encodeTexts';

/** Numbers of texts that were encoded, in order. A number that is new takes `compileMs` longer. */
const encoded: number[] = [];
const device = { now: 0, compileMs: 0, batchMs: 0, textMs: 0 };

vi.mock('../../../workers/services/evaluate/encodeTexts', () => ({
  encodeTexts: (_encoder: EncoderForTexts, { offsets }: { offsets: Uint32Array }): Promise<void> => {
    const texts = offsets.length - 1;
    device.now += device.batchMs + device.textMs * texts + (encoded.includes(texts) ? 0 : device.compileMs);
    encoded.push(texts);
    return Promise.resolve();
  },
}));

afterEach(() => {
  vi.restoreAllMocks();
  encoded.length = 0;
});

async function rounds(of: Partial<typeof device>, roundMs: number): Promise<EncodeRounds> {
  Object.assign(device, { now: 0, compileMs: 0, batchMs: 0, textMs: 0, ...of });
  vi.spyOn(performance, 'now').mockImplementation(() => device.now);
  const config = { hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 16, vocabularySize: 40, maxPositions: 64 };
  const parameters = Object.assign(Object.create(ParameterStore.prototype) as ParameterStore, {
    segments: { engine: { traits: {} } },
  });
  const encoder = { config, parameters, pooling: 'mean' } as EncoderForTexts;
  const made = new EncodeRounds(16, roundMs);
  await made.prepare(encoder);
  await made.round(encoder);
  return made;
}

it('a round of encoding has the texts that fit its time once the kernels are compiled', async () => {
  const { speed } = await rounds({ compileMs: 200, textMs: 1 }, 50);
  expect(speed.texts).toBe(50);
  expect(speed.textsPerSecond).toEqual({ median: 1000, low: 1000, high: 1000, rounds: 1 });
});

it('a round of encoding only has a number of texts that was encoded before', async () => {
  const { speed } = await rounds({ compileMs: 30, batchMs: 10, textMs: 0.01 }, 100);
  expect(encoded.slice(0, -1)).toContain(speed.texts);
  expect(speed.texts).toBeGreaterThan(1);
});
