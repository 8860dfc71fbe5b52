import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { readSheet } from 'read-excel-file/node';
import { expectAccessible } from './accessibility';
import { expect, newOwnExperiment, setLanguage, test } from './support';

const minute = 60_000;

/** Clicks a button that saves a file, and returns the file's path. */
async function saved(page: Page, button: string): Promise<string> {
  const downloading = page.waitForEvent('download');
  await page.getByTestId(button).click();
  return (await downloading).path();
}

/**
 * Filters the questions and marks a second right passage in the opened one: both sets of figures stand side by side
 * until the decision is taken back.
 */
async function expectDecisions(page: Page): Promise<void> {
  const figures = page.getByTestId('subset-figures');
  const heads = figures.getByRole('columnheader');
  await expect(page.getByTestId('top-after').locator('mark').first()).toBeVisible();
  await expect(figures).toHaveCount(0);
  await page.getByTestId('top-after').getByTestId('label-right').first().click();
  await expect(page.getByTestId('label-changed').first()).toBeVisible();
  await expect(heads).toHaveCount(3);
  await expect(page.getByTestId('label-changes')).toContainText('1 label of 1 question');
  await page.getByTestId('filter-length').selectOption({ index: 1 });
  await expect(heads.nth(3)).toContainText('These');
  await expectAccessible(page, 'filtered questions with a decision about a label');
  await page.getByTestId('clear-filters').click();
  await page.getByTestId('label-log').locator('summary').click();
  await page.getByTestId('label-log').getByRole('button', { name: 'Take back the decision' }).click();
  await expect(heads).toHaveCount(0);
  await expect(page.getByTestId('label-log')).toContainText('taken back');
}

test('base model, BM25 and their fusion are compared on dev before any training, and on test only on request', async ({
  page,
  siteUrl,
}) => {
  test.setTimeout(6 * minute);
  await newOwnExperiment(page, siteUrl);
  await page.getByTestId('compare-models').click();
  await expect(page).toHaveURL(/#\/compare\//);
  await expectAccessible(page, 'comparison without results');
  await page.getByTestId('fuse-base').check();
  await page.getByTestId('start-compare').click();
  const rows = page.getByTestId('compare-table').locator('tbody tr');
  await expect(rows).toHaveCount(3, { timeout: 3 * minute });
  await expect(page.getByTestId('compare-progress')).toHaveCount(0, { timeout: minute });
  await expect(page.getByTestId('compare-answer')).toBeVisible();
  for (const kind of ['base', 'fused', 'keywords'])
    await expect(page.locator(`tr[data-candidate="${kind}"]`)).toHaveCount(1);
  await expectAccessible(page, 'comparison with results');

  // The baseline moves with the pin, and a chosen cut-off applies to the whole screen.
  const keywords = page.locator('tr[data-candidate="keywords"]');
  await keywords.locator('.pin').click();
  await expect(keywords).toHaveClass(/pinned/);
  await page.getByTestId('other-k').fill('7');
  await page.getByTestId('other-k').blur();
  await setLanguage(page, 'en');
  await expect(page.getByTestId('compare-metric').locator('option').first()).toHaveText('Hit rate@7');

  await page.getByTestId('question-list').locator('button').first().click();
  await expect(page.getByTestId('top-before').getByRole('listitem').first()).toBeVisible();
  await expect(page.getByTestId('top-after').getByRole('listitem').first()).toBeVisible();

  await expectDecisions(page);

  const csv = await readFile(await saved(page, 'save-table'), 'utf8');
  expect(csv).toContain('hitRate@7');
  expect(csv.split('\r\n').filter((line) => line.includes('ndcg@10'))).toHaveLength(3);

  const html = await readFile(await saved(page, 'save-report-html'), 'utf8');
  expect(html).toContain('demo-zh + BM25');
  expect(html).not.toContain('<script');
  const table = await readSheet(await saved(page, 'save-report-xlsx'), 'Metrics');
  expect(table.filter((row) => row[3] === 'hitRate@7')).toHaveLength(3);

  await page.getByTestId('theme').click();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await expectAccessible(page, 'comparison on a narrow screen in the other theme');

  // Nothing was evaluated on test yet. Each model that is compared there counts as one use.
  await setLanguage(page, 'en');
  await page.getByTestId('compare-part').getByRole('button').nth(1).click();
  await expect(page.getByTestId('test-uses')).toContainText('No model has been compared');
  await expect(page.getByTestId('compare-table')).toHaveCount(0);
  await page.getByTestId('start-compare').click();
  await expect(page.getByTestId('compare-table').locator('tbody tr')).toHaveCount(3, { timeout: 3 * minute });
  await expect(page.getByTestId('test-uses')).toContainText('3 models compared');

  // Results are stored: they are there after a reload.
  await page.reload();
  await expect(rows).toHaveCount(3);

  // The list of models stays open while one of them is taken out of the table.
  await page.getByTestId('candidates').locator('summary').first().click();
  await page.getByTestId('fuse-base').uncheck();
  await expect(rows).toHaveCount(2);
  await expect(page.getByTestId('fuse-base')).toBeVisible();
});
