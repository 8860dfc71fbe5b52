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
 * Returns the path of a Chromium: `given` if set, else $CHROMIUM_PATH if set, else an installed one or Playwright's
 * own. Returns undefined if the path does not exist or nothing is installed.
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
  'No Chromium or Chrome found: install one ("apt-get install chromium" or "npx playwright install chromium"), ' +
  'or give its path in --browser or CHROMIUM_PATH.';

/** Flags that keep the browser from calling home and from slowing down hidden pages. */
const quiet = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A headless page has no window. Without this flag, Chromium would treat it as a background page.
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/**
 * Returns the flag that disables features. Chromium obeys only the last such flag, so this one repeats the features
 * that Playwright disables because they change pages or contact other hosts.
 * @param {string[]} features
 */
export function disabledFeatures(...features) {
  const playwrights = [
    ...['AimEnabled', 'NetworkTimeServiceQuerying', 'OptimizationHints', 'PreconnectToSearch', 'MediaRouter'],
    ...['DestroyProfileOnBrowserClose', 'HttpsUpgrades', 'HttpsFirstBalancedModeAutoEnable'],
  ];
  return `--disable-features=${[...playwrights, ...features].join(',')}`;
}

/** Flags for a window on a virtual screen, in which Chromium uses an NVIDIA card through Vulkan. */
export const windowFlags = ['--ozone-platform=x11', '--ignore-gpu-blocklist'];

/** Whether this machine has a graphics card. Checks only on Linux, and assumes a card on other systems. */
export function hasGraphicsCard() {
  if (process.platform !== 'linux') return true;
  return existsSync('/dev/dri/renderD128') || hasNvidiaCard();
}

/** Whether this machine has an NVIDIA card under Linux, where Chromium needs extra flags to use it. */
function hasNvidiaCard() {
  return existsSync('/dev/nvidia0');
}

/**
 * Returns the flags for a headless Chromium. `software` runs WebGPU on the CPU. On Linux, an NVIDIA card needs Vulkan,
 * where Chromium offers half precision only with a flag.
 * @param {'none' | 'hardware' | 'software'} webgpu
 * @param {boolean} [nvidia]
 * @returns {string[]}
 */
export function chromiumFlags(webgpu, nvidia = hasNvidiaCard()) {
  const flags = [...quiet];
  // Chromium refuses to run its sandbox as root.
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  if (webgpu === 'software')
    flags.push(
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      // Makes kernels clear workgroup memory in a loop. SwiftShader would unroll the clearing, and take up to ten times
      // as long to compile kernels with much of it.
      '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
    );
  if (webgpu === 'hardware') {
    flags.push('--enable-unsafe-webgpu');
    if (nvidia)
      // `--enable-features` replaces Playwright's own flag, so it repeats the one feature there that prevents a request
      // at startup.
      flags.push(
        '--use-angle=vulkan',
        '--enable-features=Vulkan,SkipListAccountsWithoutGaiaCookies',
        '--disable-vulkan-surface',
        '--enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis',
      );
  }
  return flags;
}
