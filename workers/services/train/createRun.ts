import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import { experimentHash } from '../../../src/domain/experimentHash';
import type { RunRecord } from '../../../src/domain/run';
import { checkpointBytesOfRun } from '../../../src/domain/train/checkpointBytes';
import { storedWeightFloats } from '../../../src/domain/train/lora';
import { optimizerFloats } from '../../../src/domain/train/trainedParameters';
import type { Database } from '../../../src/storage/database';
import { addRun } from '../../../src/storage/runs';
import { requireStorage } from '../../../src/storage/space';
import { deviceOffersHalf, deviceOffersMatrices } from '../device/openDevice';
import { refuseWrongMixed } from '../deviceCheck/verdicts';
import {
  refuseLongWarmup,
  refuseTooLittleMemory,
  refuseMissingPrecision,
  refuseStrategy,
  refuseUnsuitedLoss,
  refuseUnusedEarlyStop,
} from './refuseRun';
import type { DeviceMemoryRequest } from '../device/deviceMemory';
import { reportMemory } from './reportMemory';
import { preparedData } from '../split/preparedData';
import { rowsSha256 } from '../split/rowsIdentity';
import { planStages } from './stageBatches';
import { modelOfExperiment } from './modelOfExperiment';
import { storedExperiment } from './storedExperiment';

/**
 * Stores the record of a new run, with a copy of the current experiment, or of the settings of a trial. Throws if the
 * experiment cannot run. Computes nothing except missing token sets.
 */
export async function createRun(
  db: Database,
  experimentId: string,
  request: DeviceMemoryRequest,
  build: string,
  trial?: Experiment,
  sweepId?: string,
): Promise<string> {
  const experiment = trial ?? (await storedExperiment(db, experimentId));
  const { model } = await modelOfExperiment(db, experiment);
  refuseStrategy(experiment, model);
  refuseUnsuitedLoss(experiment, model.config);
  const data = await preparedData(db, experiment);
  if (data.knowledgeBase.length === 0) throw new AppError({ kind: 'data-missing', role: 'knowledgeBase' });
  const part = trial ? 'dev' : 'test';
  if (data[part].length === 0) throw new AppError({ kind: 'nothing-to-evaluate', part });
  refuseUnusedEarlyStop(experiment, data.dev.length);
  const stages = await planStages(db, experiment, data);
  refuseLongWarmup(experiment, stages);
  refuseMissingPrecision(experiment, {
    half: await deviceOffersHalf(request.device),
    matrices: await deviceOffersMatrices(request.device),
  });
  await refuseWrongMixed(db, experiment, request.device);
  const memory = await reportMemory(db, experiment, data, request);
  refuseTooLittleMemory(memory);
  const hasBest = experiment.evaluation.checkpoint === 'bestDev' && data.dev.length > 0;
  const beside = optimizerFloats(model, experiment.stages);
  await requireStorage(checkpointBytesOfRun(storedWeightFloats(model, experiment.stages), hasBest, beside));
  const record: RunRecord = {
    runId: crypto.randomUUID(),
    experimentId,
    experiment,
    experimentHash: await experimentHash(experiment),
    ...(trial ? { trial: true } : {}),
    ...(sweepId === undefined ? {} : { sweepId }),
    rowsSha256: await rowsSha256(data),
    build,
    device: null,
    devicePreference: request.device,
    kernelPlan: '',
    memory: memory.run,
    status: 'queued',
    phase: 'prepare',
    step: 0,
    steps: stages.reduce((sum, { batches }) => sum + batches.length, 0),
    leftOut: stages.map(({ leftOut }) => leftOut),
    ...(memory.negatives ? { negatives: memory.negatives } : {}),
    ...(memory.devPlan && experiment.evaluation.devTimeShare !== undefined ? { devPlan: memory.devPlan } : {}),
    createdAt: Date.now(),
  };
  await addRun(db, record);
  return record.runId;
}
