import 'fake-indexeddb/auto';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import { defaultStage, type Experiment } from '../../../src/domain/experiment';
import { defaultMined } from '../../../src/domain/train/negativesSchema';
import type { DataApi } from '../../../src/protocol/dataApi';
import { zh } from '../../../src/ui/i18n/zh';
import { inputNameText } from '../../../src/ui/i18n/inputText';
import { getExperiment } from '../../../src/storage/experiments';
import { prepareDemo } from '../../../workers/services/import/prepareDemo';
import { countSplit } from '../../../workers/services/split/countSplit';
import { freshDatabase } from '../storage/support';
import { baseUrl, browser, opened } from './experimentPage';

browser.data.countSplit = (experiment, progress) => countSplit(browser.db, experiment, progress);

vi.doMock('../../../src/state/jobs.svelte', () => ({ jobs: {} }));
const { experiments } = await import('../../../src/state/experiments.svelte');
const { sharedInputs } = await import('../../../src/state/sharing');

/**
 * Returns the demo's experiment in the form in which a link to it would state it, and switches to an empty database.
 */
async function demoLink(): Promise<Experiment> {
  const elsewhere = await freshDatabase();
  const stored = await getExperiment(elsewhere, (await prepareDemo(elsewhere, baseUrl, () => undefined)).experimentId);
  if (!stored) throw new Error('no demo');
  return stored.experiment;
}
async function accepted(link: Experiment) {
  return opened(await experiments.createLinked('shared', link));
}
beforeEach(async () => {
  const publicFolder = new URL('../../../public/', import.meta.url);
  vi.stubGlobal('fetch', (url: string) => {
    const file = new URL(url.slice(baseUrl.length), publicFolder);
    return Promise.resolve(existsSync(file) ? new Response(readFileSync(file)) : new Response('', { status: 404 }));
  });
  browser.db = await freshDatabase();
});
afterEach(() => vi.stubGlobal('fetch', undefined));

describe('an experiment saved from a shared link', () => {
  it('lacks every input whose content is not in this browser, so it can neither be split nor run', async () => {
    const { experiment } = await accepted(await demoLink());
    expect(experiment.lacking).toEqual(['knowledgeBase', 'pairs', 'devQuestions', 'testQuestions', 'model']);
    expect(experiment.ready).toBe(false);
    expect(experiment.stageStates).toMatchObject({
      import: 'ready',
      split: 'empty',
      tokenize: 'empty',
      train: 'empty',
    });
    await experiment.countSplit();
    expect([experiment.split.counts, experiment.split.problem]).toEqual([null, null]);
  });

  it('says which content differs from the link, with both hashes, even after a reload', async () => {
    const link = await demoLink();
    const { experiment, imports } = await accepted(link);
    await imports.importFiles('knowledgeBase', [new File(['{"id": "a", "text": "另一段"}'], 'other.jsonl')]);
    const different = {
      state: 'different',
      named: link.data[0]?.contentSha256,
      found: experiment.datasets.knowledgeBase?.contentSha256,
    };
    expect(experiment.inputs?.knowledgeBase).toEqual(different);
    const again = await opened(experiment.experimentId);
    expect(again.experiment.inputs?.knowledgeBase).toEqual(different);
  });

  it('becomes the experiment of the link, bit for bit, with the files of the demo that it names', async () => {
    const link = await demoLink();
    const { experiment, imports } = await accepted(link);
    expect((await sharedInputs(link)).map(({ state }) => state)).toEqual(Array(5).fill('demo'));
    await imports.importFiles('knowledgeBase', [new File(['{"id": "a", "text": "另一段"}'], 'other.jsonl')]);
    await imports.useDemoParts();
    expect(experiment.experiment).toEqual(link);
    expect([experiment.lacking, experiment.demoParts]).toEqual([[], []]);
    expect(experiment.ready).toBe(true);
    expect((await sharedInputs(link)).map(({ state }) => state)).toEqual(Array(5).fill('here'));
  });

  it('lists the guide and the model that mines negatives, each once, among its missing inputs', async () => {
    const link = await demoLink();
    const [stage] = link.stages;
    if (!link.model || !stage) throw new Error('no stage');
    const other = { ...link.model, contentSha256: 'f'.repeat(64) };
    const byScore = { kind: 'absolute' as const, margin: 0, model: other };
    const negatives = { ...defaultMined(100), model: link.model };
    const guided = { ...stage, negatives, loss: { ...defaultStage().loss, falseNegatives: { byScore } } };
    const needs = await sharedInputs({ ...link, stages: [guided, guided] as typeof link.stages });
    expect(needs.slice(5).map(({ input, state }) => [input, state])).toEqual([
      ['negativesModel', 'demo'],
      ['guideModel', 'missing'],
    ]);
    expect(inputNameText(zh, 'guideModel')).toBe('引导模型');
  });

  it('lists the teacher of a distillation among its missing inputs', async () => {
    const link = await demoLink();
    const [stage] = link.stages;
    if (!link.model || !stage) throw new Error('no stage');
    const teacher = { ...link.model, contentSha256: 'e'.repeat(64) };
    const loss = { kind: 'distillation' as const, temperature: 0.05, teacher };
    const needs = await sharedInputs({ ...link, stages: [{ ...stage, loss }] });
    expect(needs.slice(5).map(({ input, state }) => [input, state])).toEqual([['teacherModel', 'missing']]);
    expect(inputNameText(zh, 'teacherModel')).toBe('教师模型');
  });

  it('stays as it is when its model, which it names by a former identity, is imported again', async () => {
    const { experiment, imports } = await accepted(await demoLink());
    await imports.useDemoModel();
    if (!experiment.model) throw new Error('no model');
    const former = { ...experiment.model, contentSha256: 'd'.repeat(64), aliasOf: experiment.model.contentSha256 };
    await browser.db.put('models', former);
    await experiment.setModel(former);
    const before = experiment.experiment;
    await imports.useDemoModel();
    expect(experiment.experiment).toEqual(before);
  });

  it('keeps the model settings of the link when the model is imported, even if another one was in use', async () => {
    const link = await demoLink();
    const { experiment, imports } = await accepted(link);
    await imports.useDemoModel();
    expect(experiment.experiment?.model).toEqual(link.model);
    await experiment.setModel(null);
    await imports.useDemoModel();
    expect(experiment.experiment?.model).toEqual(link.model);
  });
});

it('a split that cannot be counted says why instead of counting forever', async () => {
  const { experiment, imports } = await accepted(await demoLink());
  await imports.useDemoParts();

  const failure: AppErrorDetails = { kind: 'worker-crashed', worker: 'data', reason: 'gone' };
  const counting = vi.spyOn(browser.data as DataApi, 'countSplit').mockRejectedValueOnce(new AppError(failure));
  await experiment.countSplit();
  expect(experiment.split.problem).toEqual(failure);
  counting.mockRestore();
  await experiment.countSplit();
  expect([experiment.split.problem, experiment.split.counts?.test]).toEqual([null, 113]);
});
