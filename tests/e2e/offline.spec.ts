import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import type { Page } from '@playwright/test';
import { listen } from '../../tools/lib/server.mjs';
import { expect, newExperiment, openStage, serveSite, site, test } from './support';

/** Waits until the service worker has cached all files of the build and controls the page. */
async function waitUntilKept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 100));
  });
}

test('after the first load the page opens and works without a network', async ({ page }) => {
  const server = await serveSite();
  await page.goto(server.url);
  await waitUntilKept(page);
  await server.close();

  await newExperiment(page, server.url);
  await page.getByTestId('demo-model').click();
  await expect(page.locator('section[aria-labelledby="model-title"] .name')).toHaveText('demo-zh');
  for (const stage of ['split', 'tokenize', 'train', 'evaluate', 'report']) {
    await openStage(page, stage);
    await expect(page).toHaveURL(new RegExp(`/${stage}$`));
  }
  await expect(page.getByTestId('copy-link')).toBeVisible();
});

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/** Starts a static host that serves the site under a sub-path and sends no special headers. */
async function plainHost(prefix: string): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const inside = path.startsWith(prefix) ? path.slice(prefix.length) : null;
    const file = join(site, inside === '' ? 'index.html' : (inside ?? 'none'));
    if (inside === null || !existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  const port = await listen(server, 0);
  return { url: `http://127.0.0.1:${port}${prefix}`, close: () => void (server.closeAllConnections(), server.close()) };
}

test('on a static host with a sub-path and no headers, the page works and has threads from the second load on', async ({
  page,
}) => {
  const host = await plainHost('/tools/recall/');
  await newExperiment(page, host.url);
  await page.getByTestId('demo-model').click();
  await expect(page.locator('section[aria-labelledby="model-title"] .name')).toHaveText('demo-zh');
  await waitUntilKept(page);
  await page.goto(host.url);
  await page.reload();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  host.close();
});
