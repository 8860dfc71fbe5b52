import { expectAccessible } from './accessibility';
import { expect, newExperiment, setLanguage, test } from './support';

test('the device is measured from the settings: figures of the product and the step, the time of an experiment, a text to copy', async ({
  page,
  siteUrl,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await newExperiment(page, siteUrl);
  await page.goto(`${siteUrl}#/settings`);
  await page.getByTestId('to-benchmark').click();
  await setLanguage(page, 'en');
  await expect(page.getByTestId('benchmark-device')).toContainText('CPU (wasm)');
  await page.getByTestId('benchmark-shapes').getByText('Demo').click();
  await page.getByTestId('benchmark-length').getByText('A few seconds').click();
  await page.getByTestId('start-benchmark').click();
  const row = page.getByTestId('benchmark-demo');
  await expect(row).toBeVisible({ timeout: 120_000 });
  const peak = Number(await page.getByTestId('benchmark-peak').textContent());
  expect(peak).toBeGreaterThan(0.5);
  const [ms, gflops, share] = (await row.locator('td.number').allTextContents()).map((text) => parseFloat(text));
  // 2 pairs of 128 tokens: 2.36 M multiplied weights in three layers, with 64 tokens a text: 3.63 + 0.15 GFLOP.
  expect(((ms ?? NaN) * (gflops ?? NaN)) / 1000).toBeCloseTo(3.78, 1);
  expect(share).toBeGreaterThan(0);
  await expect(page.getByTestId('benchmark-expected')).toContainText('lacks data or a model');
  await page.getByTestId('copy-benchmark').click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain('Demo model, 3 layers × 256: 2 pairs, 256 tokens');
  expect(copied).toContain('Chrome');
  await expectAccessible(page, 'benchmark');
  await page.getByTestId('theme').click();
  await expectAccessible(page, 'benchmark, other theme');
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test('measuring shows how far it is and stops when it is cancelled', async ({ page, siteUrl }) => {
  await page.goto(`${siteUrl}#/benchmark`);
  await page.getByTestId('start-benchmark').click();
  await expect(page.getByTestId('benchmark-bar')).toHaveAttribute('aria-valuenow', /\d/);
  await page.getByTestId('cancel-benchmark').click();
  await expect(page.getByTestId('start-benchmark')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByTestId('benchmark-result')).toHaveCount(0);
});
