import 'fake-indexeddb/auto';
import { vi } from 'vitest';
import type { DataApi } from '../../../src/protocol/dataApi';
import type { GpuApi } from '../../../src/protocol/gpuApi';
import { getDataset } from '../../../src/storage/datasets';
import { getExperiment, putExperiment, replaceExperiment } from '../../../src/storage/experiments';
import { getModel, listModels } from '../../../src/storage/models';
import type { StoredExperiment } from '../../../src/storage/schema';
import { checkQuestions } from '../../../workers/services/import/checkQuestions';
import { importDataset } from '../../../workers/services/import/importDataset';
import { importDemoModel } from '../../../workers/services/import/importDemoModel';
import { importModel } from '../../../workers/services/import/importModel';
import { storedPassages } from '../../../workers/services/import/storedPassages';
import { freshDatabase, storedExperiment } from '../storage/support';

export const baseUrl = 'http://127.0.0.1/';

/** The page's database and workers. A test adds the calls it needs. */
export const browser = {
  db: await freshDatabase(),
  data: {
    importDataset: async (files, role, progress, { knowledgeBase, ...options } = {}) => {
      const passages = knowledgeBase === undefined ? {} : { passages: await storedPassages(browser.db, knowledgeBase) };
      return importDataset(browser.db, files, role, progress, { ...options, ...passages });
    },
    checkQuestions: (questions, knowledgeBase) => checkQuestions(browser.db, questions, knowledgeBase),
    importModel: (files, name, progress) => importModel(files, name, progress, browser.db),
    importDemoModel: (url, importing) => importDemoModel(browser.db, url, { importing }),
  } as Partial<DataApi>,
  gpu: {} as Partial<GpuApi>,
};

/** The page's localStorage. */
export const local = new Map<string, string>();

// The tests open experiments one after another under the same id. Without this stub, they would follow each other's
// changes like tabs.
vi.stubGlobal(
  'BroadcastChannel',
  class {
    postMessage = () => undefined;
    close = () => undefined;
  },
);
vi.stubGlobal('addEventListener', () => undefined);
vi.stubGlobal('removeEventListener', () => undefined);
vi.stubGlobal('localStorage', {
  getItem: (key: string) => local.get(key) ?? null,
  setItem: (key: string, value: string) => local.set(key, value),
});
vi.doMock('../../../src/state/gateway', () => ({
  baseUrl,
  gateway: {
    data: () => Promise.resolve(browser.data),
    gpu: () => Promise.resolve(browser.gpu),
    getExperiment: (id: string) => getExperiment(browser.db, id),
    putExperiment: (stored: StoredExperiment) => putExperiment(browser.db, stored),
    replaceExperiment: (stored: StoredExperiment, savedAt: number) => replaceExperiment(browser.db, stored, savedAt),
    getDataset: (sha256: string) => getDataset(browser.db, sha256),
    getModel: (sha256: string) => getModel(browser.db, sha256),
    listModels: () => listModels(browser.db),
    listRuns: () => Promise.resolve([]),
  },
}));
/** Called when a file was accepted, which hides the error of a refused one. */
export const fileAccepted = vi.fn();
vi.doMock('../../../src/state/app.svelte', () => ({
  app: { language: 'en', attempt: (work: () => Promise<unknown>) => work(), fileAccepted },
}));
export const { ExperimentState } = await import('../../../src/state/experiment.svelte');
export const { ImportsState } = await import('../../../src/state/imports.svelte');

/** Gives the page an empty database with one experiment, `e`, and an empty localStorage. */
export async function freshBrowser(): Promise<void> {
  local.clear();
  browser.db = await freshDatabase();
  await putExperiment(browser.db, storedExperiment('e'));
}

/** Opens a stored experiment as its screen does. */
export async function opened(experimentId = 'e') {
  const experiment = new ExperimentState(experimentId);
  await experiment.load();
  return { experiment, imports: new ImportsState(experiment) };
}
