import { AppError } from '../../../src/domain/errors';
import { experimentHash } from '../../../src/domain/experimentHash';
import type { MemoryReport } from '../../../src/domain/memory/report';
import type { RunRecord } from '../../../src/domain/run';
import type { BatchView } from '../../../src/protocol/gpuApi';
import type { Database } from '../../../src/storage/database';
import { getExperiment } from '../../../src/storage/experiments';
import { addRun } from '../../../src/storage/runs';
import { deviceOffersHalf } from '../../engine/device';
import { refuseWhatDoesNotFit, refuseMixedWithoutHalf } from './refuseRun';
import type { MemoryRequest } from '../device/deviceLimits';
import { reportMemory } from './reportMemory';
import { preparedData } from '../split/preparedData';
import { modelOf, stageBatches } from './runSession';

async function experimentOf(db: Database, experimentId: string) {
  const stored = await getExperiment(db, experimentId);
  if (!stored) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
  return stored.experiment;
}

/**
 * Stores the record of a new run, with a copy of the current experiment. Throws if the experiment cannot run. Computes
 * nothing besides missing token sets.
 */
export async function createRun(
  db: Database,
  experimentId: string,
  request: MemoryRequest,
  build: string,
): Promise<string> {
  const experiment = await experimentOf(db, experimentId);
  await modelOf(db, experiment);
  const data = await preparedData(db, experiment);
  if (data.knowledgeBase.length === 0) throw new AppError({ kind: 'data-missing', role: 'knowledgeBase' });
  if (data.test.length === 0) throw new AppError({ kind: 'nothing-to-evaluate', part: 'test' });
  const steps = (await stageBatches(db, experiment, data)).reduce((sum, stage) => sum + stage.length, 0);
  refuseMixedWithoutHalf(experiment, await deviceOffersHalf(request.device));
  const memory = await reportMemory(db, experiment, data, request);
  refuseWhatDoesNotFit(memory);
  const record: RunRecord = {
    runId: crypto.randomUUID(),
    experimentId,
    experiment,
    experimentHash: await experimentHash(experiment),
    build,
    device: null,
    devicePreference: request.device,
    kernelPlan: '',
    memory: memory.run,
    status: 'queued',
    phase: 'prepare',
    step: 0,
    steps,
    createdAt: Date.now(),
  };
  await addRun(db, record);
  return record.runId;
}

/** Plans the memory of a run of the current experiment. */
export async function planExperimentMemory(
  db: Database,
  experimentId: string,
  request: MemoryRequest,
): Promise<MemoryReport> {
  const experiment = await experimentOf(db, experimentId);
  await modelOf(db, experiment);
  return reportMemory(db, experiment, await preparedData(db, experiment), request);
}

/** Returns the texts of one step's batch. They depend only on data, batching and seed, so no run is needed. */
export async function viewBatch(db: Database, experimentId: string, step: number): Promise<BatchView> {
  const experiment = await experimentOf(db, experimentId);
  const data = await preparedData(db, experiment);
  const batch = (await stageBatches(db, experiment, data)).flat()[step] ?? [];
  const rows = batch.flatMap((row) => {
    const pair = data.pairs[row];
    return pair ? [{ pairId: pair.id, anchor: pair.anchor, positive: pair.positive }] : [];
  });
  return { step, rows };
}
