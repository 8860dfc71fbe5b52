import {
  benchmarkConfigs,
  benchmarkTexts,
  meanTextTokens,
  type BenchmarkShape,
  type SkippedShape,
  type StepSpeed,
} from '../../../src/domain/benchmark/benchmark';
import { forwardFlops, stepFlops } from '../../../src/domain/benchmark/flops';
import { chooseWay } from '../../engine/memory/chooseWay';
import { parameterCount } from '../../engine/memory/parameterCount';
import type { StepWay } from '../../../src/domain/memory/stepWay';
import type { EncoderConfig } from '../../../src/domain/model';
import type { Engine } from '../../engine/engine';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { AdamWState } from '../../engine/model/adamWState';
import { parameterShapes } from '../../engine/model/parameterShapes';
import type { TokenBatch } from '../../engine/model/tokenBatch';
import { ParameterStore } from '../../engine/model/parameterStore';
import { Trainer } from '../../engine/trainer';
import type { WayChoice } from '../../../src/domain/memory/report';
import type { MemoryLimits } from '../../engine/memory/memoryLimits';

/** Maximum pairs per measured step: the batch size of a typical run. Slow devices get smaller batches. */
export const mostPairsPerStep = 16;
const pairTokens = 2 * meanTextTokens;
/** Estimated duration above which a step gets fewer pairs, so that several steps fit in the time budget. */
const longestStepMs = 2500;
/** Limit on the measured steps, so that a fast device does not use up the time budget. */
const mostSteps = 40;
/** Maximum layers measured on a CPU, where all layers of BERT-base would take minutes and gigabytes. */
const layersOnProcessor = 3;

export interface BenchmarkStepsRequest {
  /** GFLOP/s of the fastest matrix product. */
  peakGflops: number;
  limits: MemoryLimits;
  budgetMs: number;
  /** Whether to measure only one step, of two pairs. */
  brief: boolean;
  /** Called between steps with the share of the work that is done. Throws to stop. */
  between: (share: number) => Promise<void>;
}

/**
 * Measures a shape's training step on the open device, planned as in a run. Skips the shape if it does not fit in
 * memory.
 */
export async function benchmarkSteps(
  engine: Engine,
  shape: BenchmarkShape,
  request: BenchmarkStepsRequest,
): Promise<StepSpeed | SkippedShape> {
  const { limits, brief, between } = request;
  const whole = benchmarkConfigs[shape];
  const config = configOnDevice(engine, whole);
  const pairs = brief ? 2 : affordablePairs(config, request.peakGflops);
  const { fits, way, need } = wayOf(config, pairs, limits);
  if (!fits) return { shape, neededBytes: need.total, budgetBytes: limits.budgetBytes };
  await between(0);
  const times = await timeSteps(engine, { config, pairs, way }, request);
  const tokens = pairs * pairTokens;
  const stepMs = median(times.ms);
  const ofWhole = forwardFlops(config, tokens, meanTextTokens) / forwardFlops(whole, tokens, meanTextTokens);
  return {
    shape,
    pairs,
    tokens,
    stepMs,
    way: way.kind,
    layers: whole.layers,
    layersRun: config.layers,
    steps: times.ms.length,
    gflops: stepFlops(config, tokens, meanTextTokens, way.kind) / stepMs / 1e6,
    tokensPerSecond: (tokens / stepMs) * 1000 * ofWhole,
    bytes: times.bytes,
  };
}

function configOnDevice(engine: Engine, whole: EncoderConfig): EncoderConfig {
  const { traits } = engine;
  const onProcessor = traits.wasm === true || traits.software;
  return onProcessor ? { ...whole, layers: Math.min(whole.layers, layersOnProcessor) } : whole;
}

function affordablePairs(config: EncoderConfig, peakGflops: number): number {
  // A step reaches a little over half of the best product's GFLOP/s.
  const flops = longestStepMs * 0.5 * peakGflops * 1e6;
  return Math.max(2, Math.min(mostPairsPerStep, Math.floor(flops / stepFlops(config, pairTokens, meanTextTokens))));
}

/** Plans the step with the same memory planner as a run. */
function wayOf(config: EncoderConfig, pairs: number, limits: MemoryLimits): WayChoice {
  const count = parameterCount(config);
  const shape = { pairs, tokens: pairs * pairTokens, longest: benchmarkTexts.passage };
  return chooseWay(config, { all: count, trained: count }, shape, limits);
}

const benchmarkLoss = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' } as const;
const optimizer = {
  kind: 'adamW',
  learningRate: 1e-5,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clipNorm: 1,
} as const;

interface Step {
  config: EncoderConfig;
  pairs: number;
  way: StepWay;
}

async function timeSteps(
  engine: Engine,
  step: Step,
  { budgetMs, brief, between }: BenchmarkStepsRequest,
): Promise<{ ms: number[]; bytes: number }> {
  const { config, way } = step;
  const parameters = randomParameters(engine, config);
  const adamW = new AdamWState(parameters);
  const options = { config, way, pooling: 'mean', dropout: 0.1, seed: 1, loss: benchmarkLoss, optimizer } as const;
  const trainer = new Trainer(options, parameters.segments, adamW.segments);
  const ms: number[] = [];
  try {
    const startedAt = performance.now();
    // The first step compiles kernels and fills the buffer pool, so it is not timed.
    await timeStep(trainer, step, 1);
    for (let number = 2; number <= mostSteps + 1; number++) {
      ms.push(await timeStep(trainer, step, number));
      const spent = performance.now() - startedAt;
      await between(Math.min(1, Math.max(spent / Math.max(1, budgetMs), ms.length / mostSteps)));
      if (brief || (ms.length >= 2 && spent + median(ms) > budgetMs)) break;
    }
    return { ms, bytes: engine.pool.totalBytes };
  } finally {
    trainer.dispose();
    adamW.dispose();
    parameters.dispose();
    // Free the pooled buffers, so that the next model neither reuses them nor counts them as its own.
    releaseIdleMemory(engine);
  }
}

async function timeStep(trainer: Trainer, { config, pairs }: Step, number: number): Promise<number> {
  const batch = (length: number, salt: number): TokenBatch => ({
    ids: Int32Array.from(
      { length: pairs * length },
      (_, i) => ((i + salt) * 7919 + number * 104_729) % config.vocabularySize,
    ),
    offsets: Uint32Array.from({ length: pairs + 1 }, (_, text) => text * length),
  });
  const [anchors, positives] = [batch(benchmarkTexts.question, 1), batch(benchmarkTexts.passage, 5)];
  const startedAt = performance.now();
  await trainer.step(anchors, positives, 1e-5, number);
  return performance.now() - startedAt;
}

/** Returns random weights on the scale of BERT's initial ones, ±0.02; LayerNorm weights are 1. */
function randomParameters(engine: Engine, config: EncoderConfig): ParameterStore {
  let offset = 0;
  const tensors = parameterShapes(config).map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const entry = { name, shape, offset, length };
    offset += Math.ceil(length / 64) * 64;
    return entry;
  });
  const parameters = new ParameterStore(engine, tensors);
  // Repeat one block, which avoids computing a hundred million sines. Its odd length keeps rows distinct.
  const block = Float32Array.from({ length: 65_521 }, (_, i) => 0.02 * Math.sin(i * i));
  for (const { name, length } of tensors) {
    const values = new Float32Array(length);
    if (name.endsWith('LayerNorm.weight')) values.fill(1);
    else for (let at = 0; at < length; at += block.length) values.set(block.subarray(0, length - at), at);
    parameters.write(name, values);
  }
  return parameters;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}
