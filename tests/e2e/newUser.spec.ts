import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { filesBelow } from '../unit/import/filesBelow';
import { startHub, type Hub } from '../unit/import/hubServer';
import { workbook } from '../unit/import/workbook';
import {
  demoModel,
  expect,
  newExperiment,
  openStage,
  root,
  runIsDone,
  setField,
  setLanguage,
  storedRuns,
  test,
} from './support';

interface Row {
  id: string;
  text: string;
  anchor: string;
  positiveId: string;
  relevant: string[];
}

const rowsOf = (name: string): Row[] =>
  readFileSync(join(root, 'public/demo', name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
const passages = rowsOf('knowledge-base.jsonl').slice(0, 24);
const known = new Set(passages.map(({ id }) => id));
const pairs = rowsOf('train-pairs.jsonl').filter(({ positiveId }) => known.has(positiveId));
const questions = rowsOf('test-questions.jsonl')
  .filter(({ relevant }) => relevant.every((id) => known.has(id)))
  .slice(0, 6);
const steps = 8;

/** The demo's model with another field in config.json, so that it is not the one that the site offers. */
const modelFiles = filesBelow(demoModel);
modelFiles['config.json'] = Buffer.from(
  JSON.stringify({ ...(JSON.parse(String(modelFiles['config.json'])) as object), trained_by: 'a farm' }),
);
const modelId = 'farm/small-zh';

const slot = (page: Page, name: string) => page.locator(`section[aria-labelledby="slot-${name}"]`);

/** Imports a workbook with unknown columns, and assigns a field to each. */
async function importWorkbook(page: Page, into: string, name: string, rows: string[][], roles: string[]) {
  const buffer = Buffer.from(workbook({ name: '表', rows }));
  await page.getByTestId(`import-${into}`).setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await expect(page.getByTestId('error-panel')).toContainText(`${name}：没有认得的列名`);
  await page.getByTestId(`columns-${into}`).click();
  for (const [index, role] of roles.entries())
    if (role !== '') await page.getByTestId(`column-${index}`).selectOption(role);
  await page.getByTestId('columns-apply').click();
  await expect(page.getByTestId('error-panel')).toHaveCount(0);
  await expect(slot(page, into)).toContainText(name);
}

async function importData(page: Page): Promise<void> {
  const knowledge = passages.map(({ id, text }) => [id, text, '2026-01-05']);
  const head = ['登记号', '养护要点', '登记日期'];
  await importWorkbook(page, 'knowledgeBase', '养护手册.xlsx', [head, ...knowledge], ['id', 'text']);
  await expect(slot(page, 'knowledgeBase')).toContainText(`${passages.length} 行`);
  await expect(slot(page, 'knowledgeBase')).toContainText('没用到：登记日期。');

  const tickets = pairs.map(({ anchor, positiveId }, i) => [String(i), anchor, positiveId]);
  // One ticket names no passage, another one a passage that does not exist.
  tickets.push(['998', '没人回答的问题', ''], ['999', '查无此段的问题', 'kb-zzz']);
  const columns = ['单号', '养殖户说', '对应登记号'];
  await importWorkbook(page, 'pairs', '工单.xlsx', [columns, ...tickets], ['', 'anchor', 'positiveId']);
  await expect(slot(page, 'pairs')).toContainText(`${pairs.length} 行`);
  await expect(slot(page, 'pairs')).toContainText('2 行未采用');

  const lines = questions.map(({ text, relevant }) => `${text},${relevant.join('、')}`);
  const buffer = Buffer.from(`问题,答案编号\n${lines.join('\n')}\n`);
  await page.getByTestId('import-testQuestions').setInputFiles({ name: '考题.csv', mimeType: 'text/csv', buffer });
  await expect(slot(page, 'testQuestions')).toContainText(`${questions.length} 行`);
}

async function fetchModel(page: Page, hub: Hub): Promise<void> {
  // README.md and the settings of normalization, which are constant, are not needed.
  const needed = Object.entries(modelFiles).filter(([path]) => path !== 'README.md' && !path.startsWith('2_'));
  const bytes = needed.reduce((sum, [, content]) => sum + content.length, 0);
  await page.getByTestId('hub-id').fill(modelId);
  await page.getByTestId('hub-host').selectOption('own');
  await page.getByTestId('hub-address').fill(hub.url);
  await page.getByTestId('hub-look').click();
  const megabytes = `${(bytes / 1e6).toFixed(1)} MB`;
  await expect(page.getByTestId('hub-confirm')).toContainText(`下载 ${needed.length} 个文件（${megabytes}）吗？`);
  const fetched = () => hub.requests.filter(({ line }) => line.startsWith('GET') && line.includes('/resolve/'));
  expect(fetched()).toEqual([]);
  await page.getByTestId('hub-fetch').click();
  await expect(page.locator('section[aria-labelledby="model-title"] .name')).toHaveText(modelId);
  expect(fetched()).toHaveLength(needed.length);
}

/** Trains with a pause, a reload and a continuation in between. */
async function trainWithPause(page: Page, train: number): Promise<void> {
  await page.getByTestId('advanced-settings').locator('summary').click();
  await page.locator('#unit').selectOption('steps');
  await setField(page, 'duration', steps);
  await setField(page, 'batchSize', 4);
  await setField(page, 'devEverySteps', steps);
  await expect(page.getByTestId('run-sentence')).toContainText('训练前后各用同样的测试问题问一遍');
  await expect(page.locator('main')).toContainText(`${train} 个问答对，训练 ${steps} 步`);
  await page.getByTestId('start-run').click();
  const step = async (): Promise<number> => (await storedRuns(page))[0]?.step ?? 0;
  await expect.poll(step, { timeout: 60_000, intervals: [50] }).toBeGreaterThan(0);
  await page.getByTestId('pause-run').click();
  await expect(page.getByTestId('continue-run')).toBeVisible();
  const paused = await step();
  expect(paused).toBeLessThan(steps);
  const said = `已暂停：第 ${paused} 步，共 ${steps} 步`;
  await expect(page.locator('main')).toContainText(said);
  await expect(page.getByTestId('stage-train')).toContainText(`${paused}/${steps}`);
  // Nothing is being trained while the run is paused.
  await expect(page.locator('main')).not.toContainText('正在训练');
  await page.reload();
  await expect(page.locator('main')).toContainText(said);
  await expect(page.getByTestId('stage-train')).toContainText(`${paused}/${steps}`);
  expect((await storedRuns(page))[0]?.status).toBe('paused');
  await page.getByTestId('continue-run').first().click();
  await runIsDone(page, 1, 120_000);
  await expect(page.locator('main')).toContainText(`训练完成：共 ${steps} 步`);
}

interface Stored {
  results: { top: { passageId: string }[] }[];
  moment: string;
  part: string;
}

/** Counts the test questions whose first passage is the one that their row names, before and after training. */
async function firstRight(page: Page): Promise<{ before: number; after: number }> {
  const stored = await page.evaluate(
    () =>
      new Promise<Stored[]>((resolve, reject) => {
        const opening = indexedDB.open('recallsmith');
        opening.onerror = () => reject(new Error('the database does not open'));
        opening.onsuccess = () => {
          const reading = opening.result.transaction('evaluations').objectStore('evaluations').getAll();
          reading.onerror = () => reject(new Error('the evaluations cannot be read'));
          reading.onsuccess = () => resolve(reading.result as Stored[]);
        };
      }),
  );
  const count = (moment: string): number => {
    const found = stored.find((evaluation) => evaluation.part === 'test' && evaluation.moment === moment);
    expect(found?.results).toHaveLength(questions.length);
    const first = found?.results.map(({ top }) => top[0]?.passageId ?? '') ?? [];
    return questions.filter(({ relevant }, i) => relevant.includes(first[i] ?? '')).length;
  };
  return { before: count('before'), after: count('after') };
}

test('a new user brings Excel files with odd headers and a model from a hub, pauses, reloads, and shares the result', async ({
  page,
  siteUrl,
  browser,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const hub = await startHub({ id: modelId, files: modelFiles });
  try {
    await newExperiment(page, siteUrl);
    await setLanguage(page, 'zh');
    await expect(page.locator('main')).toContainText('还缺：知识库、训练问答对、测试问题、基座模型。');
    await importData(page);
    await expect(page.locator('main')).toContainText('还缺：基座模型。');
    await fetchModel(page, hub);
  } finally {
    await hub.close();
  }

  // By default a twentieth of the pairs is held out for dev.
  const dev = Math.floor(pairs.length * 0.05);
  const train = pairs.length - dev;
  await openStage(page, 'split');
  await expect(page.locator('main dd.figures')).toHaveText([train, dev, questions.length].map(String));
  await expect(page.locator('main')).toContainText('训练集里每个问答对的答案都是知识库里的段落。');

  await openStage(page, 'tokenize');
  await page.getByTestId('tokenize').click();
  await expect(page.locator('main')).toContainText('已经分好词');
  for (const [texts, count] of [
    ['知识库', passages.length],
    ['问答对中的问题', train],
    ['验证问题', dev],
    ['测试问题', questions.length],
  ] as const)
    await expect(page.locator('main')).toContainText(new RegExp(`${texts}\\s*${count} 条`));

  await openStage(page, 'train');
  await trainWithPause(page, train);

  await openStage(page, 'evaluate');
  const { before, after } = await firstRight(page);
  await expect(page.getByTestId('verdict')).toContainText(`${questions.length} 题里有 ${after} 题第一条就是正确段落`);
  await expect(page.getByTestId('verdict')).toContainText(`训练前 ${before} 题`);

  await openStage(page, 'report');
  await page.getByTestId('copy-link').click();
  const link = await page.getByTestId('share-link').inputValue();
  await expect(page.locator('main')).toContainText(`${link.length} 个字符`);
  await expectMissingInputs(await (await browser.newContext({ locale: 'zh-CN' })).newPage(), link, page);
});

/** Opens the link in an empty profile. Every input is missing and named by its hash. */
async function expectMissingInputs(other: Page, link: string, page: Page): Promise<void> {
  const [run] = await storedRuns(page);
  if (!run) throw new Error('no run is stored');
  const { data, model } = run.experiment;
  const hashes = [...data, model].map(({ contentSha256 }) => contentSha256.slice(0, 12));
  expect(hashes).toHaveLength(4);
  await other.goto(link);
  const needs = other.getByTestId('link-needs').getByRole('listitem');
  await expect(needs).toHaveCount(4);
  for (const [i, hash] of hashes.entries()) {
    await expect(needs.nth(i)).toContainText(hash);
    await expect(needs.nth(i).locator('[data-state]')).toHaveAttribute('data-state', 'missing');
  }
  await expect(other.getByTestId('link-summary')).toContainText(`训练时长 ${steps} 步`);
  await other.getByTestId('link-import').click();
  for (const [i, input] of ['knowledgeBase', 'pairs', 'testQuestions', 'model'].entries())
    await expect(other.getByTestId(`missing-${input}`)).toContainText(hashes[i] ?? '');
  await expect(other.locator('main')).toContainText('还缺：知识库、训练问答对、测试问题、基座模型。');
  await openStage(other, 'train');
  await expect(other.getByTestId('needs-import')).toBeVisible();
  await expect(other.getByTestId('start-run')).toHaveCount(0);
  await other.context().close();
}
