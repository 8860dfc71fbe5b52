import { expectAccessible } from './accessibility';
import { expect, newOwnExperiment, setLanguage, test } from './support';

const minute = 60_000;

test('a map is drawn once and kept, lists what is visible, and opens a question with what it finds', async ({
  page,
  siteUrl,
}) => {
  test.setTimeout(6 * minute);
  await newOwnExperiment(page, siteUrl);
  await page.getByTestId('compare-models').click();
  await page.getByTestId('start-compare').click();
  await expect(page.getByTestId('compare-table').locator('tbody tr')).toHaveCount(2, { timeout: 3 * minute });
  await expect(page.getByTestId('compare-progress')).toHaveCount(0, { timeout: minute });
  await page.getByTestId('open-map').click();
  await expectAccessible(page, 'map that is not drawn');
  await page.getByTestId('draw-map').click();
  await expect(page.getByTestId('map-colour')).toBeVisible({ timeout: 2 * minute });
  await expectAccessible(page, 'map');

  // With WebGL the visible part is listed by keyboard; without it, the list has all texts.
  if ((await page.getByTestId('no-webgl').count()) === 0) {
    await page.getByTestId('map-canvas').focus();
    await page.keyboard.press('0');
    await page.keyboard.press('Enter');
  }
  const question = page.getByTestId('map-list').locator('details').first();
  await question.locator('summary').click();
  await expect(question.locator('ol li').first()).toBeVisible();

  await page.reload();
  await expect(page.getByTestId('map-colour')).toBeVisible({ timeout: minute });
  await setLanguage(page, 'en');
  await page.getByTestId('theme').click();
  await page.getByTestId('map-colour').getByRole('button').nth(1).click();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await expectAccessible(page, 'map on a narrow screen in the other theme');
});
