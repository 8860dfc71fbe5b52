import type { DataApi } from '../../src/protocol/dataApi';
import { weightsImportLock } from '../../src/protocol/locks';
import { getRun } from '../../src/storage/runs';
import { openDatabase } from '../../src/storage/database';
import { sweepOrphanWeights } from '../../src/storage/weights';
import { exportModel } from './report/exportModel';
import { checkQuestions, importDataset, storedPassages } from './import/importDataset';
import { importBatchList } from './import/importBatchList';
import { recogniseFiles } from './import/recogniseFiles';
import { importModel } from './import/importModel';
import { prepareDemo } from './import/prepareDemo';
import { openProject, saveProject } from './project/projectFile';
import { modelOf } from './train/runSession';
import { countSplit } from './split/preparedData';
import { tokenize, tokenizeTexts } from './tokenize/tokenize';
import { holdForLife } from './device/workerLife';
import { AppError } from '../../src/domain/errors';

let pageUrl = '';

/** API that the data worker exposes to the page. */
export const dataWorkerApi: DataApi = {
  configure: async ({ baseUrl, lifeLock }) => {
    pageUrl = baseUrl;
    await holdForLife(lifeLock);
  },
  importDataset: async (files, role, progress, { knowledgeBase, keepEmptyAnchors = false, ...choices } = {}) => {
    const db = await openDatabase();
    const named = knowledgeBase === undefined ? {} : { passages: await storedPassages(db, knowledgeBase) };
    return importDataset(db, files, role, progress, { ...named, ...choices, keepEmptyAnchors });
  },
  recogniseFiles,
  checkQuestions: async (questions, knowledgeBase) => checkQuestions(await openDatabase(), questions, knowledgeBase),
  importModel: async (files, name, progress) =>
    navigator.locks.request(weightsImportLock, async () => {
      const db = await openDatabase();
      await sweepOrphanWeights(db, 'model');
      return importModel(files, name, progress, db);
    }),
  countSplit: async (experiment) => countSplit(await openDatabase(), experiment),
  importBatchList: async (file) => importBatchList(await openDatabase(), file),
  prepareDemo: async (baseUrl, progress) => prepareDemo(await openDatabase(), baseUrl, progress),
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
  saveProject: async (progress) => saveProject(await openDatabase(), __BUILD__, progress),
  openProject: async (file, progress) =>
    navigator.locks.request(weightsImportLock, async () => openProject(await openDatabase(), file, progress)),
};
