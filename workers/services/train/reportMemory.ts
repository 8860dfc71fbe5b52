import { batchesOfStep } from '../../../src/domain/train/batchingSchema';
import { rowsOfStage } from '../../../src/domain/train/trainRows';
import { planBatches } from '../../../src/domain/train/planBatches';
import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import { allowsBudget, defaultBudgetBytes } from '../../../src/domain/memory/budget';
import { evaluationShape } from '../../engine/memory/evaluationMemory';
import { adapterMemory, parameterCount } from '../../engine/memory/parameterCount';
import { planRun } from '../../engine/memory/planRun';
import { trainedTableFloats } from '../../engine/model/segmentLayout';
import { trainedBy } from '../../../src/domain/train/trainedParameters';
import { defaultLora } from '../../../src/domain/train/loraSchema';
import { onlyBiases } from '../../../src/domain/train/strategyEdits';
import { refuseLongWarmup, refuseStrategy } from './refuseRun';
import type { MemoryReport } from '../../../src/domain/memory/report';
import type { Database } from '../../../src/storage/database';
import { describeDevice, deviceOffersHalf } from '../device/openDevice';
import { deviceMemoryGiB, deviceMemoryLimits, type DeviceMemoryRequest } from '../device/deviceMemory';
import { negativesOfStages, reportNegatives, tokenizedNegatives } from '../negatives/stageNegatives';
import { preparedData, type PreparedData } from '../split/preparedData';
import { planStages } from './stageBatches';
import { prefixOf } from '../../../src/domain/train/prefix';
import { prefixedSets } from '../tokenize/prefixTokens';
import { devPlans } from './devPlans';
import { stageTokens, storedTokenSets } from './runTokens';
import { guideShapes } from './guides';
import { modelOfExperiment } from './modelOfExperiment';
import { tokenize } from '../tokenize/tokenize';
import { storedExperiment } from './storedExperiment';
import { scoresOfData } from './teacherScores';

/** Plans the batches of a run and, from their tokens, its memory. Creates missing token sets. */
export async function reportMemory(
  db: Database,
  experiment: Experiment,
  data: PreparedData,
  request: DeviceMemoryRequest,
): Promise<MemoryReport> {
  const { model, settings } = await modelOfExperiment(db, experiment);
  refuseStrategy(experiment, model);
  const stages = await planStages(db, experiment, data);
  refuseLongWarmup(experiment, stages);
  const keys = await tokenize(db, experiment, () => undefined);
  const chosen = await negativesOfStages(db, experiment, data);
  const counts = await reportNegatives(chosen);
  for (const stage of stages.keys()) scoresOfData(experiment, stage, data.pairs, chosen[stage]); // refuses missing ones
  // A prefix makes texts longer, so all stages are planned with it.
  const own = await storedTokenSets(db, keys);
  const prefix = prefixOf(experiment.stages);
  const tokens = prefix ? prefixedSets(own, model, prefix, settings.maxTokens) : own;
  const negatives = tokenizedNegatives(chosen, () => tokens);
  const encoded = [tokens.knowledgeBase, tokens.dev, tokens.test];
  const evaluation = evaluationShape(data.knowledgeBase.length, [data.dev, data.test], encoded);
  const info = await describeDevice(request.device);
  const { backend } = info;
  const count = parameterCount(model.config);
  const plan = planRun({
    config: model.config,
    parameters: { all: count, trained: count },
    trained: experiment.stages.map((stage) => trainedTableFloats(model.tensors, trainedBy(stage))),
    averaged: experiment.stages.map(({ ema }) => ema !== undefined),
    adapters: experiment.stages.map((stage) => adapterMemory(model.tensors, stage)),
    trainedBiases: trainedTableFloats(model.tensors, trainedBy(onlyBiases)),
    usualAdapters: adapterMemory(model.tensors, { strategy: defaultLora }),
    limits: await deviceMemoryLimits(info, request),
    maxTokens: settings.maxTokens,
    tokens: experiment.stages.map((_, stage) => stageTokens({ experiment, tokens }, stage)),
    batches: stages.map(({ batches }, i) => smallBatches(experiment, i, batches)),
    negatives,
    evaluation,
    guides: await guideShapes(db, experiment, chosen),
    offersHalf: await deviceOffersHalf(request.device),
    losses: experiment.stages.map(({ loss }) => loss),
    precisions: experiment.stages.map(({ precision = 'full' }) => precision),
    atBatchSize: (stage, batchSize) => batchesOfSize(experiment, data, stage, batchSize),
  });
  return {
    ...plan,
    backend,
    steps: stages.reduce((sum, { batches }) => sum + batches.length, 0),
    leftOut: stages.map(({ leftOut }) => leftOut),
    ...(counts ? { negatives: counts } : {}),
    ...devPlans({
      ...{ experiment, data, tokens, negatives, layers: model.config.layers },
      batches: stages.map(({ batches }) => batches),
    }),
    defaultBudgetBytes: defaultBudgetBytes(backend, deviceMemoryGiB()),
    canRaise: allowsBudget(backend, plan.choice.need.total),
  };
}

/** Returns the batches of a stage's steps, which are in memory one at a time. */
function smallBatches({ stages }: Experiment, stageIndex: number, steps: readonly number[][]): number[][] {
  const stage = stages[stageIndex];
  return stage ? steps.flatMap((rows) => batchesOfStep(rows, stage.batching)) : [];
}

const tooFew: ReadonlySet<AppErrorDetails['kind']> = new Set(['too-few-pairs', 'too-few-scored-pairs']);

function batchesOfSize(
  experiment: Experiment,
  data: PreparedData,
  stageIndex: number,
  batchSize: number,
): number[][] | null {
  const stage = experiment.stages[stageIndex];
  if (!stage || stage.batching.kind !== 'seeded') return null;
  try {
    const changed = { ...stage, batching: { ...stage.batching, batchSize } };
    const pairs = rowsOfStage(stage, data);
    const { batches } = planBatches({ pairs, stage: changed, stageIndex, seed: experiment.seed });
    return batches.flatMap((rows) => batchesOfStep(rows, changed.batching));
  } catch (thrown) {
    if (thrown instanceof AppError && tooFew.has(thrown.details.kind)) return null;
    throw thrown;
  }
}

/** Plans the memory of a run of the current experiment. */
export async function reportExperimentMemory(
  db: Database,
  experimentId: string,
  request: DeviceMemoryRequest,
): Promise<MemoryReport> {
  const experiment = await storedExperiment(db, experimentId);
  await modelOfExperiment(db, experiment);
  return reportMemory(db, experiment, await preparedData(db, experiment), request);
}
