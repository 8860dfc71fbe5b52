import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { DataApi } from '../../../src/protocol/dataApi';
import { putExperiment } from '../../../src/storage/experiments';
import { countTitles } from '../../../workers/services/import/countTitles';
import { recogniseFiles } from '../../../workers/services/import/recogniseFiles';
import { importModel } from '../../../workers/services/import/importModel';
import { encoded } from './encoded';
import { freshDatabase, storedExperiment } from '../storage/support';
import { browser, fileAccepted, freshBrowser, local, opened } from '../state/experimentPage';
import { tinyFolder } from './tinyModel';

Object.assign(browser.data, {
  countTitles: (knowledgeBase) => countTitles(browser.db, knowledgeBase),
  recogniseFiles,
} satisfies Partial<DataApi>);

const file = (name: string, ...rows: object[]): File =>
  new File([rows.map((row) => JSON.stringify(row)).join('\n')], name);
const knowledgeBase = file('kb.jsonl', { id: 'a', text: '甲段' }, { id: 'b', text: '乙段' });
const otherQuestions = file('other.jsonl', { query: '问', relevant: ['x'] });

beforeEach(freshBrowser);

describe('importing into an experiment', () => {
  it('accepts pairs that name the passages of its knowledge base by id', async () => {
    const { experiment, imports } = await opened();
    await imports.importFiles('knowledgeBase', [knowledgeBase]);
    await imports.importFiles('pairs', [file('pairs.jsonl', { query: '问', positiveId: 'b' })]);
    expect(experiment.datasets.pairs).toMatchObject({ name: 'pairs.jsonl', rows: 1 });
  });

  it('removes the error of a refused file when it accepts another file or a model, and not when it refuses one', async () => {
    const { imports } = await opened();
    fileAccepted.mockClear();
    await imports.importFiles('knowledgeBase', [file('bad.jsonl', { nothing: 1 })]).catch(() => undefined);
    expect(fileAccepted).not.toHaveBeenCalled();
    await imports.importFiles('knowledgeBase', [knowledgeBase]);
    expect(fileAccepted).toHaveBeenCalledTimes(1);
    await imports.importModel(await tinyFolder(), 'm');
    expect(fileAccepted).toHaveBeenCalledTimes(2);
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
    await putExperiment(browser.db, storedExperiment('e', { experiment }));
    return { ...(await opened()), model };
  }
  const identities = async (): Promise<{ now: string; former: string }> => {
    const other = await freshDatabase();
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
