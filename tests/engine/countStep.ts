import { expect } from 'vitest';
import { usesHalf, type Precision } from '../../src/domain/experiment';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import type { EncoderConfig } from '../../src/domain/model';
import { adapterPlan } from '../../src/domain/train/lora';
import type { LoraStrategy } from '../../src/domain/train/loraSchema';
import { firstLossScale } from '../../src/domain/train/lossScale';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { Adapters } from '../../workers/engine/model/adapters';
import type { IsTrainable } from '../../workers/engine/model/isTrainable';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import { scratchBytes } from '../../workers/engine/scratch';
import { WeightAverage } from '../../workers/engine/model/weightAverage';
import { Trainer } from '../../workers/engine/trainer';
import { adamWConfig, bertBase } from './configs';
import { nullGpu } from './nullDevice';
import { tensorLayout } from './tensorLayout';

/**
 * Small enough for the 512 MiB of Dawn's null backend, so any device error is a failure. For BERT-base, errors are
 * ignored.
 */
export const small: EncoderConfig = {
  ...bertBase,
  layers: 3,
  hiddenSize: 256,
  heads: 4,
  intermediateSize: 1024,
  vocabularySize: 8000,
};

/** Returns the token count of a text, given the text's index and the step number. */
export type Length = (text: number, step: number) => number;

export function texts(config: EncoderConfig, count: number, length: (text: number) => number): TokenBatch {
  const offsets = new Uint32Array(count + 1);
  for (let text = 0; text < count; text++) offsets[text + 1] = (offsets[text] ?? 0) + length(text);
  const ids = Int32Array.from({ length: offsets[count] ?? 0 }, (_, i) => (i * 7919) % config.vocabularySize);
  return { ids, offsets };
}

interface CountedTraining {
  isTrainable?: IsTrainable;
  stepStrategy?: StepStrategy;
  dropout?: number;
  precision?: Precision;
  lora?: LoraStrategy;
  averaged?: boolean;
}

/** Returns a trainer, the bytes of its moments, and a function that frees everything. */
function openTraining(gpu: WebGpuEngine, config: EncoderConfig, options: CountedTraining) {
  const { isTrainable, stepStrategy, dropout = 0.1, precision = 'full', lora, averaged } = options;
  const tensors = tensorLayout(parameterShapes(config));
  const table = (kind: 'all' | 'trainable'): SegmentTable =>
    new SegmentTable(gpu, layOutSegments(tensors, isTrainable), kind);
  const weights = table('all');
  const plan = lora && adapterPlan({ tensors, totalFloats: 0 }, { strategy: lora }, { seed: 1, stage: 0 });
  const adapters = plan && new Adapters(gpu, plan);
  const moment = (): SegmentTable =>
    adapters ? new SegmentTable(gpu, adapters.segments.layout, 'trainable') : table('trainable');
  const heldBytes = gpu.pool.totalBytes;
  const [m, v] = [moment(), moment()];
  const momentBytes = gpu.pool.totalBytes - heldBytes;
  const average = averaged
    ? new WeightAverage({ adapters, segments: weights, createMoment: moment }, 0, 0.9)
    : undefined;
  const loss = infoNceLoss({ temperature: 0.05, directions: 'queryToPassage' });
  const lossScale = usesHalf(precision) ? firstLossScale() : undefined;
  const optimizer = adamWConfig(1e-5);
  const trainer = new Trainer(
    { config, pooling: 'mean', loss, optimizer, dropout, seed: 1, stepStrategy, adapters, average, lossScale },
    weights,
    { m, v },
  );
  const dispose = (): void => {
    for (const each of [trainer, adapters, average, weights, m, v]) each?.dispose();
  };
  const parameters = tensors.reduce((sum, tensor) => sum + tensor.length, 0);
  return { trainer, momentBytes, parameters, dispose };
}

/**
 * Trains for `steps` steps. Counts dispatches and bound bytes of the last step, and the peak bytes after the first
 * step.
 */
export async function countStep(
  config: EncoderConfig,
  count: number,
  length: number | Length,
  { steps = 2, ...options }: CountedTraining & { steps?: number } = {},
) {
  const { gpu, errors } = await nullGpu(usesHalf(options.precision ?? 'full') ? ['shader-f16'] : []);
  const beyondNullDevice = config === bertBase;
  if (beyondNullDevice) for (const kind of ['out-of-memory', 'validation'] as const) gpu.device.pushErrorScope(kind);
  // The first readback creates the buffer that later ones reuse. Once the device's memory is full, creating it would
  // fail.
  const one = gpu.commands.upload(new Float32Array(1));
  await gpu.commands.read(one);
  gpu.pool.free(one);
  const { trainer, momentBytes, parameters, dispose } = openTraining(gpu, config, options);
  for (let step = 1; step <= steps; step++) {
    if (step === 2) gpu.pool.resetPeak();
    Object.assign(gpu.commands.counters, { dispatches: 0, boundBytes: 0 });
    const batch = texts(config, count, (text) => (typeof length === 'number' ? length : length(text, step)));
    await trainer.step({ anchors: batch, candidates: batch }, 1e-5, step);
  }
  const { dispatches, boundBytes } = gpu.commands.counters;
  const { peakBytes } = gpu.pool;
  dispose();
  expect(gpu.pool.liveArrays).toBe(0);
  gpu.dispose();
  return { dispatches, boundBytes, peakBytes, momentBytes, parameters, errors };
}

/**
 * Asserts that the bytes of the pool are within 2% of the plan. The plan also counts the scratch array, which is not
 * part of the pool.
 */
export function expectPlanned(bytes: number, planned: number, share = 0.02): void {
  expect(bytes).toBeLessThan((1 + share) * planned);
  expect(bytes).toBeGreaterThan((1 - share) * (planned - scratchBytes));
}
