import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { DataApi } from '../../../src/protocol/dataApi';
import { openDatabase, type Database } from '../../../src/storage/database';
import { getDataset } from '../../../src/storage/datasets';
import { getExperiment, putExperiment, replaceExperiment } from '../../../src/storage/experiments';
import type { StoredExperiment } from '../../../src/storage/schema';
import { getModel, listModels } from '../../../src/storage/models';
import { countTitles } from '../../../workers/services/import/countTitles';
import { recogniseFiles } from '../../../workers/services/import/recogniseFiles';
import { importDataset } from '../../../workers/services/import/importDataset';
import { checkQuestions } from '../../../workers/services/import/checkQuestions';
import { storedPassages } from '../../../workers/services/import/storedPassages';
import { importModel } from '../../../workers/services/import/importModel';
import { encoded } from './encoded';
import { tinyFolder } from './tinyModel';

let db: Database;
const data: Pick<DataApi, 'importDataset' | 'recogniseFiles' | 'checkQuestions' | 'importModel' | 'countTitles'> = {
  countTitles: (knowledgeBase) => countTitles(db, knowledgeBase),
  recogniseFiles,
  importDataset: async (files, role, progress, { knowledgeBase, ...options } = {}) => {
    const passages = knowledgeBase === undefined ? {} : { passages: await storedPassages(db, knowledgeBase) };
    return importDataset(db, files, role, progress, { ...options, ...passages });
  },
  checkQuestions: (questions, knowledgeBase) => checkQuestions(db, questions, knowledgeBase),
  importModel: (files, name, progress) => importModel(files, name, progress, db),
};
// The tests open one experiment after another under the same id. Without this, they would follow each other's changes
// like tabs.
vi.stubGlobal(
  'BroadcastChannel',
  class {
    postMessage = () => undefined;
    close = () => undefined;
  },
);
vi.mock('../../../src/state/gateway', () => ({
  baseUrl: 'http://127.0.0.1/',
  gateway: {
    data: () => Promise.resolve(data),
    getExperiment: (id: string) => getExperiment(db, id),
    replaceExperiment: (stored: StoredExperiment, savedAt: number) => replaceExperiment(db, stored, savedAt),
    getDataset: (sha256: string) => getDataset(db, sha256),
    getModel: (sha256: string) => getModel(db, sha256),
    listModels: () => listModels(db),
    listRuns: () => Promise.resolve([]),
  },
}));
vi.mock('../../../src/state/app.svelte', () => ({
  app: { attempt: (work: () => Promise<unknown>) => work(), fileAccepted: () => undefined },
}));
vi.stubGlobal('addEventListener', () => undefined);
const local = new Map<string, string>();
vi.stubGlobal('localStorage', {
  getItem: (key: string) => local.get(key) ?? null,
  setItem: (key: string, value: string) => local.set(key, value),
});
const { ExperimentState } = await import('../../../src/state/experiment.svelte');
const { ImportsState } = await import('../../../src/state/imports.svelte');

const file = (name: string, ...rows: object[]): File =>
  new File([rows.map((row) => JSON.stringify(row)).join('\n')], name);
const knowledgeBase = file('kb.jsonl', { id: 'a', text: '甲段' }, { id: 'b', text: '乙段' });
const otherQuestions = file('other.jsonl', { query: '问', relevant: ['x'] });

async function opened() {
  const experiment = new ExperimentState('e');
  await experiment.load();
  return { experiment, imports: new ImportsState(experiment) };
}
let databases = 0;
beforeEach(async () => {
  local.clear();
  db = await openDatabase(`imports-${databases++}`);
  await putExperiment(db, {
    experimentId: 'e',
    name: 'e',
    experiment: defaultExperiment(),
    createdAt: 0,
    updatedAt: 0,
    demo: false,
  });
});

describe('importing into an experiment', () => {
  it('accepts pairs that name the passages of its knowledge base by id', async () => {
    const { experiment, imports } = await opened();
    await imports.importFiles('knowledgeBase', [knowledgeBase]);
    await imports.importFiles('pairs', [file('pairs.jsonl', { query: '问', positiveId: 'b' })]);
    expect(experiment.datasets.pairs).toMatchObject({ name: 'pairs.jsonl', rows: 1 });
  });

  it('rejects questions if none of them names a known passage, and keeps the previous questions', async () => {
    const { experiment, imports } = await opened();
    await imports.importFiles('knowledgeBase', [knowledgeBase]);
    await imports.importFiles('testQuestions', [
      file('good.jsonl', { query: '问', relevant: ['a'] }, { query: '另', relevant: ['x'] }),
    ]);
    const thrown: unknown = await imports
      .importFiles('testQuestions', [otherQuestions])
      .catch((error: unknown) => error);
    expect(thrown instanceof AppError && thrown.details).toMatchObject({ fault: 'no-known-passage', field: 'x' });
    expect(experiment.datasets.testQuestions).toMatchObject({ name: 'good.jsonl', rows: 1 });
    expect(imports.slots.testQuestions).toMatchObject({ progress: null, rejectedCount: 1 });
  });

  it('keeps the list of rejected rows and extends it when another knowledge base is imported', async () => {
    const { imports } = await opened();
    await imports.importFiles('knowledgeBase', [knowledgeBase]);
    const questions = file(
      'q.jsonl',
      { query: '一', relevant: ['a'] },
      { query: '二', relevant: ['x'] },
      { query: '三', relevant: ['b'] },
    );
    await imports.importFiles('testQuestions', [questions]);
    await imports.importFiles('knowledgeBase', [file('less.jsonl', { id: 'a', text: '甲段' })]);
    expect(imports.slots.testQuestions).toMatchObject({
      rejected: [
        { line: 2, field: 'x' },
        { question: 2, field: 'b' },
      ],
      rejectedCount: 2,
    });
  });

  it('marks questions as unusable while the knowledge base is wrong, even after a reload', async () => {
    const before = await opened();
    await before.imports.importFiles('testQuestions', [otherQuestions]);
    expect(before.imports.isUnusable('testQuestions')).toBe(false);
    await before.imports.importFiles('knowledgeBase', [knowledgeBase]);
    expect(before.imports.isUnusable('testQuestions')).toBe(true);

    const { experiment, imports } = await opened();
    await imports.checkStored();
    expect(imports.isUnusable('testQuestions')).toBe(true);
    expect(imports.slots.testQuestions.rejected).toEqual([
      { file: 'other.jsonl', question: 1, fault: 'unknown-passage', field: 'x' },
    ]);
    await imports.importFiles('knowledgeBase', [file('right.jsonl', { id: 'x', text: '丙段' })]);
    expect(imports.isUnusable('testQuestions')).toBe(false);
    expect(experiment.datasets.testQuestions).toMatchObject({ rows: 1 });
  });
});

describe('choosing the columns of an import', () => {
  const odd = file('odd.jsonl', { 养殖户说: '问', 处理: '答', 分类: '病' });
  const next = file('next.jsonl', { 养殖户说: '又问', 处理: '又答', 分类: '料' });
  const chosen = [
    { column: '养殖户说', field: 'anchor' as const },
    { column: '处理', field: 'positive' as const },
  ];

  async function refused() {
    const { experiment, imports } = await opened();
    await imports.importFiles('pairs', [file('good.jsonl', { query: '问', pos: '答' })]);
    await expect(imports.importFiles('pairs', [odd])).rejects.toMatchObject({ details: { fault: 'no-known-columns' } });
    return { experiment, imports, shape: imports.slots.pairs.recognition?.found[0]?.shape ?? '' };
  }

  it('is possible for refused files, while the slot keeps its data', async () => {
    const { experiment, imports } = await refused();
    expect(experiment.datasets.pairs).toMatchObject({ name: 'good.jsonl' });
    expect(imports.slots.pairs.recognition).toMatchObject({
      refused: true,
      files: [{ name: 'odd.jsonl' }],
      found: [{ columns: ['养殖户说', '处理', '分类'] }],
    });
  });

  it('is remembered for files of the same shape, until the user lets the column names decide again', async () => {
    const { experiment, imports, shape } = await refused();
    await imports.importFiles('pairs', [odd], { mappings: { [shape]: chosen }, readings: {} });
    expect(experiment.datasets.pairs).toMatchObject({ name: 'odd.jsonl', rows: 1 });
    expect(imports.slots.pairs.recognition).toMatchObject({ refused: false, found: [{ chosen: true }] });
    await imports.importFiles('pairs', [next]);
    expect(experiment.datasets.pairs).toMatchObject({ name: 'next.jsonl' });
    const forget = imports.importFiles('pairs', [next], { mappings: { [shape]: null }, readings: {} });
    await expect(forget).rejects.toMatchObject({ details: { fault: 'no-known-columns' } });
  });

  it('can include an encoding, which is remembered for similar files until the user removes it', async () => {
    const { imports } = await opened();
    const gb = (name: string, text: string): File => new File([encoded('gb18030', `query,answer\n${text}\n`)], name);
    await imports.importFiles('pairs', [gb('a.csv', '猪瘟,隔离')]);
    const found = imports.slots.pairs.recognition?.found[0];
    const [key, other] = [found?.readingKey ?? '', found?.detected === 'big5' ? 'gb18030' : 'big5'];
    const readings = { [key]: other };
    const [shown] = await imports.recognise('pairs', [gb('a.csv', '猪瘟,隔离')], { mappings: {}, readings });
    expect(shown).toMatchObject({ encoding: other });
    expect(local.size).toBe(0);
    await imports.importFiles('pairs', [gb('a.csv', '猪瘟,隔离')], { mappings: {}, readings });
    await imports.importFiles('pairs', [gb('b.csv', '羊痘,消毒')]);
    expect(imports.slots.pairs.recognition?.found).toMatchObject([{ encoding: other, readingChosen: true }]);
    await imports.importFiles('pairs', [gb('b.csv', '羊痘,消毒')], { mappings: {}, readings: { [key]: null } });
    expect(imports.slots.pairs.recognition?.found).toMatchObject([{ encoding: found?.detected, readingChosen: false }]);
  });

  it('is not remembered if it led to no usable row', async () => {
    const { imports, shape } = await refused();
    const mappings = { [shape]: [{ column: '分类', field: 'title' as const }] };
    await expect(imports.importFiles('pairs', [odd], { mappings, readings: {} })).rejects.toBeInstanceOf(AppError);
    expect(local.size).toBe(0);
    expect(imports.slots.pairs.recognition?.found[0]).toMatchObject({ chosen: true });
  });

  it('is forgotten if it is stored in an unknown form', async () => {
    local.set('recallsmith-columns', '{"x": [{"column": 1, "field": "evil"}]}');
    const { experiment, imports } = await opened();
    await imports.importFiles('pairs', [file('good.jsonl', { query: '问', pos: '答' })]);
    expect(experiment.datasets.pairs).toMatchObject({ name: 'good.jsonl' });
  });
});

describe('importing a model into an experiment', () => {
  const cls = { '1_Pooling/config.json': JSON.stringify({ pooling_mode_cls_token: true }) };

  /** Opens an experiment whose model is not stored here, as can happen with an experiment from a link. */
  async function openedWith(contentSha256: string) {
    const model = {
      contentSha256,
      pooling: 'last',
      normalize: true,
      maxTokens: 9,
      queryPrefix: '',
      passagePrefix: 'p',
    };
    const experiment = { ...defaultExperiment(), model: { ...model, pooling: 'last' as const } };
    await putExperiment(db, { experimentId: 'e', name: 'e', experiment, createdAt: 0, updatedAt: 0, demo: false });
    return { ...(await opened()), model };
  }
  const identities = async (): Promise<{ now: string; former: string }> => {
    const other = await openDatabase(`imports-${databases++}`);
    const quiet = (): void => undefined;
    const { contentSha256: now } = await importModel(await tinyFolder(cls), 'x', quiet, other);
    const former = (await other.getAllKeys('models')).find((key) => key !== now) ?? '';
    return { now, former };
  };

  it.each(['now', 'former'] as const)('keeps its settings if it refers to that model (%s)', async (which) => {
    const sha256 = (await identities())[which];
    const { experiment, imports, model } = await openedWith(sha256);
    expect(experiment.model).toBeNull();
    await imports.importModel(await tinyFolder(cls), 'm');
    expect(experiment.model?.contentSha256).toBe(sha256);
    expect(experiment.experiment?.model).toEqual(model);
  });

  it('takes the settings of the folder if it refers to another model', async () => {
    const { experiment, imports } = await openedWith('f'.repeat(64));
    await imports.importModel(await tinyFolder(cls), 'm');
    const { now } = await identities();
    expect(experiment.experiment?.model).toMatchObject({ contentSha256: now, pooling: 'cls', passagePrefix: '' });
  });
});
