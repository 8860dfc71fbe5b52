import { readFile } from 'node:fs/promises';
import { expectAccessible } from './accessibility';
import { expect, newOwnExperiment, setLanguage, test } from './support';

const minute = 60_000;

test('speed, size and smaller vectors are measured on request, kept, shown after a reload and saved', async ({
  page,
  siteUrl,
}) => {
  test.setTimeout(6 * minute);
  await newOwnExperiment(page, siteUrl);
  await page.getByTestId('compare-models').click();
  await page.getByTestId('open-speed').click();
  await expect(page).toHaveURL(/#\/speed\//);
  await expectAccessible(page, 'speed before a measurement');
  await page.getByTestId('speed-plan').getByRole('button').nth(1).click();

  // A measurement that is cancelled at once leaves nothing.
  await page.getByTestId('start-speed').click();
  await page.getByTestId('cancel-speed').click();
  await expect(page.getByTestId('start-speed')).toBeEnabled({ timeout: minute });
  await expect(page.getByTestId('encode-table')).toHaveCount(0);

  await page.getByTestId('start-speed').click();
  await expect(page.getByTestId('form-table')).toBeVisible({ timeout: 4 * minute });
  await expect(page.getByTestId('start-speed')).toBeEnabled({ timeout: minute });
  await expect(page.getByTestId('encode-table').locator('tbody td')).toHaveCount(4);
  await expect(page.getByTestId('search-table').locator('tbody tr')).toHaveCount(2);
  await expect(page.getByTestId('download-table').locator('tbody tr')).toHaveCount(1);
  // 256, 128 and 64 dimensions, each in float32 and int8, below the name of the model.
  await expect(page.getByTestId('form-table').locator('tbody tr')).toHaveCount(7);
  await expectAccessible(page, 'speed with results');

  await page.reload();
  await expect(page.getByTestId('speed-answer')).toBeVisible();
  const downloading = page.waitForEvent('download');
  await page.getByTestId('save-speed').click();
  const lines = (await readFile(await (await downloading).path(), 'utf8')).trim().split('\r\n');
  expect(lines.filter((line) => line.startsWith('texts_per_second'))).toHaveLength(4);
  expect(lines.filter((line) => line.startsWith('recall_at_10,'))).toHaveLength(6);
  expect(lines.filter((line) => line.startsWith('search_ms'))).toHaveLength(2);

  await setLanguage(page, 'en');
  await page.getByTestId('theme').click();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await expectAccessible(page, 'speed on a narrow screen in the other theme');
});
