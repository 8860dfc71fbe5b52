import { readFile } from 'node:fs/promises';
import { demoModel, expect, importModelFolder, importOwnData, newExperiment, openStage, test } from './support';

test('negatives are mined, shown, judged by keys and exported, and decisions outlive a reload', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await importOwnData(page);
  await importModelFolder(page, demoModel);
  await openStage(page, 'negatives');
  await page.locator('#negatives').selectOption('mined');
  await expect(page.getByTestId('to-mine')).toBeVisible();
  await page.locator('#firstRank').fill('2');
  await page.locator('#firstRank').press('Enter');
  await page.getByTestId('mine-negatives').click();
  await expect(page.getByTestId('score-distributions').locator('svg')).toHaveCount(3);
  await expect(page.getByTestId('negatives-list').locator('> li').first()).toBeVisible();

  const judge = page.getByTestId('judge-samples');
  const dropped = (await judge.locator('article p').last().innerText()).split('\n').at(-1) ?? '';
  await page.keyboard.press('d');
  await expect(judge.locator('article')).not.toContainText(dropped);
  await page.keyboard.press('k');
  await expect(page.getByTestId('judged')).toContainText(/2/);
  await expect(page.getByTestId('negatives-counts')).toContainText(/你去掉的|dropped by you/);
  const judged = await page.getByTestId('judged').innerText();
  await page.reload();
  await expect(page.getByTestId('judged')).toHaveText(judged);

  const download = page.waitForEvent('download');
  await page.getByTestId('export-csv').click();
  const text = await readFile(await (await download).path(), 'utf8');
  expect(text.split('\r\n')[0]).toBe('anchor,positive,negative_1');
});
