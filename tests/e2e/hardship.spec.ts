import {
  expect,
  importInto,
  newExperiment,
  newOwnExperiment,
  openStage,
  ownData,
  runIsDone,
  setField,
  setLanguage,
  storedRuns,
  test,
} from './support';
import type { Page } from '@playwright/test';

const minute = 60_000;

/**
 * Makes every write of the data worker fail as on a full disk, until it is called with false. Replaces `put` in the
 * worker, because the storage quota of the developer tools does not apply to IndexedDB.
 */
async function fillDisk(page: Page, full: boolean): Promise<void> {
  const worker = page.workers().find((candidate) => candidate.url().includes('data'));
  if (!worker) throw new Error('the data worker is not running');
  await worker.evaluate((shut) => {
    const prototype = IDBObjectStore.prototype;
    const own = Object.getOwnPropertyDescriptor(prototype, 'put')?.value as IDBObjectStore['put'];
    const known = Reflect.get(prototype, 'putBefore') as IDBObjectStore['put'] | undefined;
    Reflect.set(prototype, 'putBefore', known ?? own);
    prototype.put = shut
      ? () => {
          throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
        }
      : (known ?? own);
  }, full);
}

test('a full disk is reported in both languages and loses nothing; the import works once there is room', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await importInto(page, 'knowledgeBase', ownData('passages.jsonl'));
  const rows = Array.from({ length: 3000 }, (_, i) => JSON.stringify({ id: `p${i}`, text: `第 ${i} 段` }));
  const large = { name: 'large.jsonl', content: rows.join('\n') };
  await fillDisk(page, true);
  await page
    .getByTestId('import-knowledgeBase')
    .setInputFiles({ name: large.name, mimeType: 'application/octet-stream', buffer: Buffer.from(large.content) });
  const sentence = page.getByTestId('error-panel').locator('p');
  await setLanguage(page, 'zh');
  await expect(sentence).toContainText('磁盘空间不足');
  await setLanguage(page, 'en');
  await expect(sentence).toContainText('not enough disk space');
  await fillDisk(page, false);
  await expect(page.locator('section[aria-labelledby="slot-knowledgeBase"]')).toContainText('passages.jsonl');
  await importInto(page, 'knowledgeBase', large);
  await page.reload();
  await expect(page.locator('section[aria-labelledby="slot-knowledgeBase"]')).toContainText('large.jsonl');
});

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
  await page.getByTestId('use-max-tokens').click();
  await expect(sentence).toContainText('GradCache');
  await page.getByTestId('start-run').click();
  await runIsDone(page, 1, 3 * minute);
});
