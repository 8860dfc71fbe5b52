import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cutTexts } from './cutTexts';
import {
  demoModel,
  expect,
  importInto,
  importModelFolder,
  importOwnData,
  newExperiment,
  newOwnExperiment,
  openStage,
  setLanguage,
  test,
} from './support';

test('a shared link shows its contents and what is missing, and loads no model or data before the user agrees', async ({
  page,
  browser,
  context,
  siteUrl,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await newOwnExperiment(page, siteUrl);
  await openStage(page, 'report');
  await page.getByTestId('copy-link').click();
  const link = await page.getByTestId('share-link').inputValue();
  expect(link.length).toBeLessThanOrEqual(2000);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);

  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  const asked: string[] = [];
  other.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await other.goto(link);
  await expect(other.getByTestId('link-summary')).toBeVisible();
  await expect(other.getByTestId('link-needs').locator('.lost')).not.toHaveCount(0);
  expect(asked.filter((path) => /\/(demo|models|tfjs|ort)\//.test(path))).toEqual([]);
  await expect(other.getByTestId('run-progress')).toHaveCount(0);

  await other.setViewportSize({ width: 390, height: 844 });
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(other, language);
    expect(await cutTexts(other), language).toEqual([]);
  }
  await other.getByTestId('link-import').click();
  for (const input of ['knowledgeBase', 'pairs', 'testQuestions', 'model'])
    await expect(other.getByTestId(`missing-${input}`)).toBeVisible();
  // The experiment names the demo's model. It is offered once, not also in the slot of the model.
  await expect(other.getByTestId('use-demo-parts')).toBeVisible();
  await expect(other.getByTestId('demo-model')).toHaveCount(0);
  await openStage(other, 'split');
  await expect(other.getByTestId('needs-import')).toBeVisible();
  await openStage(other, 'train');
  await expect(other.getByTestId('needs-import')).toBeVisible();
  await expect(other.getByTestId('start-run')).toHaveCount(0);

  await openStage(other, 'import');
  await importInto(other, 'knowledgeBase', { name: 'other.jsonl', content: '{"id": "a", "text": "另一段"}' });
  await expect(other.getByTestId('different-knowledgeBase')).toContainText(/[0-9a-f]{12}.*[0-9a-f]{12}/);
  await importOwnData(other);
  await importModelFolder(other, demoModel);
  for (const input of ['knowledgeBase', 'pairs', 'testQuestions', 'model'])
    await expect(other.getByTestId(new RegExp(`^(missing|different)-${input}$`))).toHaveCount(0);
  await openStage(other, 'train');
  await expect(other.getByTestId('start-run')).toBeEnabled();
  await elsewhere.close();
});

test('a link to the demo offers the demo’s own files, and needs no others', async ({
  page,
  browser,
  context,
  siteUrl,
}) => {
  await context.grantPermissions(['clipboard-write']);
  await page.goto(siteUrl);
  await page.getByTestId('run-demo').click();
  await page.getByTestId('pause-run').click();
  await openStage(page, 'report');
  await page.getByTestId('copy-link').click();
  const link = await page.getByTestId('share-link').inputValue();

  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(link);
  await expect(other.getByTestId('link-needs').locator('[data-state="demo"]')).toHaveCount(5);
  await other.getByTestId('link-import').click();
  await other.getByTestId('use-demo-parts').click();
  await expect(other.getByTestId('demo-offer')).toHaveCount(0);
  await openStage(other, 'train');
  await expect(other.getByTestId('start-run')).toBeEnabled();
  await elsewhere.close();
});

test('a truncated or altered link is refused and changes nothing', async ({ page, context, siteUrl }) => {
  await context.grantPermissions(['clipboard-write']);
  await newExperiment(page, siteUrl);
  await openStage(page, 'report');
  await page.getByTestId('copy-link').click();
  const link = await page.getByTestId('share-link').inputValue();
  const at = link.length - 12;
  const changed = link.slice(0, at) + (link[at] === 'A' ? 'B' : 'A') + link.slice(at + 1);
  for (const bad of [link.slice(0, -9), changed]) {
    await page.goto(siteUrl);
    await page.goto(bad);
    await expect(page.getByTestId('error-panel')).toBeVisible();
    await expect(page.getByTestId('link-summary')).toHaveCount(0);
  }
  await page.goto(siteUrl);
  await expect(page.getByRole('listitem')).toHaveCount(1);
});

test('a project file carries data and model to another browser', async ({ page, browser, siteUrl }) => {
  await newOwnExperiment(page, siteUrl);
  await openStage(page, 'report');
  const downloading = page.waitForEvent('download');
  await page.getByTestId('save-project').click();
  await expect(page.getByTestId('project-size')).toContainText(/MB|KB/i);
  await page.getByTestId('save-chosen').click();
  const project = join(await mkdtemp(join(tmpdir(), 'recallsmith-project-')), 'project.zip');
  await (await downloading).saveAs(project);

  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(siteUrl);
  await other.getByTestId('open-project').setInputFiles(project);
  await other.getByRole('listitem').getByRole('link').first().click();
  await openStage(other, 'import');
  for (const name of ['passages.jsonl', 'pairs.csv', 'questions.json'])
    await expect(other.locator('section[aria-labelledby^="slot-"] .name', { hasText: name })).toBeVisible();
  await expect(other.locator('section[aria-labelledby="model-title"] .name')).toHaveText('demo-zh');
  await elsewhere.close();
});

test('an experiment edited after its project was saved is copied only if the user agrees, and only once', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await importOwnData(page);
  await page.goto(siteUrl);
  const downloading = page.waitForEvent('download');
  await page.getByTestId('save-project').click();
  await page.getByTestId('save-chosen').click();
  const project = join(await mkdtemp(join(tmpdir(), 'recallsmith-project-')), 'project.zip');
  await (await downloading).saveAs(project);

  await page.getByRole('listitem').getByRole('link').first().click();
  await openStage(page, 'import');
  await importModelFolder(page, demoModel);
  await page.goto(siteUrl);
  const open = () => page.getByTestId('open-project').setInputFiles(project);
  await open();
  await page.getByTestId('leave-out').click();
  await expect(page.locator('article')).toHaveCount(1);
  await open();
  await page.getByTestId('add-copies').click();
  await expect(page.locator('article')).toHaveCount(2);
  await open();
  await expect(page.getByText('文件里的内容本机都已经有了。')).toBeVisible();
  await expect(page.locator('article')).toHaveCount(2);
});

test('deleting an experiment asks first and can be undone on the storage page, which deletes only items that nothing uses', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await importOwnData(page);
  await page.goto(siteUrl);
  const ask = (): Promise<void> => page.getByRole('button', { name: /^删除“/ }).click();
  await ask();
  await page.getByRole('dialog').getByRole('button', { name: '取消' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.locator('article')).toHaveCount(1);
  const remove = async (): Promise<void> => {
    await ask();
    await page.getByTestId('confirm-delete').click();
    await expect(page.locator('article')).toHaveCount(0);
  };
  await remove();
  await page.goto(`${siteUrl}#/storage`);
  const deleted = page.getByTestId('storage-experiment').getByRole('listitem');
  await expect(page.getByTestId('storage-dataset').getByRole('button')).toHaveCount(0);
  await deleted.getByRole('button', { name: '恢复' }).click();
  await page.goto(siteUrl);
  await expect(page.locator('article')).toHaveCount(1);

  await remove();
  await page.goto(`${siteUrl}#/storage`);
  await deleted.getByRole('button', { name: /^彻底删除/ }).click();
  await page.getByTestId('confirm-delete').click();
  const rows = page.getByTestId('storage-dataset').getByRole('listitem');
  for (let left = await rows.count(); left > 0; left--) {
    await rows.first().getByRole('button').click();
    await page.getByTestId('confirm-delete').click();
    await expect(rows).toHaveCount(left - 1);
  }
  await expect(page.getByText('还没有实验、数据或模型。目前只有程序本身占用空间（供离线使用）。')).toBeVisible();
});

test('a broken project file is refused with a sentence that names it, and nothing stored is lost', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await page.goto(siteUrl);
  const file = join(await mkdtemp(join(tmpdir(), 'recallsmith-project-')), 'broken.zip');
  await writeFile(file, 'this is no zip');
  await page.getByTestId('open-project').setInputFiles(file);
  await expect(page.getByTestId('error-panel').locator('p')).toContainText('broken.zip');
  await expect(page.getByRole('listitem')).toHaveCount(1);
});
