import { listenFor } from './browserProfile.mjs';
import { buildWhenNeeded, site } from './build.mjs';
import { withFullDisk } from './diskSpace.mjs';
import { sentenceOf } from './errors.mjs';
import { runPage } from './headlessBrowser.mjs';
import { installWhenNeeded } from './install.mjs';
import { jobRoutes } from './jobRoutes.mjs';
import { siteServer } from './server.mjs';

/* Shared parts of the commands that work in a headless Chromium. */

const devices = ['auto', 'webgpu', 'wasm'];
const hubHosts = ['huggingface', 'hf-mirror', 'modelscope'];

/** Options for the browser, in the form of Node's parseArgs. */
export const browserOptions = {
  browser: { type: 'string' },
  language: { type: 'string', default: 'en' },
  help: { type: 'boolean', short: 'h' },
};

/** Options of commands that encode texts. */
export const deviceOptions = {
  ...browserOptions,
  device: { type: 'string', default: 'auto' },
  'software-webgpu': { type: 'boolean', default: false },
  profile: { type: 'string' },
  'hub-host': { type: 'string', default: 'huggingface' },
};

export function requireLanguage({ language }) {
  if (language !== 'en' && language !== 'zh') throw new Error(`--language takes en or zh, not "${language}".`);
}

/** Throws if `deviceOptions` have a value that they can't have. */
export function requireDeviceOptions(values) {
  const { device, 'hub-host': hubHost } = values;
  requireLanguage(values);
  if (!devices.includes(device)) throw new Error(`--device takes ${devices.join(', ')}, not "${device}".`);
  if (!hubHosts.includes(hubHost) && !/^https?:\/\/\S+$/.test(hubHost))
    throw new Error(`--hub-host takes ${hubHosts.join(', ')} or an address such as https://…, not "${hubHost}".`);
}

function withResolvers() {
  let [resolve_, reject_] = [() => undefined, () => undefined];
  const promise = new Promise((resolve, reject) => ([resolve_, reject_] = [resolve, reject]));
  return { promise, resolve: resolve_, reject: reject_ };
}

/**
 * Executes a job in the page. Returns the ids of its runs and its metrics, with the browser's version.
 *
 * @param job a job of src/headless/jobRoutes.ts; see `jobRoutes`
 * @param parts { options, profile, interrupted, handlers }; the handlers are those of `jobRoutes` except for the end
 */
export async function doInPage(job, { options, profile, interrupted, handlers }) {
  const finished = Promise.withResolvers?.() ?? withResolvers();
  let metrics = null;
  const { token, route } = jobRoutes(job, {
    ...handlers,
    onMetrics: async (value) => {
      metrics = value;
      await handlers.onMetrics?.(value);
    },
    onFinish: (result) => finished.resolve(result),
    onFailure: (error) => finished.reject(error),
  });
  const server = siteServer({ site, route });
  const port = await listenFor(profile, server);
  try {
    const url = `http://127.0.0.1:${port}/#/headless?job=${token}`;
    const ended = { finished: finished.promise, interrupted };
    const { result, chromium } = await runPage(options, profile.path, url, ended);
    const { ok, sentence, runIds } = result;
    if (!ok) throw new Error(await withFullDisk(sentence, profile.path));
    if (!metrics) throw new Error('The page finished without sending metrics.');
    const { environment } = metrics;
    return {
      runIds,
      metrics: { ...metrics, environment: { ...environment, chromium: chromium ?? environment.browser } },
    };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Returns the path of the browser. Throws if there is none. */
async function browserPath(given) {
  // Imported late, because installWhenNeeded() may have just installed playwright-core.
  const { findChromium, noChromium } = await import('./chromium.mjs');
  const path = findChromium(given);
  if (path === undefined) throw new Error(noChromium);
  return path;
}

/** Installs packages, finds the browser and builds the site, as far as needed, unless a signal interrupts it. */
export async function prepareBrowser(options, interrupted) {
  const prepared = async () => {
    await installWhenNeeded();
    options.browser = await browserPath(options.browser);
    await buildWhenNeeded();
  };
  await Promise.race([prepared(), interrupted]);
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Rejects at the first signal, so that everything is closed. A second signal ends the process immediately. */
export function interruption(sentence) {
  return new Promise((_, reject) => {
    let first = true;
    for (const [signal, number] of Object.entries(signals))
      process.on(signal, () => {
        if (!first) process.exit(128 + number);
        first = false;
        reject(Object.assign(new Error(sentence), { exitCode: 128 + number }));
      });
  });
}

/** Runs a command and ends the process: with the code that it returns, or with a sentence on stderr and code 1. */
export function runMain(main) {
  main().then(
    (code) => process.exit(code ?? 0),
    (error) => {
      console.error(sentenceOf(error));
      process.exit(error?.exitCode ?? 1);
    },
  );
}
