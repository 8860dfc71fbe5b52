import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { listen, siteServer } from '../../tools/lib/server.mjs';
import { chromiumFlags, findChromium } from '../../tools/lib/chromium.mjs';
import {
  expect,
  newOwnExperiment,
  openStage,
  setField,
  setLanguage,
  site as siteFolder,
  storedRuns,
  test,
} from './support';

type SiteRoute = NonNullable<Parameters<typeof siteServer>[0]['route']>;

const executablePath = findChromium();

// The software adapter of WebGPU; the page takes it only if it is chosen.
test.use({
  launchOptions: {
    ...(executablePath === undefined ? {} : { executablePath }),
    ignoreDefaultArgs: ['--headless', '--headless=old'],
    args: ['--headless=new', ...chromiumFlags('software')],
  },
});

let close = (): Promise<void> => Promise.resolve();
test.afterEach(() => close());

/**
 * Serves the site with a GPU worker that loses each of its first `times` devices at the given submit after the device
 * was opened, and opens the page with WebGPU chosen. Returns the site's address.
 */
async function openLosing(page: Page, { submit, times }: { submit: number; times: number }): Promise<string> {
  const script = `{
    const { requestDevice } = GPUAdapter.prototype;
    let left = ${times};
    GPUAdapter.prototype.requestDevice = async function (...options) {
      const device = await requestDevice.apply(this, options);
      const { queue } = device;
      const send = queue.submit.bind(queue);
      let submits = 0;
      queue.submit = (commands) => {
        send(commands);
        if (++submits === ${submit} && left-- > 0) device.destroy();
      };
      return device;
    };
  }`;
  const route: SiteRoute = async (_, response, path) => {
    if (!/^\/assets\/gpu\.worker-[^/]+\.js$/.test(path) && path !== '/sw.js') return false;
    const built = await readFile(join(siteFolder, path), 'utf8');
    const body = path === '/sw.js' ? built.replace(/^const files = .*;$/m, 'const files = [];') : `${script}\n${built}`;
    // The isolated page starts only workers that are isolated, too.
    const headers = { 'Content-Type': 'text/javascript', 'Cross-Origin-Embedder-Policy': 'require-corp' };
    response.writeHead(200, headers).end(body);
    return true;
  };
  const server = siteServer({ site: siteFolder, route });
  const url = `http://127.0.0.1:${await listen(server, 0)}/`;
  close = () => new Promise((resolve) => (server.closeAllConnections(), server.close(() => resolve())));
  await page.addInitScript(() => localStorage.setItem('recallsmith-device', 'webgpu'));
  return url;
}

test('a GPU that is lost during a search is reported in both languages, and the question can be asked again', async ({
  page,
}) => {
  await page.goto(await openLosing(page, { submit: 3, times: 1 }));
  await page.getByTestId('ask').click();
  const problem = page.getByTestId('error-panel');
  await expect(problem).toContainText('与显卡的连接断了', { timeout: 120_000 });
  await setLanguage(page, 'en');
  await expect(problem).toContainText('The GPU was lost');
  await page.getByTestId('ask').click();
  await expect(page.getByTestId('ask-progress')).toBeVisible();
  await expect(problem).toHaveCount(0);
});

test('a run gives up after four losses of the GPU without progress, says so, and can be resumed', async ({ page }) => {
  test.setTimeout(420_000);
  await newOwnExperiment(page, await openLosing(page, { submit: 3, times: 4 }));
  await openStage(page, 'train');
  await setField(page, 'batchSize', 8);
  await setField(page, 'duration', 1);
  await page.getByTestId('start-run').click();
  const problem = page.getByTestId('error-panel');
  await expect(problem).toContainText('与显卡的连接断了', { timeout: 300_000 });
  await expect.poll(async () => (await storedRuns(page))[0]?.status).toBe('failed');
  await expect(page.getByTestId('device-losses')).toHaveText('与显卡的连接断了 4 次，最后一次之后没有再自动重新连接。');
  await expect(page.getByTestId('resume-run')).toBeEnabled();
  await setLanguage(page, 'en');
  await expect(problem).toContainText('The GPU was lost');
  await expect(page.getByTestId('device-losses')).toContainText('lost 4 times and was not opened again');
});
