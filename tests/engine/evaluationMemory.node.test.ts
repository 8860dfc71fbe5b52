import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodingTokens, evaluationBytes, mostEncodingTokens } from '../../workers/engine/memory/evaluationMemory';
import { parameterCount, trainingStateBytes } from '../../workers/engine/memory/stepMemory';
import type { EncoderConfig } from '../../src/domain/model';
import { lengthOf } from '../../workers/engine/arrays';
import { GpuCommands } from '../../workers/engine/gpu/commands';
import { closeDevice, currentEngine, currentWebGpu, openDevice } from '../../workers/engine/device';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { parameterShapes } from '../../workers/engine/model/names';
import { ParameterStore } from '../../workers/engine/model/parameters';
import { SegmentTable } from '../../workers/engine/model/segments';
import { search } from '../../workers/engine/retrieval/search';
import { encodeTexts } from '../../workers/services/evaluate/evaluateModel';
import { useNullBrowser } from './nullDevice';
import { layout } from './support';
import { scratchBytes } from '../../workers/engine/engine';

useNullBrowser();
afterEach(() => void vi.restoreAllMocks());

function encoder(layers: number, hiddenSize: number, intermediateSize: number, vocabularySize: number): EncoderConfig {
  return {
    layers, hiddenSize, heads: hiddenSize / 64, intermediateSize, vocabularySize, maxPositions: 512, typeVocabularySize: 2,
    layerNormEpsilon: 1e-12, hiddenDropout: 0, attentionDropout: 0, padTokenId: 0,
  }; // prettier-ignore
}
const bertBase = encoder(12, 768, 3072, 21_128);

/** Texts of 10 to `longest` tokens, short ones the more often, in no order. */
function texts(count: number, longest: number): { ids: Int32Array; offsets: Uint32Array } {
  const offsets = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const length = Math.round(10 * (longest / 10) ** ((i * 0.618) % 1));
    offsets[i + 1] = (offsets[i] ?? 0) + length;
  }
  return { ids: new Int32Array(offsets[count] ?? 0).fill(5), offsets };
}

const [passages, questions, relevant] = [3000, 300, 2];

/** What weights, moments, gradients, one reading of the knowledge base and one search hold at most. */
async function peakOf(config: EncoderConfig, mostTokens: number): Promise<{ peakBytes: number; stateBytes: number }> {
  await openDevice('webgpu', '');
  const gpu = currentWebGpu();
  if (!gpu) throw new Error('not on WebGPU');
  // The null backend gives out 512 MiB: what it says of arrays beyond that is not listened to, and nothing is read from them.
  vi.spyOn(GpuCommands.prototype, 'read').mockImplementation(function (this: GpuCommands, { shape }) {
    this.submit();
    return Promise.resolve(new Float32Array(lengthOf(shape)));
  });
  gpu.device.popErrorScope = () => Promise.resolve(null);
  const parameters = new ParameterStore(currentEngine(), layout(parameterShapes(config)));
  const adamW = new AdamWState(parameters);
  const gradients = new SegmentTable(gpu, parameters.segments.layout, 'trainable');
  const stateBytes = gpu.pool.totalBytes;
  const use = { parameters, config, pooling: 'mean', mostTokens } as const;
  const nothing = (): Promise<void> => Promise.resolve();
  const passageVectors = await encodeTexts(use, texts(passages, 480), nothing);
  const queries = await encodeTexts(use, texts(questions, 40), nothing);
  const targets = Array.from({ length: questions }, (_, question) => [question, passages - 1 - question]);
  await search(currentEngine(), { queries, passages: passageVectors, targets, k: 10 });
  for (const each of [parameters, adamW, gradients]) each.dispose();
  expect(gpu.pool.liveArrays).toBe(0);
  const { peakBytes } = gpu.pool;
  await gpu.commands.finished();
  closeDevice();
  return { peakBytes, stateBytes };
}

const shape = { longest: 480, searches: [{ passages, questions, relevant: relevant * questions }] };
const configs: [string, EncoderConfig][] = [
  ['four times as wide between', encoder(3, 256, 1024, 2000)],
  ['as wide between', encoder(2, 128, 128, 2000)],
  ['twice as wide between', encoder(2, 256, 512, 2000)],
  ['three times as wide between', encoder(2, 320, 960, 2000)],
  ['eight times as wide between', encoder(2, 128, 1024, 2000)],
  ['wide', encoder(1, 1024, 4096, 2000)],
];

describe('an evaluation beside what training holds, on a device that checks everything and computes nothing', () => {
  it.each(configs)('takes the least that the plan says and no more, feed-forward %s', async (_, config) => {
    const count = parameterCount(config);
    const parameters = { all: count, trained: count };
    const leastBytes = trainingStateBytes(config, parameters, 'full') + evaluationBytes(config, shape);
    for (const budgetBytes of [leastBytes, leastBytes + 20e6, leastBytes + 90e6]) {
      const mostTokens = encodingTokens(config, parameters, shape, { budgetBytes, arrayBytes: Infinity });
      const { peakBytes, stateBytes } = await peakOf(config, mostTokens);
      expect(peakBytes + scratchBytes).toBeLessThanOrEqual(budgetBytes);
      expect(stateBytes).toBeLessThan(1.001 * trainingStateBytes(config, parameters, 'full'));
    }
  });

  it.each([1.7, 4])('of BERT-base keeps to a budget of %f GiB and fills its batches', async (budgetGiB) => {
    const count = parameterCount(bertBase);
    const budgetBytes = budgetGiB * 2 ** 30;
    const limits = { budgetBytes, arrayBytes: 2 ** 31 };
    const mostTokens = encodingTokens(bertBase, { all: count, trained: count }, shape, limits);
    const { peakBytes } = await peakOf(bertBase, mostTokens);
    console.log(`BERT-base, ${budgetBytes} bytes: batches of ${mostTokens} tokens, peak ${peakBytes + scratchBytes}`);
    expect(peakBytes + scratchBytes).toBeLessThanOrEqual(budgetBytes);
    if (budgetGiB === 4) expect(mostTokens).toBe(mostEncodingTokens(bertBase));
    else expect(peakBytes + scratchBytes).toBeGreaterThan(0.999 * budgetBytes);
  });
});
