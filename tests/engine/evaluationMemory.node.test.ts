import { afterEach, describe, expect, it, vi } from 'vitest';
import { evaluationBytes } from '../../workers/engine/memory/evaluationMemory';
import { encodingTokens } from '../../workers/engine/memory/encodingMemory';
import { maxEncodingTokens } from '../../workers/engine/memory/encodingMemory';
import { trainingStateBytes } from '../../workers/engine/memory/trainingState';
import { parameterCount } from '../../workers/engine/memory/parameterCount';
import type { EncoderConfig } from '../../src/domain/model';
import { arrayLength } from '../../workers/engine/arrays';
import { GpuCommands } from '../../workers/engine/gpu/gpuCommands';
import { closeDevice, deviceEngine, deviceWebGpu, openDevice } from '../../workers/services/device/openDevice';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { ParameterStore } from '../../workers/engine/model/parameterStore';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { search } from '../../workers/engine/retrieval/search';
import { encodeTexts } from '../../workers/services/evaluate/encodeTexts';
import { expectInEngineDoc, megabytes } from './expectInEngineDoc';
import { bertBase, bertConfig } from './configs';
import { useNullBrowser } from './nullDevice';
import { tensorLayout } from './tensorLayout';
import { scratchBytes } from '../../workers/engine/scratch';

useNullBrowser();
afterEach(() => void vi.restoreAllMocks());

function encoder(layers: number, hiddenSize: number, intermediateSize: number): EncoderConfig {
  const heads = hiddenSize / 64;
  return bertConfig({ layers, hiddenSize, heads, intermediateSize, vocabularySize: 2000, maxPositions: 512 });
}

/** Returns texts of 10 to `longest` tokens in random order. Short ones are more frequent. */
function texts(count: number, longest: number): { ids: Int32Array; offsets: Uint32Array } {
  const offsets = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const length = Math.round(10 * (longest / 10) ** ((i * 0.618) % 1));
    offsets[i + 1] = (offsets[i] ?? 0) + length;
  }
  return { ids: new Int32Array(offsets[count] ?? 0).fill(5), offsets };
}

const [passages, questions, relevant] = [3000, 300, 2];

/**
 * Encodes the knowledge base and searches it once while the training state is held. Returns the peak bytes and the
 * bytes of the state.
 */
async function peakOf(
  config: EncoderConfig,
  maxBatchTokens: number,
): Promise<{ peakBytes: number; stateBytes: number }> {
  await openDevice('webgpu', '');
  const gpu = deviceWebGpu();
  if (!gpu) throw new Error('not on WebGPU');
  // Dawn's null backend has only 512 MiB. Ignore the errors of arrays beyond that, and read nothing back.
  vi.spyOn(GpuCommands.prototype, 'read').mockImplementation(function (this: GpuCommands, { shape }) {
    this.submit();
    return Promise.resolve(new Float32Array(arrayLength(shape)));
  });
  gpu.device.popErrorScope = () => Promise.resolve(null);
  const parameters = new ParameterStore(deviceEngine(), tensorLayout(parameterShapes(config)));
  const adamW = new AdamWState(parameters);
  const gradients = new SegmentTable(gpu, parameters.segments.layout, 'trainable');
  const stateBytes = gpu.pool.totalBytes;
  const use = { parameters, config, pooling: 'mean', maxBatchTokens } as const;
  const nothing = (): Promise<void> => Promise.resolve();
  const passageVectors = await encodeTexts(use, texts(passages, 480), nothing);
  const queries = await encodeTexts(use, texts(questions, 40), nothing);
  const targets = Array.from({ length: questions }, (_, question) => [question, passages - 1 - question]);
  await search(deviceEngine(), { queries, passages: passageVectors, targets, k: 10 });
  for (const each of [parameters, adamW, gradients]) each.dispose();
  expect(gpu.pool.liveArrays).toBe(0);
  const { peakBytes } = gpu.pool;
  await gpu.commands.finished();
  closeDevice();
  return { peakBytes, stateBytes };
}

const shape = { longest: 480, searches: [{ passages, questions, relevant: relevant * questions }] };
const configs: [string, EncoderConfig][] = [
  ['4 times the hidden size', encoder(3, 256, 1024)],
  ['the hidden size', encoder(2, 128, 128)],
  ['2 times the hidden size', encoder(2, 256, 512)],
  ['3 times the hidden size', encoder(2, 320, 960)],
  ['8 times the hidden size', encoder(2, 128, 1024)],
  ['4 times 1,024', encoder(1, 1024, 4096)],
];

describe("an evaluation during training on Dawn's null backend", () => {
  it.each(configs)('fits every budget from the planned minimum on, feed-forward size: %s', async (_, config) => {
    const count = parameterCount(config);
    const parameters = { all: count, trained: count };
    const minBytes = trainingStateBytes(config, parameters, 'full') + evaluationBytes(config, shape);
    for (const budgetBytes of [minBytes, minBytes + 20e6, minBytes + 90e6]) {
      const maxBatchTokens = encodingTokens(config, parameters, shape, { budgetBytes, arrayBytes: Infinity });
      const { peakBytes, stateBytes } = await peakOf(config, maxBatchTokens);
      expect(peakBytes + scratchBytes).toBeLessThanOrEqual(budgetBytes);
      expect(stateBytes).toBeLessThan(1.001 * trainingStateBytes(config, parameters, 'full'));
    }
  });

  it.each([1.7, 4])('stays within a budget of %f GiB for BERT-base and fills its batches', async (budgetGiB) => {
    const count = parameterCount(bertBase);
    const budgetBytes = budgetGiB * 2 ** 30;
    const limits = { budgetBytes, arrayBytes: 2 ** 31 };
    const maxBatchTokens = encodingTokens(bertBase, { all: count, trained: count }, shape, limits);
    const { peakBytes } = await peakOf(bertBase, maxBatchTokens);
    expect(peakBytes + scratchBytes).toBeLessThanOrEqual(budgetBytes);
    if (budgetGiB === 4) expect(maxBatchTokens).toBe(maxEncodingTokens(bertBase));
    else {
      expect(peakBytes + scratchBytes).toBeGreaterThan(0.999 * budgetBytes);
      await expectInEngineDoc(
        `batches of ${maxBatchTokens.toLocaleString('en')} tokens and ` +
          `${megabytes(peakBytes + scratchBytes)} of ${megabytes(budgetBytes)} MB`,
      );
    }
  });
});
