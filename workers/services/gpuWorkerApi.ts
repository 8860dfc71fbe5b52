import { AppError } from '../../src/domain/errors';
import type { GpuApi } from '../../src/protocol/gpuApi';
import { runLockName } from '../../src/protocol/locks';
import { openDatabase, type Database } from '../../src/storage/database';
import { browserVersion } from './device/browserVersion';
import { benchmarkDevice } from './benchmark/benchmarkDevice';
import { reportDevice } from './benchmark/reportDevice';
import { createRun } from './train/createRun';
import { reportExperimentMemory } from './train/reportMemory';
import { exportBatch, viewBatch } from './train/viewBatch';
import { describeDevice } from './device/openDevice';
import { DeviceHold } from './device/deviceHold';
import { checkDevice } from './deviceCheck/checkDevice';
import { applyVerdicts, deviceCheckState, storeCheck } from './deviceCheck/verdicts';
import { mineNegatives } from './negatives/mineNegatives';
import { compareModels } from './evaluate/compareModels';
import { evaluateBlends } from './evaluate/evaluateBlends';
import { searchByCandidates } from './evaluate/playground';
import { searchPassages } from './evaluate/searchPassages';
import { encodeWithWeights } from './report/encodeWithWeights';
import { expectedWork } from './benchmark/expectedWork';
import { runExperiment } from './train/runExperiment';
import { holdWorkerLifeLock } from './device/workerLife';
import { sweepWhenAlone } from './storage/sweepWhenAlone';

let baseUrl = '';
const device = new DeviceHold();

const wasmBaseUrl = (): string => `${baseUrl}engine/`;

/** Opens the database and makes the engine refuse the devices whose check found wrong numbers. */
async function openedWithVerdicts(): Promise<Database> {
  const db = await openDatabase();
  await applyVerdicts(db);
  return db;
}

/** API that the GPU worker exposes to the page. */
export const gpuWorkerApi: GpuApi = {
  configure: async (options) => {
    baseUrl = options.baseUrl;
    await holdWorkerLifeLock(options.lifeLock);
  },
  createRun: async (experimentId, preference, budgetBytes, trial, sweepId) =>
    createRun(await openedWithVerdicts(), experimentId, { device: preference, budgetBytes }, __BUILD__, trial, sweepId),
  planMemory: async (experimentId, preference, budgetBytes) =>
    reportExperimentMemory(await openedWithVerdicts(), experimentId, { device: preference, budgetBytes }),
  describeDevice: async (preference) => {
    await openedWithVerdicts();
    return describeDevice(preference);
  },
  reportDevice: async (preference, budgetBytes) => {
    await openedWithVerdicts();
    return reportDevice({ device: preference, budgetBytes });
  },
  viewBatch: async (experimentId, step) => viewBatch(await openDatabase(), experimentId, step),
  exportBatch: async (experimentId, step, format) => exportBatch(await openDatabase(), experimentId, step, format),
  startRun: (runId, onEvents) =>
    device.during({ job: 'run', runId }, (control) =>
      holdRun(runId, async () => {
        const db = await openedWithVerdicts();
        await runExperiment({ db, control, build: __BUILD__, wasmBaseUrl: wasmBaseUrl(), onEvents }, runId);
      }),
    ),
  // eslint-disable-next-line @typescript-eslint/require-await -- async turns a throw of controlOfRun into a rejection
  pauseRun: async (runId) => device.controlOfRun(runId).pause(),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  continueRun: async (runId) => device.controlOfRun(runId).continue(),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelRun: async (runId) => device.controlOfRun(runId).cancel(),
  encodeTexts: (source, tokenIds) =>
    device.during({ job: 'export' }, async () =>
      encodeWithWeights(await openedWithVerdicts(), source, tokenIds, wasmBaseUrl()),
    ),
  searchPassages: (request, preference, progress) =>
    device.during({ job: 'search' }, async (control) =>
      searchPassages(request, {
        db: await openedWithVerdicts(),
        control,
        device: preference,
        wasmBaseUrl: wasmBaseUrl(),
        progress,
      }),
    ),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelSearch: async () => device.controlOf('search')?.cancel(),
  searchByCandidates: (request, preference, progress) =>
    device.during({ job: 'search' }, async (control) =>
      searchByCandidates(request, {
        db: await openedWithVerdicts(),
        control,
        device: preference,
        wasmBaseUrl: wasmBaseUrl(),
        progress,
      }),
    ),
  mineNegatives: (experimentId, preference, progress, trials) =>
    device.during({ job: 'mine' }, async (control) =>
      mineNegatives(experimentId, trials, {
        db: await openedWithVerdicts(),
        control,
        device: preference,
        wasmBaseUrl: wasmBaseUrl(),
        progress,
      }),
    ),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelMining: async () => device.controlOf('mine')?.cancel(),
  compareModels: (request, preference, progress, ended) =>
    device.during({ job: 'compare' }, async (control) =>
      compareModels(request, {
        db: await openedWithVerdicts(),
        control,
        device: preference,
        wasmBaseUrl: wasmBaseUrl(),
        ortBaseUrl: `${baseUrl}ort/`,
        baseUrl,
        progress,
        ended,
      }),
    ),
  scorePairs: (request, preference, progress, ended) =>
    device.during({ job: 'compare' }, async (control) => {
      const { scorePairs } = await import('./evaluate/scorePairs');
      const where = { wasmBaseUrl: wasmBaseUrl(), ortBaseUrl: `${baseUrl}ort/` };
      return scorePairs(request, {
        ...{ db: await openedWithVerdicts(), control, device: preference, progress, ended },
        ...where,
      });
    }),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelComparison: async () => device.controlOf('compare')?.cancel(),
  measureSpeed: (request, preference, progress) =>
    device.during({ job: 'speed' }, async (control) => {
      const { measureSpeed } = await import('./evaluate/measureSpeed');
      return measureSpeed(request, {
        ...{ db: await openedWithVerdicts(), control, device: preference, wasmBaseUrl: wasmBaseUrl() },
        ...{ build: __BUILD__, browser: await browserVersion(), progress },
      });
    }),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelSpeed: async () => device.controlOf('speed')?.cancel(),
  drawMap: (request, preference, progress) =>
    device.during({ job: 'map' }, async (control) => {
      const { drawMap } = await import('./evaluate/drawMap');
      const db = await openedWithVerdicts();
      return drawMap(request, { db, control, device: preference, wasmBaseUrl: wasmBaseUrl(), progress });
    }),
  keptMap: async (request, preference) => {
    const { keptMap } = await import('./evaluate/drawMap');
    return keptMap(request, { db: await openDatabase(), device: preference });
  },
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelMap: async () => device.controlOf('map')?.cancel(),
  evaluateBlends: (runId, wanted, progress) =>
    device.during({ job: 'blend' }, async (control) =>
      evaluateBlends(runId, wanted, {
        db: await openedWithVerdicts(),
        control,
        wasmBaseUrl: wasmBaseUrl(),
        baseUrl,
        progress,
      }),
    ),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelBlends: async () => device.controlOf('blend')?.cancel(),
  benchmark: (options, onProgress) =>
    device.during({ job: 'benchmark' }, async (control) =>
      benchmarkDevice(options, { control, wasmBaseUrl: wasmBaseUrl(), browser: await browserVersion(), onProgress }),
    ),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelBenchmark: async () => device.controlOf('benchmark')?.cancel(),
  deviceCheck: async (preference) => deviceCheckState(await openDatabase(), preference),
  checkDevice: (preference, onProgress) =>
    device.during({ job: 'check' }, async (control) => {
      const browser = await browserVersion();
      const check = await checkDevice(preference, { control, wasmBaseUrl: wasmBaseUrl(), browser, onProgress });
      await storeCheck(await openDatabase(), preference, check);
      return check;
    }),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  cancelCheck: async () => device.controlOf('check')?.cancel(),
  expectedWork: async (experimentId, preference, budgetBytes) =>
    expectedWork(await openedWithVerdicts(), experimentId, { device: preference, budgetBytes }),
};

/**
 * Holds the run's lock during `work`. The lock is released if this worker dies, so an unfinished run whose lock is free
 * was interrupted.
 */
async function holdRun(runId: string, work: () => Promise<void>): Promise<void> {
  await navigator.locks.request(runLockName(runId), { ifAvailable: true }, async (lock) => {
    if (!lock) throw new AppError({ kind: 'run-elsewhere', runId });
    await sweepWhenAlone(await openDatabase(), 1);
    await work();
  });
}
