import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectAccessible } from './accessibility';
import { expect, newOwnExperiment, setLanguage, test } from './support';

const minute = 60_000;

/** Returns the smallest size in CSS pixels in which a text of a chart is drawn. */
const smallestText = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const sizes = [...document.querySelectorAll<SVGTextElement>('.chart text')].map(
      (text) => parseFloat(getComputedStyle(text).fontSize) * (text.getScreenCTM()?.a ?? 0),
    );
    return sizes.length === 0 ? NaN : Math.min(...sizes);
  });

/** Expects that the page fits a narrow window and that no chart shrinks its texts. */
async function expectNarrow(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), language).toBeLessThanOrEqual(390);
    await expect.poll(() => smallestText(page)).toBeGreaterThan(12.9);
  }
}

test('a threshold is chosen on dev before any training, and test is used only on request', async ({
  page,
  siteUrl,
}) => {
  test.setTimeout(6 * minute);
  await newOwnExperiment(page, siteUrl);
  await page.getByTestId('compare-models').click();
  await page.getByTestId('start-compare').click();
  await expect(page.getByTestId('compare-table').locator('tbody tr')).toHaveCount(2, { timeout: 3 * minute });
  await expectNarrow(page);
  await page.setViewportSize({ width: 1280, height: 800 });

  await setLanguage(page, 'en');
  await page.getByRole('link', { name: 'Scores and thresholds' }).click();
  await expect(page).toHaveURL(/#\/scores\//);
  // The comparison has stored the scores too.
  await expect(page.getByTestId('threshold-answer')).toContainText('would be answered');
  await expect(page.getByTestId('threshold-table').locator('tbody tr')).toHaveCount(13);
  await expectAccessible(page, 'scores');
  const all = await page.getByTestId('threshold-questions').getByRole('listitem').count();
  await setLanguage(page, 'en');
  await page.getByTestId('threshold-rule').getByRole('button', { name: 'Reject at most' }).click();
  await page.getByTestId('threshold-share').fill('0');
  await page.getByTestId('threshold-share').blur();
  await expect(page.getByTestId('threshold-answer')).toContainText(`${all} of ${all} questions`);
  await page.getByTestId('chart-scores-before').getByRole('button', { name: 'Show as a table' }).click();
  await expect(page.getByTestId('chart-scores-before').locator('tbody tr').first()).toBeVisible();
  await page.getByTestId('chart-scores-before').getByRole('button', { name: 'Show the chart' }).click();
  const downloading = page.waitForEvent('download');
  await page.getByTestId('chart-scores-before').getByRole('button', { name: 'SVG' }).click();
  expect(await readFile(await (await downloading).path(), 'utf8')).toContain('<svg');

  await page.getByTestId('scores-part').getByRole('button', { name: 'Test' }).click();
  await expect(page.getByTestId('threshold-answer')).toHaveCount(0);
  await page.getByTestId('compute-scores').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('threshold-answer')).toContainText('on test', { timeout: 3 * minute });
  // The focus does not fall to the page when the button and then the progress are replaced.
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(false);

  await page.getByTestId('theme').click();
  await expectNarrow(page);
  await expectAccessible(page, 'scores on a narrow screen in the other theme');
});

test('the playground answers as one types, and a marked passage becomes a review question', async ({
  page,
  siteUrl,
}) => {
  test.setTimeout(6 * minute);
  await newOwnExperiment(page, siteUrl);
  await setLanguage(page, 'en');
  await page.getByTestId('compare-models').click();
  await page.getByRole('link', { name: 'Try questions' }).click();
  const text = page.getByTestId('playground-text');
  const answered = page.getByTestId('playground-answered');
  await text.pressSequentially('链条');
  await expect(answered).toHaveAttribute('data-question', '链条', { timeout: 3 * minute });
  for (const side of [0, 1]) await expect(page.getByTestId(`side-${side}`).getByRole('listitem')).toHaveCount(5);
  await expectAccessible(page, 'playground');

  // Text that an input method is composing is not a question yet; the text that it commits is.
  await text.evaluate((input: HTMLInputElement) => {
    input.value = '链条qing';
    input.dispatchEvent(new InputEvent('input', { isComposing: true, bubbles: true }));
  });
  await page.waitForTimeout(500);
  await expect(answered).toHaveAttribute('data-question', '链条');
  await text.evaluate((input: HTMLInputElement) => {
    input.value = '链条清洗';
    input.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true }));
  });
  await expect(answered).toHaveAttribute('data-question', '链条清洗');

  await setLanguage(page, 'en');
  const left = page.getByTestId('side-0');
  await left.getByTestId('mark-right').first().click();
  await expect(left.getByTestId('mark-right').first()).toHaveAttribute('aria-pressed', 'true');
  await page.reload();
  await expect(page.getByTestId('review-questions')).toContainText('1 right, 0 wrong');
  await page.getByTestId('review-questions').getByRole('button', { name: '链条清洗' }).click();
  await expect(left.getByTestId('mark-right').first()).toHaveAttribute('aria-pressed', 'true', { timeout: minute });
  const downloading = page.waitForEvent('download');
  await page.getByTestId('save-review').click();
  expect(await readFile(await (await downloading).path(), 'utf8')).toContain('"text":"链条清洗"');

  await page.getByTestId('theme').click();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await expectAccessible(page, 'playground on a narrow screen in the other theme');
});

test('the playground of the demo needs no experiment', async ({ page, siteUrl }) => {
  await page.goto(siteUrl);
  await page.getByTestId('try-demo').click();
  await page.getByTestId('playground-text').pressSequentially('猪咬尾巴');
  await expect(page.getByTestId('playground-answered')).toHaveAttribute('data-question', '猪咬尾巴', {
    timeout: 150_000,
  });
  for (const side of [0, 1]) await expect(page.getByTestId(`side-${side}`).getByRole('listitem').first()).toBeVisible();
  await expect(page.getByTestId('mark-right')).toHaveCount(0);
});
