import { expose } from 'comlink';
import type { DataApi } from '../src/protocol/dataApi';
import { installErrorTransfer } from '../src/protocol/errorTransfer';
import { getRun } from '../src/storage/runs';
import { openDatabase } from '../src/storage/database';
import { exportModel } from './services/exportModel';
import { checkQuestions, importDataset, passageTexts } from './services/importDataset';
import { importBatchList } from './services/importBatchList';
import { importModel } from './services/importModel';
import { prepareDemo } from './services/prepareDemo';
import { openProject, saveProject } from './services/projectFile';
import { modelOf } from './services/runSession';
import { tokenize, tokenizeTexts } from './services/tokenize';
import { AppError } from '../src/domain/errors';

installErrorTransfer();

let pageUrl = '';

const api: DataApi = {
  configure: ({ baseUrl }) => {
    pageUrl = baseUrl;
    return Promise.resolve();
  },
  importDataset: async (files, role, progress, { knowledgeBase, keepEmptyAnchors = false } = {}) => {
    const db = await openDatabase();
    const named = knowledgeBase === undefined ? {} : { passages: await passageTexts(db, knowledgeBase) };
    return importDataset(db, files, role, progress, { ...named, keepEmptyAnchors });
  },
  checkQuestions: async (questions, knowledgeBase) => checkQuestions(await openDatabase(), questions, knowledgeBase),
  importModel: async (files, name, progress) => importModel(files, name, progress, await openDatabase()),
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
  openProject: async (file, progress) => openProject(await openDatabase(), file, progress),
};

expose(api);
