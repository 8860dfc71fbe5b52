import { defineConfig } from '@playwright/test';
import { chromiumFlags, findChromium } from './tools/lib/chromium.mjs';

const executablePath = findChromium();

export default defineConfig({
  // `e2e` is part of npm test, `long` of npm run verify.
  projects: [
    { name: 'e2e', testDir: 'tests/e2e' },
    { name: 'long', testDir: 'tests/long' },
  ],
  // Training takes both cores of a small machine: two pages at once would only make both slow.
  workers: 1,
  timeout: 240_000,
  expect: { timeout: 20_000 },
  outputDir: 'test-results',
  reporter: [['list']],
  use: {
    actionTimeout: 20_000,
    locale: 'zh-CN',
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      // Playwright would choose its small headless shell, which has no WebGPU.
      ignoreDefaultArgs: ['--headless', '--headless=old'],
      args: ['--headless=new', ...chromiumFlags('none')],
    },
  },
});
