import { limitStorage } from './diskSpace.mjs';
import { missingPackages, missingPackagesSentence, needsWindow, virtualScreen } from './display.mjs';

/** Returns the sentence for an error that the page did not handle. A rejection without a reason has no stack. */
export function pageFailure(error) {
  const texts = [error?.stack, error?.message].filter((text) => typeof text === 'string').map((text) => text.trim());
  const reason = texts.find((text) => text !== '' && text !== 'undefined');
  return reason ? `The page failed: ${reason}` : 'The page failed without saying why; run the same command again.';
}

/** Resolves with the page's final result. Rejects if the page or the browser fails or closes first. */
function watch(context, page, finished) {
  return new Promise((done, fail) => {
    finished.then(done, fail);
    context.once('close', () => fail(new Error('The browser closed before the run finished.')));
    page.once('crash', () =>
      fail(new Error('The page crashed, most likely because memory ran out; try a lower --memory.')),
    );
    page.on('pageerror', (error) => fail(new Error(pageFailure(error))));
  });
}

/** The machine's own functions; tests replace them. */
const thisMachine = { needsWindow, missingPackages, virtualScreen, print: (line) => console.log(line) };

/**
 * Returns a screen for the window in which Chromium finds an NVIDIA card, or null if it needs none. Throws if packages
 * are missing; with `--device auto`, prints their names instead, because the run then computes on the CPU.
 */
export async function screenFor(webgpu, device, machine = thisMachine) {
  if (webgpu !== 'hardware' || !machine.needsWindow()) return null;
  const missing = machine.missingPackages();
  if (missing.length === 0) return machine.virtualScreen();
  const sentence = missingPackagesSentence(missing);
  if (device === 'webgpu') throw new Error(sentence);
  machine.print(sentence);
  return null;
}

/**
 * Returns how Chromium starts: with a window on a virtual screen, or headless. `flags` are those for the device; see
 * `chromiumFlags`.
 */
export function startOptions(screen, { windowFlags, flags }, environment = process.env) {
  return {
    headless: screen === null,
    // By default Playwright starts its headless shell, which has no WebGPU.
    ignoreDefaultArgs: ['--headless', '--headless=old'],
    args: [...(screen ? windowFlags : ['--headless=new']), ...flags],
    ...(screen ? { env: { ...environment, DISPLAY: screen.display } } : {}),
  };
}

async function launch(options, profilePath) {
  // Imported late, because installWhenNeeded() may have just installed playwright-core.
  const [{ chromium }, found] = await Promise.all([import('playwright-core'), import('./chromium.mjs')]);
  const software = options.device === 'webgpu' && (options['software-webgpu'] || !found.hasGraphicsCard());
  const webgpu = options.device === 'wasm' ? 'none' : software ? 'software' : 'hardware';
  if (software) console.log('WebGPU runs on the CPU, which is slow.');
  const screen = await screenFor(webgpu, options.device);
  // Without the last flag, `navigator.storage.estimate()` reports a fixed quota instead of the one of `limitStorage`.
  const flags = [...found.chromiumFlags(webgpu), found.disabledFeatures('StaticStorageQuota')];
  try {
    const context = await chromium.launchPersistentContext(profilePath, {
      executablePath: options.browser,
      ...startOptions(screen, { windowFlags: found.windowFlags, flags }),
      // The runner handles signals itself: it also has a profile to remove.
      ...{ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false },
    });
    const close = async () => {
      await context.close().catch(() => undefined);
      screen?.close();
    };
    return { context, close };
  } catch (error) {
    screen?.close();
    throw new Error(`${options.browser} did not start: ${error.message.split('\n')[0]}`, { cause: error });
  }
}

/**
 * Opens the page in a browser and resolves with its final result and the browser's version. Rejects if the page fails
 * or `interrupted` rejects. The browser is closed in any case.
 */
export async function runPage(options, profilePath, url, { finished, interrupted }) {
  const launching = launch(options, profilePath);
  let endLimit = () => undefined;
  try {
    const { context } = await Promise.race([launching, interrupted]);
    const page = context.pages()[0] ?? (await context.newPage());
    const ended = Promise.race([watch(context, page, finished), interrupted]);
    const full = new Promise((_, reject) => {
      const onNearlyFull = (sentence) => reject(new Error(sentence));
      const opened = limitStorage(context, page, new URL(url).origin, profilePath, onNearlyFull).then((end) => {
        endLimit = end;
        return page.goto(url);
      });
      opened.catch(reject);
    });
    return { result: await Promise.race([ended, full]), chromium: context.browser()?.version() };
  } finally {
    endLimit();
    await launching.then(
      ({ close }) => close(),
      () => undefined,
    );
  }
}
