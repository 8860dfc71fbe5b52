import { cutTexts } from './cutTexts';
import { expect, newOwnExperiment, openStage, setField, setLanguage, storedRuns, test } from './support';

const minute = 60_000;

test('a sweep resumes after a reload without repeating a run, evaluates dev only, and ends with a table', async ({
  page,
  siteUrl,
}) => {
  test.setTimeout(9 * minute);
  await newOwnExperiment(page, siteUrl);
  await setLanguage(page, 'en');
  await openStage(page, 'train');
  await setField(page, 'duration', 1);
  const sweep = page.getByTestId('sweep');
  await sweep.locator('summary').click();
  await page.locator('#sweep-seed').fill('1');
  await page.locator('#sweep-temperature').fill('0.05, 20');
  await expect(page.locator('#sweep-temperature-error')).toBeVisible();
  await page.locator('#sweep-temperature').fill('0.05, 0.02');
  await expect(page.getByTestId('sweep-runs')).toContainText('2 runs in all.');
  await page.getByTestId('start-sweep').click();

  const statuses = async () => (await storedRuns(page)).map(({ status }) => status).sort();
  await expect.poll(statuses, { timeout: 3 * minute }).toContain('done');
  await page.reload();
  await page.getByTestId('resume-sweep').click({ timeout: minute });
  await expect.poll(statuses, { timeout: 3 * minute }).toEqual(['done', 'done']);

  const result = page.getByTestId('sweep-result');
  await expect(result.locator('tbody tr')).toHaveCount(2);
  await expect(result.getByTestId('sweep-csv')).toBeVisible();
  const list = page.getByTestId('run-list');
  for (const box of await list.getByRole('checkbox').all()) await box.check();
  await expect(page.getByTestId('run-differences').locator('tbody tr')).toHaveText(/Temperature τ\s*0.02\s*0.05/);

  // The runs of a sweep are trials, so the experiment has no result on test.
  await openStage(page, 'evaluate');
  await expect(page.getByTestId('verdict')).toHaveCount(0);
  await openStage(page, 'train');
  await page.setViewportSize({ width: 390, height: 844 });
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(await cutTexts(page), language).toEqual([]);
  }
});
