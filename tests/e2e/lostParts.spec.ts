import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { demoModel, expect, importInto, importModelFolder, newExperiment, ownData, setLanguage, test } from './support';

/** Clears a store of the page's database. Returns how many rows are left. */
async function loseRows(page: Page, store: 'weightParts' | 'datasetBlocks'): Promise<number> {
  return page.evaluate(
    (name) =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('recallsmith');
        opening.onerror = () => reject(new Error('the database does not open'));
        opening.onsuccess = () => {
          const rows = opening.result.transaction(name, 'readwrite').objectStore(name);
          rows.clear();
          const counting = rows.count();
          counting.onsuccess = () => (opening.result.close(), resolve(counting.result));
          counting.onerror = () => reject(new Error('the rows cannot be counted'));
        };
      }),
    store,
  );
}

test('rows and weights that the browser has lost are reported, and importing the same files again puts them back', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await importInto(page, 'knowledgeBase', ownData('passages.jsonl'));
  await importModelFolder(page, demoModel);
  expect(await loseRows(page, 'datasetBlocks')).toBe(0);
  expect(await loseRows(page, 'weightParts')).toBe(0);
  const slot = page.locator('section[aria-labelledby="slot-knowledgeBase"]');
  await slot.getByRole('button', { name: '查看数据' }).click();
  const problem = page.getByTestId('error-panel').first();
  await expect(problem).toContainText('“passages.jsonl”缺 40 行');
  await page.keyboard.press('Escape');
  await setLanguage(page, 'en');
  await expect(problem).toContainText('40 rows of “passages.jsonl” are missing');
  await importInto(page, 'knowledgeBase', ownData('passages.jsonl'));
  await importModelFolder(page, demoModel);
  // The names on the screen are those of before, so only storage shows when the imports have ended.
  const counts = () =>
    page.evaluate(
      () =>
        new Promise<number[]>((resolve, reject) => {
          const opening = indexedDB.open('recallsmith');
          opening.onerror = () => reject(new Error('the database does not open'));
          opening.onsuccess = () => {
            const stores = ['datasetBlocks', 'weightParts', 'models', 'datasets'];
            const reading = opening.result.transaction(stores);
            const found = stores.map((name) => reading.objectStore(name).count());
            reading.oncomplete = () => (opening.result.close(), resolve(found.map(({ result }) => result)));
          };
        }),
    );
  await expect.poll(counts, { timeout: 60_000 }).toEqual([1, 1, 1, 1]);
  const [first = ''] = (await readFile(ownData('passages.jsonl'), 'utf8')).split('\n');
  await slot.getByRole('button', { name: 'View the rows' }).click();
  await expect(page.getByRole('dialog')).toContainText(String(Object(JSON.parse(first)).text));
});
