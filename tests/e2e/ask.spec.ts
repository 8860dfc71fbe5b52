import { expectAccessible } from './accessibility';
import { expect, foreignRequests, setLanguage, test } from './support';

test.use({ offlineCopy: true });

test('a question on the empty home is answered by the untuned demo model, without a request to another origin', async ({
  page,
  context,
  siteUrl,
}) => {
  const foreign = foreignRequests(context, siteUrl);
  await page.goto(siteUrl);
  await page.getByTestId('ask').click();
  const answer = page.getByTestId('ask-answer');
  await expect(answer.locator('li.hit')).toHaveCount(6, { timeout: 150_000 });
  // The rank in the demo's evaluation before training.
  await expect(answer.locator('li.right .rank')).toHaveText('11');
  await expect(answer.locator('li.skip')).toHaveText('中间略去 5 条');
  await expectAccessible(page, 'empty home with an answer');

  await page.getByTestId('ask-text').fill('怎么给小猪断奶');
  await page.getByTestId('ask').click();
  await expect(answer.locator('li.hit')).toHaveCount(5, { timeout: 150_000 });
  await expect(answer.locator('li.right')).toHaveCount(0);
  expect(foreign).toEqual([]);

  await page.setViewportSize({ width: 390, height: 844 });
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), language).toBeLessThanOrEqual(390);
  }
});
