import type { Experiment } from '../../../src/domain/experiment';
import type { MemoryReport } from '../../../src/domain/memory/report';
import { passesPerStep, planDev, usualDevTimeShare, type DevWork } from '../../../src/domain/train/devPlan';
import type { TokenizedNegatives } from '../negatives/stageNegatives';
import type { PreparedData } from '../split/preparedData';
import { stageTokens, type RunTokens } from './runTokens';
import { tokensOfText, trainingTokens } from './trainingTokens';

interface DevPlansInput {
  experiment: Experiment;
  layers: number;
  data: PreparedData;
  tokens: RunTokens;
  /** Rows of the stage's data in each step: [stage][step][row]. */
  batches: readonly (readonly number[][])[];
  negatives: readonly (TokenizedNegatives | null)[];
}

/**
 * Plans the dev evaluations of a run. If the experiment sets no time limit and they exceed the usual one, also plans
 * them with the usual limit.
 */
export function devPlans(input: DevPlansInput): Pick<MemoryReport, 'devPlan' | 'limitedDevPlan'> {
  if (input.data.dev.length === 0) return {};
  const { evaluation } = input.experiment;
  const work = devWork(input);
  const devPlan = planDev(work, evaluation);
  if (evaluation.devTimeShare !== undefined || devPlan.share <= usualDevTimeShare) return { devPlan };
  return { devPlan, limitedDevPlan: planDev(work, { ...evaluation, devTimeShare: usualDevTimeShare }) };
}

function devWork({ experiment, layers, data, tokens, batches, negatives }: DevPlansInput): DevWork {
  const training = experiment.stages.reduce((sum, stage, i) => {
    const { anchors, positives } = stageTokens({ experiment, tokens }, i);
    const rows = batches[i]?.flat() ?? [];
    return sum + passesPerStep(stage, layers) * trainingTokens(rows, [anchors, positives], negatives[i]);
  }, 0);
  return {
    training,
    steps: batches.reduce((sum, stage) => sum + stage.length, 0),
    questions: tokens.dev.ids.length,
    passages: Array.from(data.knowledgeBase, (_, passage) => tokensOfText(tokens.knowledgeBase, passage)),
    right: rightPassages(data),
    seed: experiment.seed,
  };
}

/** Returns the passages that answer a dev question, as ascending indexes. */
export function rightPassages({ knowledgeBase, dev }: Pick<PreparedData, 'knowledgeBase' | 'dev'>): number[] {
  const right = new Set(dev.flatMap(({ relevant }) => relevant));
  return [...knowledgeBase.keys()].filter((index) => right.has(knowledgeBase[index]?.id ?? ''));
}
