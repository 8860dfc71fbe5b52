import { passageOrder } from '../../../src/domain/evaluate/ranking';
import 'fake-indexeddb/auto';
import { beforeEach, vi } from 'vitest';
import type { DeviceInfo } from '../../../src/domain/device';
import { AppError } from '../../../src/domain/errors';
import type { RunEvent, RunRecord } from '../../../src/domain/run';
import type { Database } from '../../../src/storage/database';
import { getRun, putRun } from '../../../src/storage/runs';
import type { BetweenBatches } from '../../../workers/services/evaluate/betweenBatches';
import type { EvaluateVectorsInput } from '../../../workers/services/evaluate/evaluateVectors';
import type { EncodedTexts } from '../../../workers/services/evaluate/encodedTexts';
import type { TrainingDeps } from '../../../workers/services/train/trainModel';
import type { TrainingState } from '../../../workers/services/train/trainingState';
import { evaluationOf, freshDatabase, runRecord } from '../storage/support';

/** The actions of the run, in order. */
const done = vi.hoisted((): string[] => []);
const said = vi.hoisted(() => (what: string) => (): Promise<void> => Promise.resolve(void done.push(what)));
const device = vi.hoisted(() => ({
  openDevice: vi.fn(),
  closeDevice: () => void done.push('close'),
  deviceEngine: () => ({ hasHalf: false, traits: {} }),
}));
const session = vi.hoisted(() => ({ openRunSession: vi.fn() }));
const plan = vi.hoisted(() => ({ fixKernelPlan: vi.fn() }));
const training = vi.hoisted(() => ({ trainModel: vi.fn() }));
const transfer = vi.hoisted(() => ({ reloadWeights: vi.fn(), loadMoments: vi.fn() }));
const checkpoints = vi.hoisted(() => ({ loadNewestCheckpoint: vi.fn(), keptCheckpoint: vi.fn() }));
const encoding = vi.hoisted(() => ({ encodeTexts: vi.fn() }));
const evaluating = vi.hoisted(() => ({ evaluateVectors: vi.fn() }));
const recovering = vi.hoisted(() => ({ reopenDevice: vi.fn() }));
vi.mock('../../../workers/services/device/openDevice', () => device);
vi.mock('../../../workers/engine/releaseIdleMemory', () => ({ releaseIdleMemory: () => undefined }));
vi.mock('../../../workers/engine/model/adamWState', () => ({
  AdamWState: class {
    fresh = true;
    dispose = () => void done.push('dispose moments');
  },
}));
vi.mock('../../../workers/services/deviceCheck/verdicts', () => ({ refuseWrongMixed: said('verdict') }));
vi.mock('../../../workers/services/train/runSession', () => session);
vi.mock('../../../workers/services/train/prepareKernels', () => ({ prepareKernels: said('kernels') }));
vi.mock('../../../workers/services/train/trainModel', () => training);
vi.mock('../../../workers/services/train/stageBatches', () => ({
  planStages: () =>
    Promise.resolve([
      { batches: [[0], [1]], leftOut: [1] },
      { batches: [[0]], leftOut: [] },
    ]),
}));
vi.mock('../../../workers/services/train/fixKernelPlan', async (original) => ({
  ...(await original<object>()),
  ...plan,
}));
vi.mock('../../../workers/services/train/weightTransfer', () => ({
  loadBase: () =>
    Promise.resolve({
      beginStage: () => undefined,
      dropAdapters: () => undefined,
      dispose: () => void done.push('dispose weights'),
    }),
  weightsSha256: () => Promise.resolve('hash'),
  ...transfer,
}));
vi.mock('../../../src/storage/checkpoints', () => ({
  latestCheckpoint: () => Promise.resolve(undefined),
  resumableSteps: () => Promise.resolve([]),
  weightsOfCheckpoint: (checkpoint: object) => checkpoint,
  ...checkpoints,
}));
vi.mock('../../../workers/services/evaluate/encodeTexts', () => encoding);
vi.mock('../../../workers/services/evaluate/evaluateVectors', () => evaluating);
vi.mock('../../../workers/services/device/deviceRecovery', async (original) => ({
  ...(await original<object>()),
  ...recovering,
}));
const { DeviceRecovery } = await import('../../../workers/services/device/deviceRecovery');
export const { RunControl } = await import('../../../workers/services/train/runControl');
export const { runExperiment } = await import('../../../workers/services/train/runExperiment');

export const info = { backend: 'wasm', threads: 1 } as DeviceInfo;
export const lost = (): AppError => new AppError({ kind: 'gpu-device-lost', reason: 'unknown' } as never);
export const metrics = evaluationOf('r').metrics;
export let db: Database;

beforeEach(async () => {
  done.length = 0;
  db = await freshDatabase();
  await putRun(db, runRecord('r', 'e', { status: 'queued', build: 'b' }));
  device.openDevice.mockReset().mockResolvedValue(info);
  plan.fixKernelPlan.mockReset().mockImplementation(said('plan'));
  training.trainModel.mockReset().mockImplementation((_deps: TrainingDeps, _weights: object, state: TrainingState) => {
    done.push(`train from ${state.step}`);
    return Promise.resolve();
  });
  transfer.reloadWeights.mockReset().mockImplementation(said('weights'));
  transfer.loadMoments.mockReset().mockResolvedValue({ dispose: () => void done.push('dispose moments') });
  checkpoints.loadNewestCheckpoint.mockReset().mockResolvedValue(undefined);
  checkpoints.keptCheckpoint.mockReset().mockResolvedValue({ step: 2, weights: {} });
  encoding.encodeTexts.mockReset().mockImplementation(encode);
  evaluating.evaluateVectors.mockReset().mockImplementation(evaluate);
  recovering.reopenDevice.mockReset().mockResolvedValue(info);
  Object.assign(questions, { dev: 1, test: 2 });
  session.openRunSession.mockReset().mockImplementation(openSession);
});

/** Number of questions. */
export const questions = { dev: 1, test: 2 };
const textsOf = (count: number) => ({ ids: new Int32Array(count), offsets: new Uint32Array(count + 1) });
function openSession(_db: Database, record: RunRecord, control: object, log: object): Promise<object> {
  const tokens = { knowledgeBase: textsOf(3), dev: textsOf(questions.dev), test: textsOf(questions.test) };
  const ask = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));
  return Promise.resolve({
    ...{ db, record, control, log, tokens, recovery: new DeviceRecovery(), guideVectors: new Map() },
    ...{ negatives: [], teacherScores: new Map() },
    tuning: { running: false },
    experiment: record.experiment,
    settings: { pooling: 'cls' },
    model: { config: { hiddenSize: 2 }, tensors: [], totalFloats: 0 },
    data: { dev: ask(questions.dev), test: ask(questions.test), pairs: [] },
    order: passageOrder([]),
  });
}

export const encode = async (_encoder: object, _set: object, between: BetweenBatches, vectors: EncodedTexts) => {
  done.push(`encode ${vectors.count}`);
  await between(vectors.count, vectors.count);
  return vectors;
};
const evaluate = (_engine: object, { part, moment }: EvaluateVectorsInput) => {
  done.push(`${part} ${moment}`);
  return Promise.resolve({ ...evaluationOf('r'), part, moment });
};

/** Executes the stored run `r`, with some changes to its record. */
export async function carriedOut(changes: Partial<RunRecord> = {}) {
  if (Object.keys(changes).length > 0) await putRun(db, { ...runRecord('r', 'e', { build: 'b' }), ...changes });
  const events: RunEvent[] = [];
  const control = new RunControl();
  const onEvents = (batch: RunEvent[]): void => void events.push(...batch);
  const run = runExperiment({ db, control, build: 'b', wasmBaseUrl: 'base/', onEvents }, 'r');
  const failure = await run.then(
    () => null,
    (thrown: unknown) => thrown as AppError,
  );
  return { events, failure, record: await getRun(db, 'r'), types: events.map(({ type }) => type) };
}
export const statuses = (events: RunEvent[]): unknown[] =>
  events.flatMap((event) => (event.type === 'status' ? [event.status] : []));

export { checkpoints, device, done, encoding, evaluating, plan, recovering, training };
