import type { Experiment, Stage } from '../experiment';
import { permutation, RandomStream } from '../random';

/** How dev is evaluated during training. A run's record keeps it if the experiment limits the time for it. */
export interface DevPlan {
  /** Passages that dev is evaluated on: a sample, or all of the knowledge base. */
  passages: number;
  /** Passages of the knowledge base. */
  of: number;
  /** As in the experiment, or a multiple of it; 0 if dev is not evaluated between steps. */
  everySteps: number;
  /** Estimated share of the time that training and dev evaluations take together. */
  share: number;
}

/** The work that a plan depends on, in tokens that pass the encoder once. */
export interface DevWork {
  training: number;
  steps: number;
  questions: number;
  /** The tokens of each passage of the knowledge base. */
  passages: ArrayLike<number>;
  /** The passages, by index, that answer a dev question. */
  right: readonly number[];
  seed: number;
}

/** The limit that the page proposes. */
export const usualDevTimeShare = 0.1;

/**
 * Minimum number of passages in a sample besides the right ones. Chosen, not measured: among fewer wrong passages,
 * nearly every question would find its answer.
 */
const leastOthers = 200;

/**
 * Returns the minimum number of times that a step's tokens pass through the encoder: once forward, once backward for
 * the gradients of the inputs, and once backward for those of the weights. Does not count the passes that save memory,
 * which differ between devices: the plan, and with it the result, must not depend on the device.
 */
export function passesPerStep({ strategy, frozen }: Pick<Stage, 'strategy' | 'frozen'>, layers: number): number {
  const backward = strategy.kind === 'full' ? 2 : 1;
  return 1 + backward * Math.max(0, 1 - (frozen?.layers ?? 0) / layers);
}

/**
 * A limit leaves at least this many dev evaluations during training. Fewer show no trend, and an early stop can't act
 * on them.
 */
const fewestEvaluations = 3;

/**
 * Plans the dev evaluations during training. Without a limit, each is on the whole knowledge base. With a limit, each
 * is on the largest sample within it. If that sample would be too small, dev is evaluated less often, but at least
 * `fewestEvaluations` times if the set interval allows that many. The plan then states a share above the limit, and the
 * doctor reports it. Depends only on counts of tokens, never on measured times, so equal experiments have equal plans
 * on every device.
 */
export function planDev(work: DevWork, { devEverySteps, checkpoint, devTimeShare }: Experiment['evaluation']): DevPlan {
  const of = work.passages.length;
  const atEnd = checkpoint === 'bestDev';
  const planned = (passages: number, everySteps: number, cost: number): DevPlan => {
    const all = devEvaluations(work.steps, everySteps, atEnd) * cost;
    return { passages, of, everySteps, share: all === 0 ? 0 : all / (all + work.training) };
  };
  const whole = planned(
    of,
    devEverySteps,
    Array.from(work.passages).reduce((sum, tokens) => sum + tokens, work.questions),
  );
  if (devTimeShare === undefined || whole.share <= devTimeShare) return whole;
  const costs = costsOfSamples(work);
  const least = Math.min(of, work.right.length + leastOthers);
  const budget = (work.training * devTimeShare) / (1 - devTimeShare);
  const fewest = Math.min(fewestEvaluations, devEvaluations(work.steps, devEverySteps, atEnd));
  for (let everySteps = devEverySteps; ; everySteps += devEverySteps) {
    const count = devEvaluations(work.steps, everySteps, atEnd);
    const wouldBeTooFew = devEvaluations(work.steps, everySteps + devEverySteps, atEnd) < fewest;
    if (count > 1 && !wouldBeTooFew && count * (costs[least] ?? 0) > budget) continue;
    let passages = least;
    while (passages < of && count * (costs[passages + 1] ?? 0) <= budget) passages += 1;
    return planned(passages, everySteps, costs[passages] ?? 0);
  }
}

/**
 * Returns the tokens that an evaluation encodes with a sample of 0, 1, 2 … passages, in the order in which they are
 * drawn.
 */
function costsOfSamples({ passages, questions, right, seed }: DevWork): Float64Array {
  const costs = new Float64Array(passages.length + 1);
  costs[0] = questions;
  sampleOrder(passages.length, right, seed).forEach((passage, i) => {
    costs[i + 1] = (costs[i] ?? 0) + (passages[passage] ?? 0);
  });
  return costs;
}

/** Returns the steps between the dev evaluations of a run, or 0. */
export function devInterval({
  devPlan,
  experiment,
}: {
  devPlan?: DevPlan;
  experiment: Pick<Experiment, 'evaluation'>;
}): number {
  return devPlan?.everySteps ?? experiment.evaluation.devEverySteps;
}

/**
 * Whether dev is evaluated after a step, if there are dev questions. `atEnd`: whether it is evaluated after the last
 * step.
 */
export function devIsDue(step: number, steps: number, everySteps: number, atEnd: boolean): boolean {
  return (everySteps > 0 && step % everySteps === 0) || (atEnd && step === steps);
}

/** Counts the dev evaluations during training. */
export function devEvaluations(steps: number, everySteps: number, atEnd: boolean): number {
  const regular = everySteps > 0 ? Math.floor(steps / everySteps) : 0;
  return regular + (atEnd && (everySteps === 0 || steps % everySteps > 0) ? 1 : 0);
}

/** Returns all passages by index: those that answer a dev question, then the others in random order. */
function sampleOrder(passages: number, right: readonly number[], seed: number): number[] {
  const first = new Set(right);
  const others = permutation(passages, new RandomStream(seed, 'devSample'));
  const order = [...first];
  for (const passage of others) if (!first.has(passage)) order.push(passage);
  return order;
}

/** Returns the passages of a sample by index, in ascending order. It contains all right ones. */
export function devSample({ passages, of }: DevPlan, right: readonly number[], seed: number): number[] {
  return sampleOrder(of, right, seed)
    .slice(0, passages)
    .sort((a, b) => a - b);
}

/** Returns the evaluation settings with another limit on the time for dev; 0 removes the limit. */
export function withDevTimeShare(evaluation: Experiment['evaluation'], share: number): Experiment['evaluation'] {
  const { devTimeShare: _, ...rest } = evaluation;
  return share === 0 ? rest : { ...rest, devTimeShare: share };
}
