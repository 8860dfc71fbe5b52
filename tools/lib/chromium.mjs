import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const usualPlaces = {
  linux: [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/usr/bin/google-chrome-stable',
    '/opt/google/chrome/chrome',
  ],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].map(
    (name) => `${process.env[name] ?? ''}\\Google\\Chrome\\Application\\chrome.exe`,
  ),
};

/**
 * A Chromium on this machine: $CHROMIUM_PATH, an installed one, or Playwright's own; undefined where there is none.
 * @param {string} [given]
 * @returns {string | undefined}
 */
export function findChromium(given) {
  const named = given ?? process.env['CHROMIUM_PATH'];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  return [...(usualPlaces[process.platform] ?? []), chromium.executablePath()].find(
    (path) => path !== '' && existsSync(path),
  );
}

export const noChromium =
  'No Chromium or Chrome was found; install one ("apt-get install chromium", or "npx playwright install chromium"), or name it with --browser or CHROMIUM_PATH.';

/** Keeps the browser from calling home; without a sandbox only where the kernel refuses one, to root. */
const quiet = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page without a window is never in the background.
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

export function hasGraphicsCard() {
  if (process.platform !== 'linux') return true;
  return existsSync('/dev/dri/renderD128') || existsSync('/dev/nvidia0');
}

/**
 * Flags for WebGPU in a headless Chromium: `software` runs it on the processor; on Linux an NVIDIA card is reached by Vulkan only.
 * @param {'none' | 'hardware' | 'software'} webgpu
 * @returns {string[]}
 */
export function chromiumFlags(webgpu) {
  const flags = [...quiet];
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  if (webgpu === 'software') flags.push('--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader');
  if (webgpu === 'hardware') {
    flags.push('--enable-unsafe-webgpu');
    if (existsSync('/dev/nvidia0'))
      flags.push('--use-angle=vulkan', '--enable-features=Vulkan', '--disable-vulkan-surface');
  }
  return flags;
}
