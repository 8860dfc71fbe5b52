import type { Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import { quadsFor, quadsIn } from '../quads';
import { evaluationArrayBytes, evaluationBytes } from './evaluationMemory';
import { guideArrayBytes, guideBytes } from './guideMemory';
import type { MemoryLimits } from './memoryLimits';
import { stepMemoryNeed } from './stepMemory';
import { widestRowBytes } from './rowBytes';
import type { ParameterCount } from './parameterCount';
import type { MemoryNeed, MemoryShortage, StepStrategyChoice } from '../../../src/domain/memory/report';
import type { StepStrategy } from '../../../src/domain/memory/stepStrategy';
import type { StageShape } from './stageShape';
import { maxPassing } from './maxPassing';

/**
 * Chooses the fastest step strategy that fits. Plain is fastest. Recompute needs a third more computation. GradCache
 * costs as much compute as recompute but launches more kernels the smaller its chunks are, so it gets the largest
 * chunks that fit. If no strategy fits, returns the one that needs the least memory, together with the shortage.
 */
export function chooseStepStrategy(
  config: EncoderConfig,
  parameters: ParameterCount,
  shape: StageShape,
  limits: MemoryLimits,
  precision: Precision = 'full',
): StepStrategyChoice {
  const { budgetBytes, arrayBytes, threadBytes = 0 } = limits;
  const stepNeed = (stepStrategy: StepStrategy): MemoryNeed =>
    stepMemoryNeed(config, parameters, shape, stepStrategy, precision);
  const choice = (stepStrategy: StepStrategy): StepStrategyChoice => {
    const beside = {
      evaluation: shape.evaluation ? evaluationBytes(config, shape.evaluation) : 0,
      guide: shape.guide ? guideBytes(shape.guide) : 0,
    };
    const need = runNeed(stepNeed(stepStrategy), beside, threadBytes);
    return { fits: need.total <= budgetBytes, stepStrategy, need };
  };
  const gradCache = (tokensPerPass: number): StepStrategy => ({ kind: 'gradCache', tokensPerPass });
  const maxTokens = quadsIn(arrayBytes / widestRowBytes(config, precision));
  const inOnePass = (['plain', 'recompute'] as const).map((kind) => choice({ kind, tokensPerPass: shape.tokens }));
  const smallest = choice(gradCache(shape.longest));
  const shortArray = arrayShortage(config, shape, arrayBytes, precision);
  const fitting = shape.tokens <= maxTokens ? inOnePass.find(({ fits }) => fits) : undefined;
  if (fitting && !shortArray) return fitting;
  if (!smallest.fits || shortArray) {
    const [least = smallest] = [smallest, ...inOnePass].sort((a, b) => a.need.total - b.need.total);
    const shortage = shortArray ?? { limit: 'budget', neededBytes: least.need.total, limitBytes: budgetBytes };
    return { ...least, fits: false, shortage };
  }
  const maxChunk = Math.min(maxTokens, shape.tokens);
  const largest = maxPassing(maxChunk + 1, shape.longest, (tokens) => choice(gradCache(tokens)).fits);
  return choice(gradCache(largest ?? shape.longest));
}

/**
 * Returns the peak of a run. A step and an evaluation never overlap, so the larger of the two counts. A guide encodes
 * when nothing else is in memory.
 */
function runNeed(
  step: MemoryNeed,
  { evaluation, guide }: { evaluation: number; guide: number },
  threadBytes: number,
): MemoryNeed {
  const state = step.total - step.activations;
  const activations = Math.max(step.activations, evaluation, guide - state) + threadBytes;
  return { ...step, activations, total: state + activations };
}

/**
 * Returns the shortage if the longest text's rows, the batch's vectors or scores, an evaluation, or a guide need a
 * larger array than the device allows.
 */
function arrayShortage(
  config: EncoderConfig,
  { longest, pairs, candidates, evaluation, guide, loss }: StageShape,
  limitBytes: number,
  precision: Precision,
): MemoryShortage | undefined {
  const rows = quadsFor(longest) * widestRowBytes(config, precision);
  // These losses keep a number for every two pairs in one tfjs array; InfoNCE computes its scores in windows.
  const scores = loss?.kind === 'sigmoidPairs' || loss?.kind === 'angle' ? 4 * pairs * pairs : 0;
  // In each step, a guide's vectors are on the device, but only the scores of a teacher.
  const guideWidth = loss?.kind === 'distillation' ? 0 : (guide?.config.hiddenSize ?? 0);
  const vectors = 4 * candidates * Math.max(config.hiddenSize, guideWidth);
  const encoding = Math.max(
    evaluation ? evaluationArrayBytes(config, evaluation) : 0,
    guide ? guideArrayBytes(guide) : 0,
  );
  const neededBytes = Math.max(rows, vectors, scores, encoding);
  return neededBytes > limitBytes ? { limit: 'array', neededBytes, limitBytes } : undefined;
}
