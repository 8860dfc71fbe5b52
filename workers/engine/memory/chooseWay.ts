import type { Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import { quadsFor, quadsIn } from '../quads';
import { evaluationArrayBytes, evaluationBytes, type EvaluationShape } from './evaluationMemory';
import type { MemoryLimits } from './memoryLimits';
import { memoryNeed, widestRowBytes, type ParameterCount } from './stepMemory';
import type {
  BatchShape,
  MemoryNeed,
  Proposal,
  Settings,
  Shortage,
  WayChoice,
} from '../../../src/domain/memory/report';
import type { StepWay } from '../../../src/domain/memory/stepWay';

/** What a stage's steps, and the readings between them, have to go through. */
export interface StageShape extends BatchShape {
  evaluation?: EvaluationShape;
}

/**
 * The fastest way that fits: plain; recompute, which computes a third more; GradCache with the largest chunk that fits, which computes as much
 * more and launches more kernels the smaller its chunks are. Where none fits: the one that needs least, with
 * GradCache's chunks as small as the longest text.
 */
export function chooseWay(
  config: EncoderConfig,
  parameters: ParameterCount,
  shape: StageShape,
  limits: MemoryLimits,
  precision: Precision = 'full',
): WayChoice {
  const { budgetBytes, arrayBytes, threadBytes = 0 } = limits;
  const stepNeed = (way: StepWay): MemoryNeed => memoryNeed(config, parameters, shape, way, precision);
  const choice = (way: StepWay): WayChoice => {
    const need = runNeed(stepNeed(way), shape.evaluation ? evaluationBytes(config, shape.evaluation) : 0, threadBytes);
    return { fits: need.total <= budgetBytes, way, need };
  };
  const gradCache = (tokensPerPass: number): StepWay => ({ kind: 'gradCache', tokensPerPass });
  const mostTokens = quadsIn(arrayBytes / widestRowBytes(config, precision));
  const inOnePass = (['plain', 'recompute'] as const).map((kind) => choice({ kind, tokensPerPass: shape.tokens }));
  const smallest = choice(gradCache(shape.longest));
  const shortArray = arrayShortage(config, shape, arrayBytes, precision);
  const fitting = shape.tokens <= mostTokens ? inOnePass.find(({ fits }) => fits) : undefined;
  if (fitting && !shortArray) return fitting;
  if (!smallest.fits || shortArray) {
    const [least = smallest] = [smallest, ...inOnePass].sort((a, b) => a.need.total - b.need.total);
    const shortage = shortArray ?? { limit: 'budget', neededBytes: least.need.total, limitBytes: budgetBytes };
    return { ...least, fits: false, shortage };
  }
  const most = Math.min(mostTokens, shape.tokens);
  const largest = largestBelow(most + 1, shape.longest, (tokens) => choice(gradCache(tokens)).fits);
  return choice(gradCache(largest ?? shape.longest));
}

/** What a run needs of which a step needs so much: a step and an evaluation do not happen at once. */
function runNeed(step: MemoryNeed, evaluation: number, threadBytes: number): MemoryNeed {
  const activations = Math.max(step.activations, evaluation) + threadBytes;
  return { ...step, activations, total: step.total - step.activations + activations };
}

/** Whether the longest text's rows, or the batch's vectors, are more than the device allows in one array. */
function arrayShortage(
  config: EncoderConfig,
  { longest, pairs, evaluation }: StageShape,
  limitBytes: number,
  precision: Precision,
): Shortage | undefined {
  const rows = quadsFor(longest) * widestRowBytes(config, precision);
  const vectors = 4 * pairs * config.hiddenSize;
  const neededBytes = Math.max(rows, vectors, evaluation ? evaluationArrayBytes(config, evaluation) : 0);
  return neededBytes > limitBytes ? { limit: 'array', neededBytes, limitBytes } : undefined;
}

/** Shorter texts say too little to be worth training on. */
const shortestMaxTokens = 16;

/** What to change so that the run fits; nothing where weights, gradients and moments alone are too large. */
export function proposal(current: Settings, fits: (settings: Settings) => boolean): Proposal {
  const maxTokens = largestBelow(current.maxTokens, shortestMaxTokens, (value) =>
    fits({ ...current, maxTokens: value }),
  );
  const batchSize = largestBelow(current.batchSize, 2, (value) => fits({ ...current, batchSize: value }));
  return { ...(maxTokens === null ? {} : { maxTokens }), ...(batchSize === null ? {} : { batchSize }) };
}

/** The largest number from `least` to under `above` that passes, where all under one that passes do. */
function largestBelow(above: number, least: number, passes: (value: number) => boolean): number | null {
  if (least >= above || !passes(least)) return null;
  let [low, high] = [least, above];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}
