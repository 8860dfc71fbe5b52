import type { ExpectedWork } from '../../../src/domain/benchmark/expectedWork';
import { usesHalf, type Experiment } from '../../../src/domain/experiment';
import { devEvaluations, type DevPlan } from '../../../src/domain/train/devPlan';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { Database } from '../../../src/storage/database';
import type { DeviceMemoryRequest } from '../device/deviceMemory';
import { reportMemory } from '../train/reportMemory';
import { refuseTooLittleMemory } from '../train/refuseRun';
import { preparedData } from '../split/preparedData';
import { negativesOfStages, tokenizedNegatives } from '../negatives/stageNegatives';
import { stageBatches } from '../train/stageBatches';
import { stageTokens, storedTokenSets } from '../train/runTokens';
import { trainingTokens } from '../train/trainingTokens';
import { modelOfExperiment } from '../train/modelOfExperiment';
import { storedExperiment } from '../train/storedExperiment';
import { tokenize } from '../tokenize/tokenize';

type Offsets = Pick<TokenSet, 'offsets'>;

/**
 * Returns the work in a run of the experiment, with the step strategies planned for this machine. Throws
 * `model-missing`, `data-missing` or `memory-too-small` if the experiment cannot run.
 */
export async function expectedWork(
  db: Database,
  experimentId: string,
  request: DeviceMemoryRequest,
): Promise<ExpectedWork> {
  const experiment = await storedExperiment(db, experimentId);
  const { model } = await modelOfExperiment(db, experiment);
  const data = await preparedData(db, experiment);
  const plan = await reportMemory(db, experiment, data, request);
  refuseTooLittleMemory(plan);
  const keys = await tokenize(db, experiment, () => undefined);
  const tokens = await storedTokenSets(db, keys);
  const negatives = tokenizedNegatives(await negativesOfStages(db, experiment, data), () => tokens);
  const ofStages = experiment.stages.map((_, stage) => {
    const { anchors, positives } = stageTokens({ experiment, tokens }, stage);
    return [anchors, positives];
  });
  const encoded = [tokens.knowledgeBase, tokens.dev, tokens.test];
  const batches = await stageBatches(db, experiment, data);
  const steps = batches.flat().length;
  const all = [...new Set(ofStages.flat()), ...encoded];
  return {
    config: model.config,
    steps,
    stages: batches.map((stage, i) => ({
      trainingTokens: trainingTokens(stage.flat(), ofStages[i] ?? [], negatives[i]),
      stepStrategy: plan.run.ways[i]?.kind ?? 'plain',
    })),
    mixed: experiment.stages.some(({ precision }) => usesHalf(precision)),
    encodingTokens: sum(encoded, tokensIn),
    evaluations: evaluationsOf(experiment, steps, plan.devPlan),
    textTokens: sum(all, tokensIn) / Math.max(1, sum(all, textsIn)),
  };
}

/**
 * Counts the evaluations of a run: one before and one after training, plus those on dev in between. An evaluation on a
 * sample counts as the sample's share of the knowledge base.
 */
function evaluationsOf({ evaluation }: Experiment, steps: number, devPlan: DevPlan | undefined): number {
  if (!devPlan) return 2;
  const { everySteps, passages, of } = devPlan;
  return 2 + devEvaluations(steps, everySteps, evaluation.checkpoint === 'bestDev') * (passages / Math.max(1, of));
}

function tokensIn({ offsets }: Offsets): number {
  return offsets.at(-1) ?? 0;
}

function textsIn({ offsets }: Offsets): number {
  return offsets.length - 1;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
