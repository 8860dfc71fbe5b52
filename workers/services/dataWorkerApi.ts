import type { StoredModel } from '../../src/domain/model';
import { hubError, type HubHost } from '../../src/domain/import/hub';
import type { DataApi, FolderFile, Progress } from '../../src/protocol/dataApi';
import { datasetImportLock, hubDownloadLock, weightsImportLock } from '../../src/protocol/locks';
import { deleteDownload } from '../../src/storage/downloads';
import { getRun } from '../../src/storage/runs';
import { openDatabase } from '../../src/storage/database';
import { deleteUnused } from '../../src/storage/deleteUnused';
import { sweepOrphanWeights } from '../../src/storage/sweep';
import { exportModel } from './report/exportModel';
import { checkQuestions, importDataset, storedPassages } from './import/importDataset';
import { importBatchList } from './import/importBatchList';
import { recogniseFiles } from './import/recogniseFiles';
import { listHubModel } from './import/hubClient';
import { fetchHubModel } from './import/hubDownload';
import { importModel } from './import/importModel';
import { prepareDemo } from './import/prepareDemo';
import { measureProject } from './project/measureProject';
import { openProject } from './project/openProject';
import { saveProject } from './project/saveProject';
import { modelOf } from './train/runSession';
import { storageUse } from './storage/storageUse';
import { sweepWhenAlone } from './storage/sweepWhenAlone';
import { countSplit } from './split/countSplit';
import { tokenize, tokenizeTexts } from './tokenize/tokenize';
import { holdForLife } from './device/workerLife';
import { AppError } from '../../src/domain/errors';

let pageUrl = '';
/** Stops the download in progress. */
let stopping: AbortController | null = null;

async function importFolder(files: FolderFile[], name: string, progress: Progress): Promise<StoredModel> {
  return navigator.locks.request(weightsImportLock, async () => {
    const db = await openDatabase();
    await sweepOrphanWeights(db, 'model');
    return importModel(files, name, progress, db);
  });
}

/** Keeps stored rows without a record from being swept while `work` imports data sets. */
async function whileImportingRows<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(datasetImportLock, { mode: 'shared' }, work);
}

/** Runs `work` unless a download is in progress, here or in another tab. */
async function whileNoDownload<T>(host: HubHost, work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(hubDownloadLock, { ifAvailable: true }, (lock) => {
    if (!lock) throw hubError(host, 'elsewhere');
    return work();
  });
}

/** API that the data worker exposes to the page. */
export const dataWorkerApi: DataApi = {
  configure: async ({ baseUrl, lifeLock }) => {
    pageUrl = baseUrl;
    await holdForLife(lifeLock);
  },
  importDataset: async (files, role, progress, { knowledgeBase, keepEmptyAnchors = false, ...choices } = {}) => {
    const db = await openDatabase();
    const named = knowledgeBase === undefined ? {} : { passages: await storedPassages(db, knowledgeBase) };
    return whileImportingRows(() =>
      importDataset(db, files, role, progress, { ...named, ...choices, keepEmptyAnchors }),
    );
  },
  recogniseFiles,
  checkQuestions: (questions, knowledgeBase) =>
    whileImportingRows(async () => checkQuestions(await openDatabase(), questions, knowledgeBase)),
  importModel: importFolder,
  listHubModel: (model, token) => listHubModel(model, token),
  fetchHubModel: (listing, token, progress, importing) =>
    whileNoDownload(listing.host, async () => {
      const { signal } = (stopping = new AbortController());
      const importFiles = (files: FolderFile[]) => importFolder(files, listing.id, importing);
      return fetchHubModel(await openDatabase(), listing, { token, signal, progress }, importFiles);
    }),
  stopHubDownload: () => {
    stopping?.abort();
    return Promise.resolve();
  },
  deleteDownload: async (download) =>
    whileNoDownload(download.listing.host, async () => deleteDownload(await openDatabase(), download.downloadId)),
  countSplit: async (experiment, progress) => countSplit(await openDatabase(), experiment, progress),
  importBatchList: async (file) => importBatchList(await openDatabase(), file),
  prepareDemo: async (baseUrl, name, progress) =>
    navigator.locks.request(weightsImportLock, () =>
      whileImportingRows(async () => prepareDemo(await openDatabase(), baseUrl, progress, name)),
    ),
  tokenize: async (experiment, progress) => tokenize(await openDatabase(), experiment, progress),
  tokenizeTexts: async (modelSha256, texts, maxTokens) =>
    tokenizeTexts(await openDatabase(), modelSha256, texts, maxTokens),
  exportModel: async (request, progress) => {
    const db = await openDatabase();
    const run = await getRun(db, request.runId);
    if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: request.runId });
    const { settings } = await modelOf(db, run.experiment);
    const tokens = (texts: string[]) => tokenizeTexts(db, settings.contentSha256, texts, settings.maxTokens);
    return exportModel(request, { db, ortBaseUrl: `${pageUrl}ort/`, tokenize: tokens }, progress);
  },
  measureProject: async () => measureProject(await openDatabase()),
  saveProject: async (choice, progress) => saveProject(await openDatabase(), __BUILD__, choice, progress),
  openProject: async (file, choose, progress) =>
    navigator.locks.request(weightsImportLock, async () => openProject(await openDatabase(), file, choose, progress)),
  storageUse: async () => {
    const db = await openDatabase();
    await sweepWhenAlone(db, 0);
    return storageUse(db);
  },
  deleteUnused: async (kind, ids) => deleteUnused(await openDatabase(), kind, ids),
};
