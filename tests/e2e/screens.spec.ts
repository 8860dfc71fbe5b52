import { expectAccessible } from './accessibility';
import {
  demoModel,
  expect,
  importModelFolder,
  importOwnData,
  newExperiment,
  openStage,
  setLanguage,
  test,
} from './support';

test('home and settings have no serious accessibility finding, in either language and theme', async ({
  page,
  siteUrl,
}) => {
  await page.goto(siteUrl);
  await expect(page.getByTestId('run-demo')).toBeVisible();
  await expectAccessible(page, 'empty home');
  await page.getByTestId('theme').click();
  await expectAccessible(page, 'empty home, other theme');
  await page.goto(`${siteUrl}#/settings`);
  await expectAccessible(page, 'settings');
});

test('every stage of a filled experiment has no serious accessibility finding in either language', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await expectAccessible(page, 'empty import');
  await importOwnData(page);
  await expect(page.getByTestId('next-stage')).toBeDisabled();
  await importModelFolder(page, demoModel);
  // The stored demo model is not offered a second time.
  await expect(page.getByTestId('demo-model')).toHaveCount(0);
  for (const next of ['negatives', 'split', 'tokenize', 'train']) {
    await page.getByTestId('next-stage').click();
    await expect(page).toHaveURL(new RegExp(`/${next}$`));
  }
  await expect(page.getByTestId('start-run')).toBeVisible();
  // A fix removes its finding, moves the focus to the list's heading, and can be undone.
  const finding = page.getByTestId('finding-fewSteps');
  await finding.getByRole('button').press('Enter');
  await expect(finding).toHaveCount(0);
  await expect(page.locator('#doctor-title')).toBeFocused();
  await page.locator('.notice').getByRole('button').click();
  await expect(finding).toBeVisible();
  for (const stage of ['import', 'negatives', 'split', 'tokenize', 'train', 'evaluate', 'report']) {
    await openStage(page, stage);
    await expect(page).toHaveURL(new RegExp(`/${stage}$`));
    await expectAccessible(page, stage);
  }
});

test('on a screen 390 px wide, nothing overflows', async ({ page, siteUrl }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const widest = () => page.evaluate(() => document.documentElement.scrollWidth);
  await page.goto(siteUrl);
  await expect(page.getByTestId('run-demo')).toBeVisible();
  expect(await widest()).toBeLessThanOrEqual(390);
  await newExperiment(page, siteUrl);
  for (const stage of ['import', 'negatives', 'split', 'tokenize', 'train', 'evaluate', 'report']) {
    await openStage(page, stage);
    await expect(page).toHaveURL(new RegExp(`/${stage}$`));
    expect(await widest(), stage).toBeLessThanOrEqual(390);
  }
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    for (const name of ['import', 'tokenize', 'report']) {
      const box = await page.getByTestId(`stage-${name}`).boundingBox();
      expect(box?.x, `${name} in the rail in ${language}`).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0), `${name} in the rail in ${language}`).toBeLessThanOrEqual(390);
    }
  }
});
