import {
  benchmarkConfigs,
  benchmarkTextTokens,
  meanTextTokens,
  type BenchmarkShape,
  type SkippedShape,
  type StepSpeed,
} from '../../../src/domain/benchmark/benchmark';
import { forwardFlops, stepFlops } from '../../../src/domain/benchmark/flops';
import type { KernelTime } from '../../../src/domain/benchmark/kernelTime';
import { chooseStepStrategy } from '../../engine/memory/chooseStepStrategy';
import { parameterCount } from '../../engine/memory/parameterCount';
import { lowerMedian } from '../../../src/domain/lowerMedian';
import type { StepStrategy } from '../../../src/domain/memory/stepStrategy';
import type { EncoderConfig } from '../../../src/domain/model';
import type { Engine } from '../../engine/engine';
import type { StepStrategyChoice } from '../../../src/domain/memory/report';
import type { MemoryLimits } from '../../engine/memory/memoryLimits';
import { equalLengths } from './randomTexts';
import { RandomTraining } from './randomTraining';

/** Maximum number of pairs per measured step, the batch size of a typical run. Slow devices get smaller batches. */
export const mostPairsPerStep = 16;
const pairTokens = 2 * meanTextTokens;
/** Estimated duration above which a step gets fewer pairs, so that several steps fit in the time budget. */
const longestStepMs = 2500;
/** Maximum number of measured steps, so that a fast device does not use up the time budget. */
const mostSteps = 40;
/** Maximum number of layers measured on a CPU, where all layers of BERT-base would take minutes and gigabytes. */
const layersOnProcessor = 3;

interface BenchmarkStepsRequest {
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
  const { fits, stepStrategy, need } = stepStrategyOf(config, pairs, limits);
  if (!fits) return { shape, neededBytes: need.total, budgetBytes: limits.budgetBytes };
  await between(0);
  const times = await timeSteps(engine, { config, pairs, stepStrategy }, request);
  const tokens = pairs * pairTokens;
  const stepMs = lowerMedian(times.ms);
  const ofWhole = forwardFlops(config, tokens, meanTextTokens) / forwardFlops(whole, tokens, meanTextTokens);
  return {
    shape,
    pairs,
    tokens,
    stepMs,
    stepStrategy: stepStrategy.kind,
    layers: whole.layers,
    layersRun: config.layers,
    steps: times.ms.length,
    gflops: stepFlops(config, tokens, meanTextTokens, stepStrategy.kind) / stepMs / 1e6,
    tokensPerSecond: (tokens / stepMs) * 1000 * ofWhole,
    bytes: times.bytes,
    profile: times.profile,
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
export function stepStrategyOf(config: EncoderConfig, pairs: number, limits: MemoryLimits): StepStrategyChoice {
  const count = parameterCount(config);
  const shape = { pairs, candidates: pairs, tokens: pairs * pairTokens, longest: benchmarkTextTokens.passage };
  return chooseStepStrategy(config, { all: count, trained: count }, shape, limits);
}

interface Step {
  config: EncoderConfig;
  pairs: number;
  stepStrategy: StepStrategy;
}

interface StepTimes {
  ms: number[];
  bytes: number;
  profile: KernelTime[] | null;
}

async function timeSteps(
  engine: Engine,
  { config, pairs, stepStrategy }: Step,
  { budgetMs, brief, between }: BenchmarkStepsRequest,
): Promise<StepTimes> {
  const training = new RandomTraining(engine, { config, stepStrategy });
  const { question, passage } = benchmarkTextTokens;
  const texts = { anchors: equalLengths(pairs, question), positives: equalLengths(pairs, passage) };
  try {
    const startedAt = performance.now();
    // The first step compiles kernels and fills the buffer pool, so it is not timed.
    await training.single(texts);
    const ms = await training.consecutive(texts, mostSteps, async (ms) => {
      const spent = performance.now() - startedAt;
      await between(Math.min(1, Math.max(spent / Math.max(1, budgetMs), ms.length / mostSteps)));
      return brief || (ms.length >= 2 && spent + lowerMedian(ms) > budgetMs);
    });
    const bytes = engine.pool.totalBytes;
    return { ms, bytes, profile: await training.profile(texts) };
  } finally {
    training.dispose();
  }
}
