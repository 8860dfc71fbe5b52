import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { unzip } from '../../tools/lib/unzip.mjs';
import { expectAccessible } from './accessibility';
import { expect, foreignRequests, openStage, runIsDone, test } from './support';

test.use({ offlineCopy: true });

const minute = 60_000;

/** Checks that the table has every metric, and that training has raised the hit rate. */
async function expectMetrics(page: Page): Promise<void> {
  await page.getByTestId('all-metrics').locator('summary').click();
  const table = page.getByTestId('metrics-table');
  for (const metric of ['hit-1', 'hit-3', 'hit-5', 'hit-10', 'recall-10', 'mrr', 'ndcg']) {
    const cells = table.locator(`tr[data-metric="${metric}"] td`);
    await expect(cells.first(), metric).toHaveText(/\d/);
    await expect(cells.nth(2), metric).toHaveText(/\d/);
  }
  const rate = async (column: number) =>
    parseFloat(await table.locator('tr[data-metric="hit-1"] td').nth(column).innerText());
  expect(await rate(2), 'hit rate@1 after training').toBeGreaterThan(await rate(0));
}

/** Saves the report in each format from the buttons of the screen. */
async function expectReports(page: Page): Promise<void> {
  for (const [format, begin] of [
    ['html', '<!doctype html>'],
    ['markdown', '# '],
    ['xlsx', 'PK'],
  ] as const) {
    const downloading = page.waitForEvent('download', { timeout: minute });
    await page.getByTestId(`save-report-${format}`).click();
    const file = await readFile(await (await downloading).path(), 'latin1');
    expect(file.slice(0, begin.length), format).toBe(begin);
  }
}

/** Measures base and tuned model on the shipped probe set. */
async function expectProbe(page: Page): Promise<void> {
  const probe = page.getByTestId('probe');
  await probe.locator('summary').click();
  await probe.getByTestId('probe-measure').click();
  await expect(probe.getByTestId('probe-answer')).toHaveAttribute('data-forgetting', /forgot|kept|unclear/, {
    timeout: 4 * minute,
  });
  await expectAccessible(page, 'evaluate with a probe');
}

test('the demo runs from one click to a checked export without a request to another origin', async ({
  page,
  context,
  siteUrl,
}) => {
  test.setTimeout(14 * minute);
  const foreign = foreignRequests(context, siteUrl);
  await page.goto(siteUrl);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);

  const begun = Date.now();
  await page.getByTestId('run-demo').click();
  await expect(page.getByTestId('run-progress')).toBeVisible();
  await runIsDone(page, 1, 10 * minute);
  // A user who stays on the train stage is taken to the result.
  await expect(page.getByTestId('verdict')).toBeVisible();
  test
    .info()
    .annotations.push({ type: 'demo, button to result', description: `${Math.round((Date.now() - begun) / 1000)} s` });

  await expectMetrics(page);
  await expect(page.getByTestId('question-list')).toBeVisible();
  await expectAccessible(page, 'evaluate with results');
  await expectReports(page);
  await expectProbe(page);

  await openStage(page, 'train');
  await expect(page.getByTestId('score-spread').getByRole('img').first()).toBeVisible();
  await expectAccessible(page, 'train with curves');

  await openStage(page, 'report');
  await expectReports(page);
  const downloading = page.waitForEvent('download', { timeout: 3 * minute });
  await page.getByTestId('export-zip').click();
  const zip = await (await downloading).path();
  await expect(page.getByTestId('export-done')).toBeVisible();
  await expectAccessible(page, 'report with an export');
  const files = await unzip(zip, await mkdtemp(join(tmpdir(), 'recallsmith-export-')));
  for (const file of [
    'config.json',
    'tokenizer.json',
    'model.safetensors',
    'onnx/model.onnx',
    '1_Pooling/config.json',
    'modules.json',
    'README.md',
    'experiment.json',
  ])
    expect(files).toContain(file);

  await page.goto(siteUrl);
  await expect(page.getByRole('listitem').first()).toBeVisible();
  await expectAccessible(page, 'home with an experiment');
  expect(foreign).toEqual([]);
});
