import { planBatches } from '../../src/domain/batching/batchOrder';
import { AppError } from '../../src/domain/errors';
import type { Experiment } from '../../src/domain/experiment';
import { budgetBytes, defaultBudgetBytes } from '../../src/domain/memory/budget';
import { parameterCount } from '../../src/domain/memory/plan';
import { planRun } from '../../src/domain/memory/planRun';
import type { MemoryReport } from '../../src/domain/memory/report';
import type { DevicePreference } from '../../src/domain/run';
import type { Database } from '../../src/storage/database';
import { arrayBytesAllowed, describeDevice } from '../engine/device';
import type { PreparedData } from './preparedData';
import { modelOf, stageBatches, tokenSet } from './runSession';
import { tokenize } from './tokenize';

export interface MemoryRequest {
  device: DevicePreference;
  /** Null: the device's default. */
  budgetBytes: number | null;
}

/** What a run of the experiment would need, from the tokens of its batches; makes the token sets where they are missing. */
export async function planMemory(
  db: Database,
  experiment: Experiment,
  data: PreparedData,
  request: MemoryRequest,
): Promise<MemoryReport> {
  const { model, settings } = await modelOf(db, experiment);
  const batches = await stageBatches(db, experiment, data);
  const { backend } = await describeDevice(request.device);
  const arrayBytes = await arrayBytesAllowed(request.device);
  const keys = await tokenize(db, experiment, () => undefined);
  const count = parameterCount(model.config);
  const plan = planRun({
    config: model.config,
    parameters: { all: count, trained: count },
    limits: { budgetBytes: budgetBytes(backend, request.budgetBytes, deviceMemoryGiB()), arrayBytes },
    maxTokens: settings.maxTokens,
    tokens: { anchors: await tokenSet(db, keys.anchors), positives: await tokenSet(db, keys.positives) },
    batches,
    precisions: experiment.stages.map(({ precision = 'full' }) => precision),
    atBatchSize: (stage, batchSize) => batchesOfSize(experiment, data, stage, batchSize),
  });
  return { ...plan, backend, defaultBudgetBytes: defaultBudgetBytes(backend, deviceMemoryGiB()) };
}

/** Throws `memory-too-small` with what would fit. */
export function refuseWhatDoesNotFit({ choice, budgetBytes, proposal }: MemoryReport): void {
  if (!choice.fits)
    throw new AppError({ kind: 'memory-too-small', neededBytes: choice.need.total, budgetBytes, ...proposal });
}

function batchesOfSize(
  experiment: Experiment,
  { pairs }: PreparedData,
  stageIndex: number,
  batchSize: number,
): number[][] | null {
  const stage = experiment.stages[stageIndex];
  if (!stage || stage.batching.kind !== 'seeded') return null;
  try {
    const changed = { ...stage, batching: { ...stage.batching, batchSize } };
    return planBatches({ pairs, stage: changed, stageIndex, seed: experiment.seed });
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.details.kind === 'too-few-pairs') return null;
    throw thrown;
  }
}

/** What the browser tells of the machine's memory; many do not. */
export function deviceMemoryGiB(): number | undefined {
  const told: unknown = Reflect.get(navigator, 'deviceMemory');
  return typeof told === 'number' ? told : undefined;
}
