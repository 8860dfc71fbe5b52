import { readFile } from 'node:fs/promises';
import { expect, newOwnExperiment, openStage, setField, storedRuns, test } from './support';

test('negatives are mined, shown, judged with the keyboard and exported, and decisions survive a reload', async ({
  page,
  siteUrl,
}) => {
  await newOwnExperiment(page, siteUrl);
  await openStage(page, 'negatives');
  await page.locator('#negatives').selectOption('mined');
  await expect(page.getByTestId('to-mine')).toBeVisible();
  await page.locator('#firstRank').fill('2');
  await page.locator('#firstRank').press('Enter');
  await page.getByTestId('mine-negatives').click();
  await expect(page.getByTestId('score-distributions').locator('svg')).toHaveCount(3);
  await expect(page.getByTestId('negatives-list').locator('> li').first()).toBeVisible();

  const judge = page.getByTestId('judge-samples');
  const dropped = (await judge.locator('article p').last().innerText()).split('\n').at(-1) ?? '';
  await page.keyboard.press('d');
  await expect(judge.locator('article')).not.toContainText(dropped);
  await page.keyboard.press('k');
  await expect(page.getByTestId('judged')).toContainText(/2/);
  await expect(page.getByTestId('negatives-counts')).toContainText(/你去掉的|dropped by you/);
  const judged = await page.getByTestId('judged').innerText();
  await page.reload();
  await expect(page.getByTestId('judged')).toHaveText(judged);

  const download = page.waitForEvent('download');
  await page.getByTestId('export-csv').click();
  const text = await readFile(await (await download).path(), 'utf8');
  expect(text.split('\r\n')[0]).toBe('anchor,positive,negative_1');

  await openStage(page, 'train');
  await page.getByTestId('view-batch').click();
  await expect(page.getByTestId('batch-rows').locator('> li').first()).toBeVisible();
  const ofStep = page.waitForEvent('download');
  await page.getByTestId('export-batch-jsonl').click();
  const step = await ofStep;
  expect(step.suggestedFilename()).toBe('step-1-triplets.jsonl');
  const rows = (await readFile(await step.path(), 'utf8')).trim().split('\n');
  expect(rows).toHaveLength(await page.getByTestId('batch-rows').locator('> li').count());
});

test('three kinds of negatives are compared, and a reload in between does not repeat finished runs', async ({
  page,
  siteUrl,
}) => {
  await newOwnExperiment(page, siteUrl);
  await openStage(page, 'train');
  await setField(page, 'duration', 1);
  await setField(page, 'batchSize', 16);
  await openStage(page, 'negatives');
  // The mined runs then have one negative per question, too, instead of five.
  await page.locator('#negatives').selectOption('random');
  const panel = page.getByTestId('negatives-experiment');
  await page.getByTestId('start-arms').click();
  const isDone = (arm: string) =>
    expect(panel.getByTestId(`arm-${arm}`)).toContainText(/完成|done/, { timeout: 120_000 });
  await isDone('inBatch');
  const [first] = await storedRuns(page);
  await page.reload();
  await expect(page.getByTestId('start-arms')).toHaveText(/继续比较|Continue the comparison/);
  await page.getByTestId('start-arms').click();
  await isDone('filtered');
  await expect(page.getByTestId('arms-sentence')).toContainText(/95% 区间|95% interval/);
  await expect(page.getByTestId('arms-picture').locator('canvas')).toHaveCount(2);
  const runs = (await storedRuns(page)).filter(({ status }) => status === 'done');
  expect(runs).toHaveLength(3);
  expect(runs[0]?.runId).toBe(first?.runId);
  // The test questions were not used, so there is no result to show.
  await openStage(page, 'evaluate');
  await expect(page.getByRole('link', { name: /前往训练|Go to training/ })).toBeVisible();
});
