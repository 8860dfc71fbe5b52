import { expectAccessible } from './accessibility';
import { expect, setLanguage, test } from './support';

test.use({ offlineCopy: true });

test('the device check says how far the CPU agrees with double precision, keeps the result and copies it', async ({
  page,
  siteUrl,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const requested: string[] = [];
  context.on('request', (request) => {
    // The service worker stores every file of the site for offline use.
    if (request.serviceWorker() === null) requested.push(request.url());
  });
  await page.goto(`${siteUrl}#/settings`);
  await setLanguage(page, 'en');
  await page.getByTestId('start-check').click();
  await expect(page.getByTestId('check-bar')).toBeVisible();
  await page.getByTestId('cancel-check').click();
  await expect(page.getByTestId('start-check')).toBeEnabled({ timeout: 60_000 });
  await expect(page.getByTestId('check-result')).toHaveCount(0);
  await expect(page.getByTestId('error-panel')).toHaveCount(0);

  await page.getByTestId('start-check').click();
  const verdict = page.getByTestId('check-verdict');
  await expect(verdict).toHaveText(/^Agrees to \de-[56]$/, { timeout: 120_000 });
  await page.reload();
  await expect(verdict).toHaveText(/^Agrees to \de-[56]$/);
  await page.getByTestId('check-result').getByText('All compared numbers').click();
  await expect(page.getByTestId('check-result').locator('tbody tr')).toHaveCount(38);
  await page.getByTestId('copy-check').click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/^Check this device: Agrees to \de-[56]\nfull: /);
  expect(copied).toContain('CPU (wasm)');
  expect(copied).toContain('Chrome');
  await expectAccessible(page, 'settings with a checked device');
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  // On the CPU nothing is compared with tfjs, so the page does not load it.
  expect(requested.filter((url) => url.includes('openTfjsStep'))).toEqual([]);
});
