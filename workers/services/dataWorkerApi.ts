import type { StoredModel } from '../../src/domain/model';
import { hubError, type HubHost, type HubListing } from '../../src/domain/import/hub';
import type { DataApi, DownloadProgress, FolderFile, Progress } from '../../src/protocol/dataApi';
import { datasetImportLock, hubDownloadLock, weightsImportLock } from '../../src/protocol/locks';
import { deleteDownload } from '../../src/storage/downloads';
import { getRun } from '../../src/storage/runs';
import { openDatabase, type Database } from '../../src/storage/database';
import { deleteUnused } from '../../src/storage/deleteUnused';
import { sweepOrphanWeights } from '../../src/storage/sweep';
import { compareTable } from '../../src/domain/evaluate/compareTable';
import { pairTable } from '../../src/domain/evaluate/pairTable';
import { resultSheets } from '../../src/domain/report/resultSheets';
import { writeXlsx } from '../formats/xlsxWriter';
import { compareRun, compareWithKeywords } from './evaluate/compareRun';
import { comparedPairs, tableOfPairs } from './evaluate/pairResults';
import { probeResults } from './evaluate/probeResults';
import { describeProbe } from './evaluate/readProbe';
import { explainQuestion } from './evaluate/explainQuestion';
import { figuresOf, judgedQuestions, listQuestions } from './evaluate/judgedResults';
import { runQuestions } from './evaluate/runQuestions';
import { listCandidates } from './evaluate/listCandidates';
import { comparedData } from './evaluate/comparedData';
import { comparedPart, comparedPassages, countTestUses, tableOf } from './evaluate/comparedPart';
import { keepThresholds, viewScores } from './evaluate/viewScores';
import { exportModel } from './report/exportModel';
import { importDataset } from './import/importDataset';
import { checkQuestions } from './import/checkQuestions';
import { storedPassages } from './import/storedPassages';
import { countTitles } from './import/countTitles';
import { importBatchList } from './import/importBatchList';
import { recogniseFiles } from './import/recogniseFiles';
import { surveyFiles } from './import/surveyFiles';
import { listHubModel } from './import/listHubModel';
import { fetchHubModel } from './import/fetchHubModel';
import { importDemoModel } from './import/importDemoModel';
import { importModel, type ModelImport } from './import/importModel';
import { importOnnx } from './import/importOnnx';
import { prepareDemo, prepareDemoSearch } from './import/prepareDemo';
import { exportTriplets, listNegatives, viewNegatives } from './negatives/viewNegatives';
import { measureProject } from './project/measureProject';
import { openProject } from './project/openProject';
import { saveProject } from './project/saveProject';
import { devTexts } from './train/devTexts';
import { trainTexts } from './train/trainTexts';
import { examineTexts } from './train/examineTexts';
import { modelOfExperiment } from './train/modelOfExperiment';
import { storageUse } from './storage/storageUse';
import { sweepWhenAlone } from './storage/sweepWhenAlone';
import { countSplit } from './split/countSplit';
import { prefixOf } from '../../src/domain/train/prefix';
import { tokenize, tokenIdsOf } from './tokenize/tokenize';
import { holdWorkerLifeLock } from './device/workerLife';
import { AppError } from '../../src/domain/errors';

let pageUrl = '';
/** Stops the download in progress. */
let stopping: AbortController | null = null;
/** Stops loading the knowledge base and the model for a question to the demo. */
let stoppingDemo: AbortController | null = null;

/** Runs `work`, one import of weights at a time, after deleting weights that an interrupted import has left. */
async function whileImportingWeights<T>(work: (db: Database) => Promise<T>): Promise<T> {
  return navigator.locks.request(weightsImportLock, async () => {
    const db = await openDatabase();
    await sweepOrphanWeights(db, 'model');
    return work(db);
  });
}

function importFolder(
  files: FolderFile[],
  name: string,
  progress: Progress,
  options: ModelImport = {},
): Promise<StoredModel> {
  return whileImportingWeights((db) => importModel(files, name, progress, db, options));
}

/** Prevents stored rows without a record from being swept while `work` imports data sets. */
async function whileImportingRows<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(datasetImportLock, { mode: 'shared' }, work);
}

/** Runs `work`. Throws if a download is in progress, here or in another tab. */
async function whileNoDownload<T>(host: HubHost, work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(hubDownloadLock, { ifAvailable: true }, (lock) => {
    if (!lock) throw hubError(host, 'elsewhere');
    return work();
  });
}

/** Fetches the files of a model and imports them, unless a download is in progress. */
async function fetchOne<Model>(
  listing: HubListing,
  token: string | null,
  progress: DownloadProgress,
  importFiles: (files: FolderFile[], options: ModelImport) => Promise<Model>,
): Promise<Model> {
  return whileNoDownload(listing.host, async () => {
    const { signal } = (stopping = new AbortController());
    return fetchHubModel(await openDatabase(), listing, { token, signal, progress }, importFiles);
  });
}

/** API that the data worker exposes to the page. */
export const dataWorkerApi: DataApi = {
  configure: async ({ baseUrl, lifeLock }) => {
    pageUrl = baseUrl;
    await holdWorkerLifeLock(lifeLock);
  },
  importDataset: async (files, role, progress, { knowledgeBase, keepEmptyAnchors = false, ...choices } = {}) => {
    const db = await openDatabase();
    // A knowledge base names no passages of the one before, whose rows may be lost and come back with this import.
    const isNamed = knowledgeBase !== undefined && role !== 'knowledgeBase';
    const named = isNamed ? { passages: await storedPassages(db, knowledgeBase) } : {};
    return whileImportingRows(() =>
      importDataset(db, files, role, progress, { ...named, ...choices, keepEmptyAnchors }),
    );
  },
  recogniseFiles,
  surveyFiles,
  checkQuestions: (questions, knowledgeBase) =>
    whileImportingRows(async () => checkQuestions(await openDatabase(), questions, knowledgeBase)),
  countTitles: async (knowledgeBase) => countTitles(await openDatabase(), knowledgeBase),
  importModel: (files, name, progress) => importFolder(files, name, progress),
  importOnnx: (files, choice, name, progress) =>
    whileImportingWeights((db) => importOnnx(db, files, choice, { name, progress })),
  importDemoModel: (baseUrl, importing) => whileImportingWeights((db) => importDemoModel(db, baseUrl, { importing })),
  listHubModel: (model, token) => listHubModel(model, token),
  fetchHubModel: (listing, token, progress, importing) =>
    fetchOne(listing, token, progress, (files, options) => importFolder(files, listing.id, importing, options)),
  listHubOnnx: (model, token) => listHubModel(model, token, 'onnx'),
  fetchHubOnnx: (listing, token, progress, importing) =>
    fetchOne(listing, token, progress, (files, options) => {
      const about = { ...options, name: listing.id, progress: importing };
      return whileImportingWeights((db) => importOnnx(db, files, listing.onnx, about));
    }),
  stopHubDownload: () => {
    stopping?.abort();
    return Promise.resolve();
  },
  deleteDownload: async (download) =>
    whileNoDownload(download.listing.host, async () => deleteDownload(await openDatabase(), download.downloadId)),
  countSplit: async (experiment, progress) => countSplit(await openDatabase(), experiment, progress),
  viewNegatives: async (experiment, stageIndex) => viewNegatives(await openDatabase(), experiment, stageIndex),
  listNegatives: async (experiment, stageIndex, page) =>
    listNegatives(await openDatabase(), experiment, stageIndex, page),
  exportTriplets: async (experiment, stageIndex, format) =>
    exportTriplets(await openDatabase(), experiment, stageIndex, format),
  examineTexts: async (experiment, progress) => examineTexts(await openDatabase(), experiment, progress),
  devTexts: async (experiment, ids) => devTexts(await openDatabase(), experiment, ids),
  trainTexts: async (experiment, stage, ids) => trainTexts(await openDatabase(), experiment, stage, ids),
  compareRun: async (runId, ks, probe) => compareRun(await openDatabase(), runId, ks, probe),
  describeProbe: async (set) => describeProbe(await openDatabase(), set),
  compareWithKeywords: async (runId, ks, progress) => compareWithKeywords(await openDatabase(), runId, ks, progress),
  listQuestions: async (owner) => listQuestions(await openDatabase(), owner),
  figuresOf: async (request) => figuresOf(await openDatabase(), request),
  labelChangesOf: async (owner) => (await judgedQuestions(await openDatabase(), owner)).changes,
  explainQuestion: async (request) => explainQuestion(await openDatabase(), request),
  importBatchList: async (file) => importBatchList(await openDatabase(), file),
  prepareDemo: async (baseUrl, name, progress) =>
    navigator.locks.request(weightsImportLock, () =>
      whileImportingRows(async () => prepareDemo(await openDatabase(), baseUrl, progress, name)),
    ),
  prepareDemoSearch: async (baseUrl, received) => {
    const { signal } = (stoppingDemo = new AbortController());
    return navigator.locks.request(weightsImportLock, () =>
      whileImportingRows(async () => prepareDemoSearch(await openDatabase(), baseUrl, { signal, received })),
    );
  },
  cancelDemoSearch: () => {
    stoppingDemo?.abort();
    return Promise.resolve();
  },
  tokenize: async (experiment, progress) => tokenize(await openDatabase(), experiment, progress),
  tokenIdsOf: async (modelSha256, texts, maxTokens, tokens) =>
    tokenIdsOf(await openDatabase(), modelSha256, texts, maxTokens, tokens),
  exportModel: async (request, progress) => {
    const db = await openDatabase();
    const run = await getRun(db, request.runId);
    if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: request.runId });
    const { settings } = await modelOfExperiment(db, run.experiment);
    const added = prefixOf(run.experiment.stages)?.tokens;
    const ids = (texts: string[]) => tokenIdsOf(db, settings.contentSha256, texts, settings.maxTokens, added);
    return exportModel(request, { db, ortBaseUrl: `${pageUrl}ort/`, tokenize: ids }, progress);
  },
  listCandidates: async (experimentId) => listCandidates(await openDatabase(), experimentId),
  countTestUses: async (experimentId) => countTestUses(await openDatabase(), experimentId),
  comparedPart: async (experimentId, part) => comparedPart(await openDatabase(), experimentId, part),
  comparedSha256: async (experimentId, part) =>
    (await comparedData(await openDatabase(), { experimentId }, part)).sha256,
  comparedProbe: async (request) => probeResults(await openDatabase(), request),
  comparedPairs: async (experimentId) => comparedPairs(await openDatabase(), experimentId),
  pairTable: async (request) => tableOfPairs(await openDatabase(), request),
  pairTableOf: (models, labels, baselineId) => Promise.resolve(pairTable(models, labels, baselineId)),
  compareTable: async (request) => tableOf(await openDatabase(), request),
  writeSheets: (sheets) => writeXlsx(sheets),
  writeWorkbook: (facts, words) => writeXlsx(resultSheets(facts, words)),
  runQuestions: async (runId) => runQuestions(await openDatabase(), runId),
  runPassages: async (runId, ids) => comparedPassages(await openDatabase(), { runId }, 'test', ids),
  viewScores: async (owner, rule) => viewScores(await openDatabase(), owner, rule),
  keepThresholds: async (owner, rule) => keepThresholds(await openDatabase(), owner, rule),
  tableOfResults: (models, baselineId, k) => Promise.resolve(compareTable(models, baselineId, k)),
  comparedPassages: async (experimentId, part, ids) =>
    comparedPassages(await openDatabase(), { experimentId }, part, ids),
  measureProject: async () => measureProject(await openDatabase()),
  saveProject: async (choice, progress) => saveProject(await openDatabase(), __BUILD__, choice, progress),
  openProject: async (file, choose, progress) =>
    navigator.locks.request(weightsImportLock, async () => openProject(await openDatabase(), file, choose, progress)),
  storageUse: async () => {
    const db = await openDatabase();
    await sweepWhenAlone(db, 0);
    return storageUse(db);
  },
  deleteUnused: async (kind, ids) => {
    const db = await openDatabase();
    const work = (): Promise<boolean> => deleteUnused(db, kind, ids);
    // An import may be taking over the weights of the model.
    const isModel = kind === 'model' || kind === 'onnxModel';
    return isModel ? navigator.locks.request(weightsImportLock, work) : work();
  },
};
