import { lowerMedian } from '../../src/domain/lowerMedian';
import type { EncoderConfig } from '../../src/domain/model';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { releaseIdleMemory } from '../../workers/engine/releaseIdleMemory';
import type { RandomTraining, StepTexts } from '../../workers/services/benchmark/randomTraining';
import type { StepResult } from './report';
import { stepFlops, tokenCount } from './sizes';

/** Warm-up before steps are timed, because a GPU raises its clock only under load. */
const warmUpMs = 300;
const steps = { least: 3, most: 20, ms: 1500 } as const;

interface MeasuredStep {
  gpu: WebGpuEngine;
  training: RandomTraining;
  config: EncoderConfig;
  texts: StepTexts;
  leftMs: () => number;
}

/** Measures a training step: the first one, single ones, and consecutive ones as in a run. */
export async function measureStep({
  gpu,
  training,
  config,
  texts,
  leftMs,
}: MeasuredStep): Promise<Omit<StepResult, 'kind' | 'task' | 'precision' | 'plan'>> {
  releaseIdleMemory(gpu);
  const first = await training.single(texts);
  const warmAt = performance.now() + (gpu.traits.software ? 0 : warmUpMs);
  let single = await training.single(texts);
  while (performance.now() < warmAt) single = await training.single(texts);
  const until = performance.now() + Math.min(steps.ms, Math.max(0, leftMs()));
  const ms = await training.consecutive(
    texts,
    steps.most,
    (done) => done.length >= steps.least && performance.now() >= until,
  );
  const before = { ...gpu.commands.counters };
  single = await training.single(texts);
  const { dispatches, submits } = gpu.commands.counters;
  const medianMs = lowerMedian(ms);
  return {
    tokens: tokenCount(texts),
    firstMs: first.ms,
    firstLoss: first.loss,
    singleMs: single.ms,
    steps: ms.length,
    medianMs,
    minMs: Math.min(...ms),
    gflops: stepFlops(config, texts) / medianMs / 1e6,
    dispatches: dispatches - before.dispatches,
    submits: submits - before.submits,
    poolBytes: gpu.pool.totalBytes,
    profile: await training.profile(texts),
  };
}
