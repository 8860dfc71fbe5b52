import { rowsOfStage } from '../../../src/domain/train/trainRows';
import { planBatches } from '../../../src/domain/train/planBatches';
import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import { allowsBudget, defaultBudgetBytes } from '../../../src/domain/memory/budget';
import { evaluationShape } from '../../engine/memory/evaluationMemory';
import { parameterCount } from '../../engine/memory/parameterCount';
import { planRun } from '../../engine/memory/planRun';
import type { MemoryReport } from '../../../src/domain/memory/report';
import type { Database } from '../../../src/storage/database';
import { describeDevice, deviceOffersHalf } from '../../engine/device';
import { deviceMemoryGiB, deviceMemoryLimits, type DeviceMemoryRequest } from '../device/deviceMemory';
import { preparedData, type PreparedData } from '../split/preparedData';
import { planStages } from './stageBatches';
import { storedTokenSet } from '../tokenize/storedTokenSet';
import { storedStageTokens } from './stepBatch';
import { modelOfExperiment } from './modelOfExperiment';
import { tokenize } from '../tokenize/tokenize';
import { storedExperiment } from './storedExperiment';

/** Plans the batches of a run and, from their tokens, its memory. Creates missing token sets. */
export async function reportMemory(
  db: Database,
  experiment: Experiment,
  data: PreparedData,
  request: DeviceMemoryRequest,
): Promise<MemoryReport> {
  const { model, settings } = await modelOfExperiment(db, experiment);
  const stages = await planStages(db, experiment, data);
  const keys = await tokenize(db, experiment, () => undefined);
  const encoded = [keys.knowledgeBase, keys.devQuestions, keys.testQuestions];
  const evaluation = evaluationShape(
    data.knowledgeBase.length,
    [data.dev, data.test],
    await Promise.all(encoded.map((key) => storedTokenSet(db, key))),
  );
  const info = await describeDevice(request.device);
  const { backend } = info;
  const count = parameterCount(model.config);
  const plan = planRun({
    config: model.config,
    parameters: { all: count, trained: count },
    limits: await deviceMemoryLimits(info, request),
    maxTokens: settings.maxTokens,
    tokens: await Promise.all(experiment.stages.map((stage) => storedStageTokens(db, keys, stage))),
    batches: stages.map(({ batches }) => batches),
    evaluation,
    offersHalf: await deviceOffersHalf(request.device),
    precisions: experiment.stages.map(({ precision = 'full' }) => precision),
    atBatchSize: (stage, batchSize) => batchesOfSize(experiment, data, stage, batchSize),
  });
  return {
    ...plan,
    backend,
    steps: stages.reduce((sum, { batches }) => sum + batches.length, 0),
    leftOut: stages.map(({ leftOut }) => leftOut),
    defaultBudgetBytes: defaultBudgetBytes(backend, deviceMemoryGiB()),
    canRaise: allowsBudget(backend, plan.choice.need.total),
  };
}

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
    return planBatches({ pairs: rowsOfStage(stage, data), stage: changed, stageIndex, seed: experiment.seed }).batches;
  } catch (thrown) {
    if (thrown instanceof AppError && /^too-few-(scored-)?pairs$/.test(thrown.details.kind)) return null;
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
