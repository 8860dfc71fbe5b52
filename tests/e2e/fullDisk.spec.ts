import type { Page } from '@playwright/test';
import { expect, importInto, newExperiment, ownData, setLanguage, test } from './support';

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
