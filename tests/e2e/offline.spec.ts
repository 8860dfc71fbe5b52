import { createReadStream, existsSync, statSync } from 'node:fs';
import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Page } from '@playwright/test';
import { listen } from '../../tools/lib/server.mjs';
import { expect, newExperiment, openStage, serveSite, site, test } from './support';

test.use({ offlineCopy: true });

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
  for (const stage of ['negatives', 'split', 'tokenize', 'train', 'evaluate', 'report']) {
    await openStage(page, stage);
    await expect(page).toHaveURL(new RegExp(`/${stage}$`));
  }
  await expect(page.getByTestId('copy-link')).toBeVisible();
});

test('the page is kept for offline use, but not when it runs an experiment for the command line', async ({ page }) => {
  await page.addInitScript(() => {
    ServiceWorkerContainer.prototype.register = (script) => {
      sessionStorage.setItem('registered', String(script));
      return new Promise(() => undefined);
    };
  });
  const registered = (): Promise<string | null> => page.evaluate(() => sessionStorage.getItem('registered'));
  const server = await serveSite();
  await page.goto(`${server.url}#/headless`);
  expect(await registered()).toBeNull();
  await page.goto('about:blank');
  await page.goto(server.url);
  expect(await registered()).toContain('sw.js');
  await server.close();
});

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/**
 * Starts a static host that serves each folder under its path and sends no special headers. It looks the folder up at
 * each request, so a test can put another one there.
 */
async function plainHost(folders: Record<string, string>): Promise<{ origin: string; close: () => void }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = Object.keys(folders).find((prefix) => pathname.startsWith(prefix)) ?? '';
    const file = join(folders[path] ?? 'none', pathname.slice(path.length) || 'index.html');
    if (!existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  const port = await listen(server, 0);
  const close = () => void (server.closeAllConnections(), server.close());
  return { origin: `http://127.0.0.1:${port}`, close };
}

test('on a static host with a sub-path and no headers, the page works and has threads from the second load on', async ({
  page,
}) => {
  const host = await plainHost({ '/tools/recall/': site });
  const url = `${host.origin}/tools/recall/`;
  await newExperiment(page, url);
  await page.getByTestId('demo-model').click();
  await expect(page.locator('section[aria-labelledby="model-title"] .name')).toHaveText('demo-zh');
  await waitUntilKept(page);
  await page.goto(url);
  await page.reload();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  host.close();
});

/** Writes the site to a new folder like another build: with another build name and other names in assets/. */
async function anotherBuild(): Promise<{ folder: string; version: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'recallsmith-build-'));
  await cp(site, folder, { recursive: true });
  const { sourceHash } = JSON.parse(await readFile(join(site, 'build.json'), 'utf8')) as { sourceHash: string };
  const version = sourceHash.slice(0, 12).replace(/./g, (digit) => (digit === '0' ? '1' : '0'));
  const assets = await readdir(join(folder, 'assets'));
  const renamed = (name: string): string => `other-${name}`;
  const texts = [
    'index.html',
    'sw.js',
    ...assets.filter((name) => /\.(js|css)$/.test(name)).map((name) => `assets/${name}`),
  ];
  for (const path of texts) {
    let text = await readFile(join(folder, path), 'utf8');
    for (const name of assets) text = text.replaceAll(name, renamed(name));
    await writeFile(join(folder, path), text.replaceAll(sourceHash.slice(0, 12), version));
  }
  for (const name of assets) await rename(join(folder, 'assets', name), join(folder, 'assets', renamed(name)));
  return { folder, version };
}

test('an open page offers a new build, reloads into it, and keeps the caches of another copy on the origin', async ({
  page,
}) => {
  const folders = { '/tools/recall/': site, '/other/': site };
  const host = await plainHost(folders);
  await page.goto(`${host.origin}/other/`);
  await waitUntilKept(page);
  const otherCaches = await page.evaluate(() => caches.keys());
  await page.goto(`${host.origin}/tools/recall/`);
  await waitUntilKept(page);
  await expect(page.getByTestId('update')).toHaveCount(0);

  const { folder, version } = await anotherBuild();
  folders['/tools/recall/'] = folder;
  // The page asks the same once an hour.
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await expect(page.getByTestId('update')).toBeVisible();
  expect(await page.locator('script[type=module]').first().getAttribute('src')).not.toContain('other-');
  await Promise.all([page.waitForEvent('load'), page.getByTestId('update').getByRole('button').click()]);

  await expect(page.getByTestId('new-experiment')).toBeVisible();
  expect(await page.locator('script[type=module]').first().getAttribute('src')).toContain('other-');
  await expect(page.getByTestId('update')).toHaveCount(0);
  const kept = await page.evaluate(() => caches.keys());
  expect(kept).toEqual(expect.arrayContaining(otherCaches));
  expect(kept).toHaveLength(2);
  expect(kept.filter((name) => name.includes(version))).toHaveLength(1);

  // The new build also opens without a network, and so does the other copy.
  host.close();
  for (const path of Object.keys(folders)) {
    await page.goto(`${host.origin}${path}`);
    await expect(page.getByTestId('new-experiment')).toBeVisible();
  }
  await rm(folder, { recursive: true, force: true });
});
