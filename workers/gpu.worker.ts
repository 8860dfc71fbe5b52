import { expose } from 'comlink';
import { AppError } from '../src/domain/errors';
import { installErrorTransfer } from '../src/protocol/errorTransfer';
import type { GpuApi } from '../src/protocol/gpuApi';
import { runLockName, runLockPrefix, weightsImportLock } from '../src/protocol/locks';
import { openDatabase } from '../src/storage/database';
import { sweepOrphanWeights } from '../src/storage/weights';
import { benchmarkDevice } from './services/benchmarkDevice';
import { createRun, planExperimentMemory, viewBatch } from './services/createRun';
import { describeDevice } from './services/describeDevice';
import { encodeWithWeights } from './services/encodeWithWeights';
import { expectedWork } from './services/expectedWork';
import { RunControl } from './services/runControl';
import { runExperiment } from './services/runExperiment';
import { holdForLife } from './services/workerLife';

installErrorTransfer();

let baseUrl = '';
/** One device, so one run at a time. */
let running: { runId: string; control: RunControl } | null = null;

/** Holds the device as a run does. */
const benchmarkId = 'benchmark';

const wasmBaseUrl = (): string => `${baseUrl}engine/`;

function controlOf(runId: string): RunControl {
  if (running?.runId !== runId) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  return running.control;
}

const api: GpuApi = {
  configure: async (options) => {
    baseUrl = options.baseUrl;
    await holdForLife(options.lifeLock);
  },
  createRun: async (experimentId, device, budgetBytes) =>
    createRun(await openDatabase(), experimentId, { device, budgetBytes }, __BUILD__),
  planMemory: async (experimentId, device, budgetBytes) =>
    planExperimentMemory(await openDatabase(), experimentId, { device, budgetBytes }),
  describeDevice: (preference) => describeDevice(preference),
  viewBatch: async (experimentId, step) => viewBatch(await openDatabase(), experimentId, step),
  startRun: async (runId, onEvents) => {
    if (running) throw new AppError({ kind: 'run-busy', runId: running.runId });
    const control = new RunControl();
    running = { runId, control };
    try {
      await holdRun(runId, async () => {
        await runExperiment({ db: await openDatabase(), control, wasmBaseUrl: wasmBaseUrl(), onEvents }, runId);
      });
    } finally {
      running = null;
    }
  },
  // eslint-disable-next-line @typescript-eslint/require-await -- async turns the throw of controlOf into a rejection
  pauseRun: async (runId) => controlOf(runId).pause(),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  continueRun: async (runId) => controlOf(runId).continue(),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelRun: async (runId) => controlOf(runId).cancel(),
  encodeTexts: async (source, tokenIds) => {
    if (running) throw new AppError({ kind: 'run-busy', runId: running.runId });
    return encodeWithWeights(await openDatabase(), source, tokenIds, wasmBaseUrl());
  },
  benchmark: async (options, onProgress) => {
    if (running) throw new AppError({ kind: 'run-busy', runId: running.runId });
    const control = new RunControl();
    running = { runId: benchmarkId, control };
    try {
      const browser = navigator.userAgent;
      return await benchmarkDevice(options, { control, wasmBaseUrl: wasmBaseUrl(), browser, onProgress });
    } finally {
      running = null;
    }
  },
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelBenchmark: async () => {
    if (running?.runId === benchmarkId) running.control.cancel();
  },
  expectedWork: async (experimentId) => expectedWork(await openDatabase(), experimentId),
};

/** The lock dies with this worker: a run whose lock nobody holds was interrupted. */
async function holdRun(runId: string, work: () => Promise<void>): Promise<void> {
  await navigator.locks.request(runLockName(runId), { ifAvailable: true }, async (lock) => {
    if (!lock) throw new AppError({ kind: 'run-busy', runId });
    await sweepWhenAlone();
    await work();
  });
}

/** Another tab may be between the parts of a checkpoint and its record, by a run or by a project that comes in: then not now. */
async function sweepWhenAlone(): Promise<void> {
  await navigator.locks.request(weightsImportLock, { ifAvailable: true }, async (lock) => {
    const { held = [] } = await navigator.locks.query();
    if (lock && held.filter(({ name }) => name?.startsWith(runLockPrefix)).length === 1)
      await sweepOrphanWeights(await openDatabase(), 'checkpoint');
  });
}

expose(api);
