import type { Page } from '@playwright/test';
import { expectAccessible } from './accessibility';
import { cutTexts } from './cutTexts';
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

/** Screens outside an experiment. */
const otherScreens = ['', '#/settings', '#/storage', '#/benchmark', '#/try'];

/** Expects that the page is as wide as the window and cuts no text, in either language. */
async function expectFits(page: Page, screen: string): Promise<void> {
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    const widest = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(widest, `${screen}, ${language}`).toBeLessThanOrEqual(390);
    expect(await cutTexts(page), `${screen}, ${language}`).toEqual([]);
  }
}

test('on a screen 390 px wide, nothing overflows and no text is cut in either language', async ({ page, siteUrl }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const hash of otherScreens) {
    await page.goto(`${siteUrl}${hash}`);
    await expect(page.locator('main h1')).toBeVisible();
    await expectFits(page, hash);
  }
  await newExperiment(page, siteUrl);
  for (const stage of ['import', 'negatives', 'split', 'tokenize', 'train', 'evaluate', 'report']) {
    await openStage(page, stage);
    await expect(page).toHaveURL(new RegExp(`/${stage}$`));
    await expectFits(page, stage);
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

test('home names the device, whether BERT-base can be trained on it, and what the demo’s time depends on', async ({
  page,
  siteUrl,
}) => {
  await page.goto(siteUrl);
  await setLanguage(page, 'en');
  const computer = page.getByTestId('this-computer');
  await expect(computer).toContainText(/CPU \(wasm\) · \d+ thread/);
  await expect(page.getByTestId('trainable')).toContainText(
    /a batch of 16 pairs, with texts of 24 and 104 tokens, needs .*GB/,
  );
  await expect(page.getByTestId('demo-time')).toHaveText('Search for a question to get an estimate');
  await expect(page.getByTestId('disk-room')).toHaveText(/^The browser allows this page .*B more$/);
});

test('home says why there is no device if WebGPU is preferred but unavailable', async ({ page, siteUrl }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'gpu', { value: undefined });
    localStorage.setItem('recallsmith-device', 'webgpu');
  });
  await page.goto(siteUrl);
  await setLanguage(page, 'en');
  const computer = page.getByTestId('this-computer');
  await expect(computer.getByTestId('device-problem')).toContainText('The GPU can’t be used');
  await expect(computer.getByTestId('demo-time')).toHaveCount(0);
  await expect(computer).not.toContainText('Checking the device');
});

test('a dialog keeps the focus inside while it is open, closes on Escape, and returns the focus', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  const opener = page.getByTestId('about-stage');
  await opener.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  const inside = () => dialog.evaluate((element) => element.contains(document.activeElement));
  for (let i = 0; i < 8; i += 1) {
    expect(await inside()).toBe(true);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(opener).toBeFocused();
});
