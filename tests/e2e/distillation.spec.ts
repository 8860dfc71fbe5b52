import { readFile } from 'node:fs/promises';
import { expectAccessible } from './accessibility';
import { cutTexts } from './cutTexts';
import {
  demoModel,
  expect,
  importInto,
  importModelFolder,
  newExperiment,
  openStage,
  ownData,
  runIsDone,
  setField,
  setLanguage,
  test,
} from './support';

/**
 * Returns a file with the pairs of the examples in FlagEmbedding's format, with two negatives and a teacher's scores
 * each.
 */
async function scoredPairs({ without }: { without?: number } = {}): Promise<string> {
  const lines = (await readFile(ownData('pairs.csv'), 'utf8')).trim().split('\n').slice(1);
  const pairs = lines.map((line) => line.split(','));
  const passages = [...new Set(pairs.map(([, positive = '']) => positive))];
  return pairs
    .map(([query, positive = ''], i) => {
      const at = passages.indexOf(positive);
      const neg = [3, 7].map((step) => passages[(at + step) % passages.length]);
      const scores = { pos_scores: [7 - (i % 3)], neg_scores: [-2.5, (i % 5) - 4] };
      return JSON.stringify({ query, pos: [positive], neg, ...(i === without ? {} : scores) });
    })
    .join('\n');
}

test('the scores of a teacher in a file are distilled without a teacher model, and the hardest pairs are shown', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await setLanguage(page, 'en');
  await importInto(page, 'knowledgeBase', ownData('passages.jsonl'));
  await importInto(page, 'pairs', { name: 'gap.jsonl', content: await scoredPairs({ without: 4 }) });
  await page.getByTestId('rejected-pairs').click();
  await expect(page.getByTestId('rejected-list')).toContainText('teacher scores are missing for 1 pair of the file');
  await page.keyboard.press('Escape');
  await importInto(page, 'testQuestions', ownData('questions.json'));
  await importModelFolder(page, demoModel);
  await openStage(page, 'negatives');
  await page.locator('#negatives').selectOption('imported');
  await setField(page, 'negativesPerAnchor', 2);
  await expect(page.getByTestId('negatives-list')).toContainText('Teacher');

  await openStage(page, 'train');
  await page.getByTestId('advanced-settings').locator('summary').click();
  await page.locator('#loss').selectOption('distillation');
  await expect(page.locator('#teacher')).toBeVisible();
  await page.locator('#teacherScores').selectOption('imported');
  await expect(page.locator('#teacher')).toHaveCount(0);
  await expect(page.locator('#teacherTemperature')).toHaveValue('1');
  // One pair lacks scores, so a run would be refused.
  await expect(page.locator('#stage-refusal')).toContainText('1 of 76 pairs have none');
  await expect(page.getByTestId('start-run')).toBeDisabled();

  await openStage(page, 'import');
  await importInto(page, 'pairs', { name: 'scored.jsonl', content: await scoredPairs() });
  await openStage(page, 'train');
  await expect(page.locator('#stage-refusal')).toHaveCount(0);
  await setField(page, 'batchSize', 8);
  await setField(page, 'duration', 2);
  await page.getByTestId('start-run').click();
  await runIsDone(page, 1, 180_000);
  await openStage(page, 'train');
  const list = page.getByTestId('hardest-pairs');
  await list.locator('summary').click();
  await expect(list.locator('li').first()).toContainText('Explicit negative');
  await expectAccessible(page, 'train with the hardest pairs');
  await page.setViewportSize({ width: 390, height: 844 });
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(await cutTexts(page), language).toEqual([]);
  }
});
