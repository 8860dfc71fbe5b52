#!/usr/bin/env node
/* `npm run experiment`: runs an experiment file in a headless Chromium, with the same page and workers as the app. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readExperimentFile } from './lib/experimentFile.mjs';
import { writableFolder } from './lib/files.mjs';
import { sentenceOf } from './lib/errors.mjs';
import { installWhenNeeded } from './lib/install.mjs';
import { buildWhenNeeded, site } from './lib/build.mjs';
import { jobRoutes } from './lib/jobRoutes.mjs';
import { parseOptions } from './lib/options.mjs';
import { RunReport, metricsLine } from './lib/runReport.mjs';
import { listen, siteServer } from './lib/server.mjs';

const help = `Runs an experiment file without a screen: the same page and workers as the app, in a
headless Chromium on this machine. Nothing leaves the machine. The only request to another
host is for the base model, if "locations.model" names one on a hub ("hub:ID@REVISION").

  npm run experiment -- path/to/experiment.json --out DIR [options]

  --out DIR           folder for the results; created if missing
  --device D          auto (default), webgpu or wasm
  --memory GB         memory budget of the run. Default: half of the machine's memory, within
                      1.1 to 8.6 GB; wasm uses at most 3.2 GB. A run that does not fit is
                      refused before it starts, with settings that do fit.
  --software-webgpu   with --device webgpu: compute on the CPU (slow, for checks). Implied on
                      a Linux machine without a graphics card.
  --browser PATH      the Chromium or Chrome to use. Default: CHROMIUM_PATH, then an installed
                      one, then Playwright's own
  --profile DIR       keep the browser profile in DIR. If a run is killed, the same command
                      with the same DIR resumes it from its last checkpoint. With another
                      --memory, or after running out of memory, a new run starts.
  --hub-host HOST     where a model "hub:ID@REVISION" is fetched from: huggingface (default),
                      hf-mirror, modelscope, or the address of a host that speaks Hugging
                      Face's protocol. RECALLSMITH_HUB_TOKEN in the environment is sent to
                      it as access token, for models that need one. With --profile, an
                      interrupted download resumes.
  --help              print this text

"locations" in the file names the data and the model, relative to the file. docs/experiment.md
explains every field; examples/ has files to start from.

On success DIR contains the files below. On failure the command prints one sentence and exits
with code 1.
  metrics.json   metrics before and after (test, and dev if there is one), the ranks of every
                 question, 95% intervals, McNemar's p, the environment, the SHA-256 of the
                 experiment and of the trained weights, and the milliseconds of each phase
  events.jsonl   one line per step (step, loss, lr, gradientNorm, tokens, ms, …) and one line
                 for every other event, with its type
  export/        the trained model: safetensors, ONNX, tokenizer, model card, experiment.json`;

const devices = ['auto', 'webgpu', 'wasm'];
const hubHosts = ['huggingface', 'hf-mirror', 'modelscope'];

function readOptions() {
  const { values, positionals } = parseOptions({
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      device: { type: 'string', default: 'auto' },
      memory: { type: 'string' },
      'software-webgpu': { type: 'boolean', default: false },
      browser: { type: 'string' },
      profile: { type: 'string' },
      'hub-host': { type: 'string', default: 'huggingface' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return { help: true };
  if (positionals.length !== 1) throw new Error('Give one experiment file; --help shows how.');
  if (values.out === undefined) throw new Error('Give a folder for the results with --out DIR.');
  if (!devices.includes(values.device))
    throw new Error(`--device takes ${devices.join(', ')}, not "${values.device}".`);
  const budgetBytes = values.memory === undefined ? undefined : Number(values.memory) * 1e9;
  if (budgetBytes !== undefined && !(budgetBytes > 0))
    throw new Error(`--memory takes a number of gigabytes, not "${values.memory}".`);
  const hubHost = values['hub-host'];
  if (!hubHosts.includes(hubHost) && !/^https?:\/\/\S+$/.test(hubHost))
    throw new Error(`--hub-host takes ${hubHosts.join(', ')} or an address such as https://…, not "${hubHost}".`);
  return { ...values, hubHost, budgetBytes, file: resolve(positionals[0]), out: resolve(values.out) };
}

/**
 * Opens a browser profile. Browser storage belongs to an address, including its port, so a kept profile reuses its
 * port.
 */
async function openProfile(folder) {
  if (folder === undefined) {
    const path = await mkdtemp(join(tmpdir(), 'recallsmith-'));
    return { path, port: 0, close: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
  }
  const path = resolve(folder);
  await writableFolder(path, '--profile');
  const record = join(path, 'recallsmith-port');
  const port = existsSync(record) ? Number(readFileSync(record, 'utf8')) : 0;
  return { path, port, keepPort: (used) => writeFile(record, String(used)), close: () => Promise.resolve() };
}

async function listenFor(profile, server) {
  try {
    const port = await listen(server, profile.port);
    await profile.keepPort?.(port);
    return port;
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    const sentence = `Port ${profile.port}, which this profile needs, is in use. Is its earlier run still running?`;
    throw new Error(sentence, { cause: error });
  }
}

async function launch(options, profilePath) {
  // Imported late, because installWhenNeeded() may have just installed playwright-core.
  const [{ chromium }, found] = await Promise.all([import('playwright-core'), import('./lib/chromium.mjs')]);
  const executablePath = found.findChromium(options.browser);
  if (!executablePath) throw new Error(found.noChromium);
  const software = options.device === 'webgpu' && (options['software-webgpu'] || !found.hasGraphicsCard());
  const webgpu = options.device === 'wasm' ? 'none' : software ? 'software' : 'hardware';
  if (software) console.log('WebGPU runs on the CPU, which is slow.');
  return chromium
    .launchPersistentContext(profilePath, {
      executablePath,
      headless: true,
      // By default Playwright starts its headless shell, which has no WebGPU.
      ignoreDefaultArgs: ['--headless', '--headless=old'],
      args: ['--headless=new', ...found.chromiumFlags(webgpu)],
    })
    .catch((error) => {
      throw new Error(`${executablePath} did not start: ${error.message.split('\n')[0]}`, { cause: error });
    });
}

/** Resolves with the page's final result. Rejects if the page or the browser closes first. */
function watch(context, page, finished) {
  return new Promise((done, fail) => {
    finished.then(done, fail);
    context.once('close', () => fail(new Error('The browser closed before the run finished.')));
    page.once('crash', () =>
      fail(new Error('The page crashed, most likely because memory ran out; try a lower --memory.')),
    );
    page.on('pageerror', (error) => fail(new Error(`The page failed: ${error.stack}`)));
  });
}

/**
 * Connects the page with the report. Returns the routes that serve the job, and `finished`, which resolves with the
 * page's final result and the metrics that it sent.
 */
function connect(options, input, report) {
  const finished = Promise.withResolvers?.() ?? withResolvers();
  let metrics = null;
  const job = {
    experiment: input.json,
    name: input.name,
    fileName: input.fileName,
    modelName: input.modelName,
    device: options.device,
    budgetBytes: options.budgetBytes,
    hubHost: options.hubHost,
    hubToken: process.env.RECALLSMITH_HUB_TOKEN,
    inputs: input.inputs,
  };
  const routes = jobRoutes(job, {
    exportFolder: partialExport(options),
    onEvents: (events) => report.add(events),
    onProgress: (progress) => {
      if (progress.totalSteps !== undefined) report.totalSteps = progress.totalSteps;
      if (progress.note !== undefined) report.note(progress.note);
      if (progress.what !== undefined) report.progress(progress);
    },
    onMetrics: (value) => void (metrics = value),
    onFinish: (result) => finished.resolve({ ...result, metrics }),
  });
  return { ...routes, finished: finished.promise };
}

/** Runs the experiment in a browser. Returns the report and the metrics. */
async function runInBrowser(options, input, profile) {
  const report = new RunReport(options.out);
  await report.begin();
  const { token, route, finished } = connect(options, input, report);
  const server = siteServer({ site, route });
  const port = await listenFor(profile, server);
  let context = null;
  try {
    context = await launch(options, profile.path);
    const page = context.pages()[0] ?? (await context.newPage());
    const ended = watch(context, page, finished);
    await Promise.race([ended, page.goto(`http://127.0.0.1:${port}/#/headless?job=${token}`)]);
    const { ok, sentence, metrics } = await ended;
    if (!ok) throw new Error(sentence);
    if (!metrics) throw new Error('The page finished without sending metrics.');
    const { environment } = metrics;
    const chromium = context.browser()?.version() ?? environment.browser;
    return { report, metrics: { ...metrics, environment: { ...environment, chromium } } };
  } finally {
    await context?.close().catch(() => undefined);
    server.closeAllConnections();
    server.close();
  }
}

function withResolvers() {
  let [resolve_, reject_] = [() => undefined, () => undefined];
  const promise = new Promise((resolve, reject) => ([resolve_, reject_] = [resolve, reject]));
  return { promise, resolve: resolve_, reject: reject_ };
}

/** Folder of the files of an export that is not complete yet. */
const partialExport = (options) => join(options.out, 'export.part');

async function writeResults(options, { report, metrics }) {
  const folder = join(options.out, 'export');
  await rm(folder, { recursive: true, force: true });
  await rename(partialExport(options), folder);
  await report.finish();
  await writeFile(join(options.out, 'metrics.json'), `${JSON.stringify(metrics, null, 1)}\n`);
  const { k, won, lost, mcNemarP } = metrics.comparison;
  const p = mcNemarP.toPrecision(2);
  console.log(`before: ${metricsLine(metrics.before)}`);
  console.log(`after:  ${metricsLine(metrics.after)}`);
  console.log(`hit rate@${k}: ${won.length} questions improved, ${lost.length} got worse, McNemar p = ${p}`);
  console.log(`Wrote metrics.json, events.jsonl and export/ (${metrics.export.files.length} files) to ${options.out}`);
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(help);
  const input = await readExperimentFile(options.file);
  await writableFolder(options.out, '--out');
  // Delete earlier results, so that nobody mistakes them for results of this command.
  for (const name of ['metrics.json', 'events.jsonl', 'export', 'export.part'])
    await rm(join(options.out, name), { recursive: true, force: true });
  await installWhenNeeded();
  await buildWhenNeeded();
  const profile = await openProfile(options.profile);
  try {
    await writeResults(options, await runInBrowser(options, input, profile));
  } finally {
    await profile.close();
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
main().then(
  () => process.exit(0),
  (error) => {
    console.error(sentenceOf(error));
    process.exit(1);
  },
);
