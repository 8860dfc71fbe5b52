import type { Page } from '@playwright/test';
import { filesBelow } from '../unit/import/filesBelow';
import { startHub, type Hub, type HubOptions } from '../unit/import/hubServer';
import { demoModel, expect, newExperiment, test } from './support';

test.use({ offlineCopy: true });

const id = 'recallsmith/demo-zh';
let hub: Hub;
async function start(options: Partial<HubOptions> = {}): Promise<void> {
  hub = await startHub({ id, files: filesBelow(demoModel), ...options });
}
test.afterEach(() => hub.close());

async function look(page: Page): Promise<void> {
  await page.getByTestId('hub-id').fill(id);
  await page.getByTestId('hub-host').selectOption('own');
  await page.getByTestId('hub-address').fill(hub.url);
  await page.getByTestId('hub-look').click();
}

/** Returns the origins that the page contacts from now on, except the site's own and local data. */
function foreignOrigins(page: Page, siteUrl: string): Set<string> {
  const asked = new Set<string>();
  page.context().on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== new URL(siteUrl).origin) asked.add(`${origin}/`);
  });
  return asked;
}

test('a model is fetched by its id across a broken connection and a reload, and no other origin is contacted', async ({
  page,
  siteUrl,
}) => {
  await start();
  const asked = foreignOrigins(page, siteUrl);
  await newExperiment(page, siteUrl);
  await page.evaluate(() => navigator.serviceWorker.ready);
  expect(hub.requests).toEqual([]);

  // The page itself cannot reach the hub. Only the worker contacts it, once the user requests that.
  const byPage = await page.evaluate((url) => fetch(url).then(String, () => 'refused'), `${hub.url}from-the-page`);
  expect([byPage, hub.requests]).toEqual(['refused', []]);

  await look(page);
  await expect(page.getByTestId('hub-commit')).toHaveText(hub.commit);
  // Looking up a model fetches no file.
  expect(hub.requests.filter(({ line }) => line.includes('/resolve/'))).toEqual([]);

  hub.behave['model.safetensors'] = { cut: { after: 3_000_000, times: 1 }, throttle: 50_000 };
  await page.getByTestId('hub-fetch').click();
  await expect(page.getByTestId('hub-progress').getByRole('progressbar')).toHaveAttribute('aria-valuenow', /[4-9]\d/);
  await page.reload();
  await expect(page.getByTestId('hub-partial')).toContainText('9.4 MB');
  await page.getByTestId('hub-resume').click();
  await expect(page.locator('section[aria-labelledby="model-title"] .name')).toHaveText(id);
  await expect(page.getByTestId('hub-partial')).toHaveCount(0);

  const ranges = hub.requests.filter(({ line }) => line.includes('bytes='));
  expect(ranges.length).toBeGreaterThanOrEqual(2);
  expect([...asked]).toEqual([hub.url]);
  for (const { headers } of hub.requests) expect([headers.referer, headers.cookie]).toEqual([undefined, undefined]);
});

test('a token goes to the chosen host only: not to the file server that the host redirects to', async ({
  page,
  siteUrl,
}) => {
  await start({ token: 'hf_secret' });
  const fileServer = await startHub({ id, files: filesBelow(demoModel) });
  // Text files come from the host itself, weights from the file server, even after the connection breaks.
  hub.behave['model.safetensors'] = { redirect: fileServer.url };
  fileServer.behave['model.safetensors'] = { cut: { after: 3_000_000, times: 1 } };
  try {
    const asked = foreignOrigins(page, siteUrl);
    await newExperiment(page, siteUrl);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.locator('summary', { hasText: '访问令牌' }).click();
    await page.getByTestId('hub-token').fill('hf_secret');
    expect([...asked]).toEqual([]);
    await look(page);
    await expect(page.getByTestId('hub-commit')).toHaveText(hub.commit);
    expect([[...asked], fileServer.requests]).toEqual([[hub.url], []]);
    await page.getByTestId('hub-fetch').click();
    await expect(page.locator('section[aria-labelledby="model-title"] .name')).toHaveText(id);
    await expect(page.getByTestId('model-origin')).toContainText(hub.commit.slice(0, 12));

    expect([...asked].sort()).toEqual([hub.url, fileServer.url].sort());
    const gets = ({ requests }: Hub) => requests.filter(({ line }) => line.startsWith('GET'));
    for (const { headers } of gets(hub)) expect(headers.authorization).toBe('Bearer hf_secret');
    expect(gets(fileServer).length).toBeGreaterThanOrEqual(2);
    for (const { line, headers } of fileServer.requests) {
      expect(line).not.toContain('hf_secret');
      expect(Object.values(headers).join()).not.toContain('hf_secret');
      expect([headers.authorization, headers.referer, headers.cookie]).toEqual([undefined, undefined, undefined]);
    }
  } finally {
    await fileServer.close();
  }
});

test('a host that sends no CORS headers and one that wants a token are reported, and the token is not stored', async ({
  page,
  siteUrl,
}) => {
  await start({ noCors: true });
  await newExperiment(page, siteUrl);
  await look(page);
  await expect(page.getByTestId('error-panel')).toContainText('不允许其他网站的页面');
  await hub.close();
  await start({ token: 'hf_secret' });
  await look(page);
  await expect(page.getByTestId('error-panel')).toContainText('访问令牌');
  await page.locator('summary', { hasText: '访问令牌' }).click();
  await page.getByTestId('hub-token').fill('hf_secret');
  await page.getByTestId('hub-look').click();
  await page.getByTestId('hub-fetch').click();
  await expect(page.locator('section[aria-labelledby="model-title"] .name')).toHaveText(id);
  const stored = await page.evaluate(async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  expect(stored).not.toContain('hf_secret');
});
