import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test as base, expect, type BrowserContext, type Page } from '@playwright/test';
import { root } from '../../tools/lib/source.mjs';
import { listen, siteServer } from '../../tools/lib/server.mjs';

export { expect, root };

export const site = join(root, 'dist');
export const ownData = (name: string): string => join(root, 'examples/own-data', name);
export const demoModel = join(root, 'public/models/demo-zh');

/** Serves the service worker with an empty list of files to store. Returns whether it answered the request. */
async function withoutOfflineCopy(_: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
  if (path !== '/sw.js') return false;
  const built = await readFile(join(site, 'sw.js'), 'utf8');
  const script = built.replace(/^const files = .*;$/m, 'const files = [];');
  if (script === built) throw new Error('sw.js has no list of files');
  response
    .writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'no-cache' })
    .end(script);
  return true;
}

/** Serves the built site on its own server. `close` drops all connections at once, like a lost network. */
export async function serveSite(
  port = 0,
  { offlineCopy = true } = {},
): Promise<{ url: string; port: number; close: () => Promise<void> }> {
  const server = siteServer({ site, ...(!offlineCopy && { route: withoutOfflineCopy }) });
  const used = await listen(server, port);
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${used}/`, port: used, close };
}

/** Test with one site server per Playwright worker. Each test has its own browser profile, so its storage is empty. */
export const test = base.extend<object, { siteUrl: string; offlineCopy: boolean }>({
  /**
   * Whether the service worker stores the 27 MB of the site for offline use, as on a real host. In a new profile, as
   * each test has, storing takes a fifth of the processor time.
   */
  offlineCopy: [false, { option: true, scope: 'worker' }],
  /** Fails the test if Svelte logs a warning or an error. */
  page: async ({ page }, use) => {
    const warnings: string[] = [];
    page.on('console', (message) => {
      if (message.text().includes('svelte.dev/e/')) warnings.push(message.text());
    });
    await use(page);
    expect(warnings).toEqual([]);
  },
  siteUrl: [
    async ({ offlineCopy }, use) => {
      const server = await serveSite(0, { offlineCopy });
      await use(server.url);
      await server.close();
    },
    { scope: 'worker' },
  ],
});

/** Collects the URLs of requests to other origins. */
export function foreignRequests(context: BrowserContext, siteUrl: string): string[] {
  const foreign: string[] = [];
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    const local = protocol === 'blob:' || protocol === 'data:' || origin === new URL(siteUrl).origin;
    if (!local) foreign.push(request.url());
  });
  return foreign;
}

export async function setLanguage(page: Page, language: 'zh' | 'en'): Promise<void> {
  const now = (await page.locator('html').getAttribute('lang'))?.startsWith('zh') ? 'zh' : 'en';
  if (now !== language) await page.getByTestId('lang').click();
  await expect(page.locator('html')).toHaveAttribute('lang', language === 'zh' ? 'zh-CN' : 'en');
}

export async function newExperiment(page: Page, siteUrl: string): Promise<void> {
  await page.goto(siteUrl);
  await page.getByTestId('new-experiment').click();
  await expect(page.getByTestId('import-knowledgeBase')).toBeAttached();
}

/** Imports a file, given as a path or as a name with content, into a slot and waits until it is stored. */
export async function importInto(
  page: Page,
  slot: 'knowledgeBase' | 'pairs' | 'devQuestions' | 'testQuestions',
  file: string | { name: string; content: string | Buffer },
): Promise<void> {
  const name = typeof file === 'string' ? (file.split('/').pop() ?? file) : file.name;
  const payload =
    typeof file === 'string'
      ? file
      : { name: file.name, mimeType: 'application/octet-stream', buffer: Buffer.from(file.content) };
  await page.getByTestId(`import-${slot}`).setInputFiles(payload);
  await expect(page.locator(`section[aria-labelledby="slot-${slot}"]`).getByText(name, { exact: true })).toBeVisible();
}

export async function importOwnData(page: Page): Promise<void> {
  await importInto(page, 'knowledgeBase', ownData('passages.jsonl'));
  await importInto(page, 'pairs', ownData('pairs.csv'));
  await importInto(page, 'testQuestions', ownData('questions.json'));
}

/** Imports a model folder and waits until the experiment uses the model. */
export async function importModelFolder(page: Page, folder: string): Promise<void> {
  await page.getByTestId('import-model').setInputFiles(folder);
  await expect(page.locator('section[aria-labelledby="model-title"] .name')).toHaveText(folder.split('/').pop() ?? '');
}

/** Opens a new experiment with the own data of the examples and the demo model. */
export async function newOwnExperiment(page: Page, siteUrl: string): Promise<void> {
  await newExperiment(page, siteUrl);
  await importOwnData(page);
  await importModelFolder(page, demoModel);
}

export async function openStage(page: Page, stage: string): Promise<void> {
  await page.getByTestId(`stage-${stage}`).click();
}

/** Sets a field of the train stage by its id. */
export async function setField(page: Page, id: string, value: string | number): Promise<void> {
  await page.locator(`#${id}`).fill(String(value));
  await page.locator(`#${id}`).blur();
}

interface StoredRun {
  runId: string;
  status: string;
  step: number;
  weightsSha256?: string;
  createdAt: number;
  experiment: { data: { contentSha256: string }[]; model: { contentSha256: string } };
}

/** Reads the runs that the browser has stored, oldest first. */
export async function storedRuns(page: Page): Promise<StoredRun[]> {
  return page.evaluate(
    () =>
      new Promise<StoredRun[]>((resolve, reject) => {
        const opening = indexedDB.open('recallsmith');
        opening.onerror = () => reject(new Error(opening.error?.message ?? 'the database does not open'));
        opening.onsuccess = () => {
          const reading = opening.result.transaction('runs').objectStore('runs').getAll();
          reading.onsuccess = () => {
            opening.result.close();
            const runs = reading.result as StoredRun[];
            resolve(runs.sort((a, b) => a.createdAt - b.createdAt));
          };
          reading.onerror = () => reject(new Error(reading.error?.message ?? 'the runs cannot be read'));
        };
      }),
  );
}

export async function runIsDone(page: Page, runs: number, timeout: number): Promise<StoredRun> {
  await expect
    .poll(async () => (await storedRuns(page)).filter((run) => run.status === 'done').length, {
      timeout,
      intervals: [1000],
    })
    .toBe(runs);
  const done = (await storedRuns(page)).filter((run) => run.status === 'done');
  const last = done[done.length - 1];
  if (!last) throw new Error('no run is done');
  return last;
}
