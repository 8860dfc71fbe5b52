import { defineConfig } from '@playwright/test';
import { chromiumFlags, findChromium } from './tools/lib/chromium.mjs';

const executablePath = findChromium();
/**
 * Training uses every core of a small machine, so `npm test` runs these tests alone and the others beside other checks.
 */
const training = ['demo', 'distillation', 'hardship', 'newUser', 'ownData', 'twoDevices'].map(
  (name) => `**/${name}.spec.ts`,
);

export default defineConfig({
  // `npm test` runs e2e and e2e-training; `npm run verify` also runs long.
  projects: [
    { name: 'e2e', testDir: 'tests/e2e', testIgnore: training },
    { name: 'e2e-training', testDir: 'tests/e2e', testMatch: training },
    { name: 'long', testDir: 'tests/long' },
  ],
  // A second worker would only slow both down.
  workers: 1,
  // For the trace; a test that fails only once has failed as well.
  retries: 1,
  failOnFlakyTests: true,
  timeout: 240_000,
  expect: { timeout: 20_000 },
  outputDir: 'test-results',
  reporter: [['list']],
  use: {
    actionTimeout: 20_000,
    locale: 'zh-CN',
    viewport: { width: 1280, height: 800 },
    // A test that fails is run again, and the second run keeps its actions and DOM snapshots. If only the first run
    // failed, they show a run that passed; of the first one, a screenshot and the page's accessibility tree
    // (error-context.md) are left. Recording all tests would take a sixth of the CPU time, and the screen too, a third.
    trace: { mode: 'on-first-retry', screenshots: false },
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      // By default Playwright starts its headless shell, which has no WebGPU.
      ignoreDefaultArgs: ['--headless', '--headless=old'],
      args: ['--headless=new', ...chromiumFlags('none')],
    },
  },
});
