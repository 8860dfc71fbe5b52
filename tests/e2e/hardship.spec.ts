import { expect, newOwnExperiment, openStage, runIsDone, setField, storedRuns, test } from './support';

const minute = 60_000;

test('a worker that dies during a run is reported, and the run resumes from its last checkpoint', async ({
  page,
  siteUrl,
}) => {
  test.setTimeout(6 * minute);
  await newOwnExperiment(page, siteUrl);
  await openStage(page, 'train');
  await setField(page, 'batchSize', 8);
  await setField(page, 'duration', 1);
  await page.getByTestId('start-run').click();
  await expect.poll(async () => (await storedRuns(page))[0]?.step ?? 0, { timeout: minute }).toBeGreaterThan(0);
  await page.getByTestId('pause-run').click();
  await page.getByTestId('continue-run').click();
  await expect(page.getByTestId('pause-run')).toBeVisible();
  const worker = page.workers().find((candidate) => candidate.url().includes('gpu'));
  await worker?.evaluate(() => self.close());
  await expect(page.getByTestId('error-panel').locator('p')).toBeVisible();
  await page.getByTestId('resume-run').click();
  const resumed = await runIsDone(page, 1, 3 * minute);
  expect(resumed.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(await storedRuns(page)).toHaveLength(1);
});

test('a run that exceeds the memory budget is refused before it starts, and one click makes it fit', async ({
  page,
  siteUrl,
}) => {
  await newOwnExperiment(page, siteUrl);
  await openStage(page, 'train');
  await setField(page, 'duration', 1);
  const sentence = page.getByTestId('memory-sentence');
  await expect(sentence).toContainText('，放得下');
  // Weights, gradients and moments of the demo model take 74 MB, and the scratch array 4 MB. A budget of 81 MB has no
  // room for the longest text, which has 57 tokens.
  await page.evaluate(() => localStorage.setItem('recallsmith-memoryBudget', '81000000'));
  await page.reload();
  await expect(sentence).toContainText('至少需要内存');
  await page.getByTestId('start-run').click();
  await expect(page.getByTestId('error-panel')).toContainText('至少需要内存');
  expect(await storedRuns(page)).toEqual([]);
  await page.getByTestId('memory-fix-maxTokens').click();
  await expect(sentence).toContainText('GradCache');
  await page.getByTestId('start-run').click();
  await runIsDone(page, 1, 3 * minute);
});
