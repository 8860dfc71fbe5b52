import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectAccessible } from './accessibility';
import { cutTexts } from './cutTexts';
import {
  expect,
  foreignRequests,
  newOwnExperiment,
  openStage,
  runIsDone,
  setField,
  setLanguage,
  storedRuns,
  test,
} from './support';

test.use({ offlineCopy: true });

const minute = 60_000;

/** Saves the first chart of the evaluate stage and returns the bytes of the file. */
async function savedChart(page: Page, format: 'SVG' | 'PNG'): Promise<Buffer> {
  const download = page.waitForEvent('download');
  await page.locator('[data-testid^="chart-"]').first().getByRole('button', { name: format }).click();
  return readFile(await (await download).path());
}

test.beforeEach(async ({ page, siteUrl }) => {
  await newOwnExperiment(page, siteUrl);
});

test('own files and a model folder are trained, compared and blended without a request to another origin', async ({
  page,
  context,
  siteUrl,
}) => {
  const foreign = foreignRequests(context, siteUrl);
  await openStage(page, 'train');
  await setField(page, 'duration', 1);
  await page.getByTestId('start-run').click();
  await runIsDone(page, 1, 3 * minute);
  await openStage(page, 'evaluate');
  await expect(page.getByTestId('verdict')).toBeVisible();
  await page.getByTestId('all-metrics').locator('summary').click();
  await expect(page.getByTestId('metrics-table').locator('tr[data-metric="mrr"]')).toBeVisible();
  expect((await savedChart(page, 'SVG')).toString()).toMatch(/^<svg [^]*<\/svg>$/);
  expect((await savedChart(page, 'PNG')).subarray(1, 4).toString()).toBe('PNG');
  // The fold stays open in another language.
  await page.getByTestId('blend').locator('summary').click();
  await setLanguage(page, 'en');
  await page.getByTestId('blend-dev').click();
  await expect(page.getByTestId('blend-row')).toHaveCount(5);
  await expectAccessible(page, 'evaluate with blends');
  expect(foreign).toEqual([]);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    for (const stage of ['train', 'evaluate', 'report']) {
      await openStage(page, stage);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), stage).toBeLessThanOrEqual(390);
      expect(await cutTexts(page), `${stage} in ${language}`).toEqual([]);
    }
  }
});

test('a run that is paused, reloaded, continued and interrupted resumes to the same weights as an uninterrupted run', async ({
  page,
}) => {
  test.setTimeout(8 * minute);
  await openStage(page, 'train');
  await setField(page, 'batchSize', 8);
  await page.getByTestId('start-run').click();
  await expect.poll(async () => (await storedRuns(page))[0]?.step ?? 0, { timeout: minute }).toBeGreaterThan(0);

  // A pause writes a checkpoint, so the run resumes from the middle.
  await page.getByTestId('pause-run').click();
  await expect(page.getByTestId('continue-run')).toBeVisible();
  await page.reload();
  // The strip and the end of the form offer to continue the run, on every screen and before a new run.
  await expect(page.getByTestId('foot-continue-run')).toBeVisible();
  await expect(page.getByTestId('start-run')).not.toHaveClass(/primary/);
  await page.setViewportSize({ width: 390, height: 844 });
  await setLanguage(page, 'en');
  expect(await cutTexts(page)).toEqual([]);
  await page.getByTestId('strip-continue-run').click();
  await expect(page.getByTestId('pause-run')).toBeVisible();
  expect(await cutTexts(page)).toEqual([]);
  await page.reload();
  await expect(page.getByTestId('resume-run')).toBeVisible();
  await expect(page.getByTestId('foot-resume-run')).toBeVisible();
  expect((await storedRuns(page))[0]?.status).toBe('interrupted');
  await page.getByTestId('resume-run').click();
  const resumed = await runIsDone(page, 1, 3 * minute);
  expect(resumed.weightsSha256).toMatch(/^[0-9a-f]{64}$/);

  await openStage(page, 'train');
  await page.getByTestId('start-run').click();
  const whole = await runIsDone(page, 2, 3 * minute);
  expect(whole.runId).not.toBe(resumed.runId);
  expect(whole.weightsSha256).toBe(resumed.weightsSha256);
});

test('a second tab sees a run read-only, and a cancelled run stays cancelled', async ({ page, context }) => {
  await openStage(page, 'train');
  await setField(page, 'duration', 20);
  await page.getByTestId('start-run').click();
  await expect(page.getByTestId('pause-run')).toBeVisible();
  const second = await context.newPage();
  await second.goto(page.url());
  await expect(second.getByTestId('read-only-banner')).toBeVisible();
  await expect(second.getByTestId('pause-run')).toHaveCount(0);

  await page.getByTestId('cancel-run').click();
  await page.getByTestId('cancel-confirm').click();
  await expect.poll(async () => (await storedRuns(page))[0]?.status, { timeout: minute }).toBe('cancelled');
  await page.reload();
  await expect(page.getByTestId('start-run')).toBeVisible();
  expect((await storedRuns(page))[0]?.status).toBe('cancelled');
});
