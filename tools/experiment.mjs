#!/usr/bin/env node
/* `npm run experiment`: carries an experiment file out in the same page and workers as on the screen, in a headless Chromium. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readExperimentFile } from './lib/experimentFile.mjs';
import { sentenceOf, writableFolder } from './lib/files.mjs';
import { buildWhenNeeded, installWhenNeeded, site } from './lib/install.mjs';
import { jobRoutes } from './lib/jobRoutes.mjs';
import { parseOptions } from './lib/options.mjs';
import { RunReport, metricsLine } from './lib/runReport.mjs';
import { listen, siteServer } from './lib/server.mjs';
import { unzip } from './lib/unzip.mjs';

const help = `Carries out an experiment file without a screen: the same page and workers as in the
browser, in a headless Chromium on this machine. Nothing leaves the machine.

  npm run experiment -- path/to/experiment.json --out DIR [options]

  --out DIR           where results are written; made when missing
  --device D          auto (default), webgpu or wasm
  --memory GB         how much memory the run may take (default: half of the machine's,
                      from 1.1 to 8.6 GB; at most 3.2 with wasm). What does not fit is
                      refused before the run, with settings that would.
  --software-webgpu   with --device webgpu: compute on the processor (slow, for checks).
                      Taken by itself on a Linux machine without a graphics card.
  --browser PATH      the Chromium or Chrome to use; otherwise CHROMIUM_PATH, an installed
                      one, or Playwright's own
  --profile DIR       keep the browser's profile in DIR. When a run is killed, the same
                      command with the same DIR resumes it from its last checkpoint; with
                      another --memory, or after memory ran out, a new run begins.
  --help              this text

"locations" in the file name the data and the model, relative to the file; docs/experiment.md
explains every field. Examples lie in examples/.

Written into DIR, all of it or exit code 1 with one sentence:
  metrics.json   all metrics before and after (test, and dev where there is one), the ranks of
                 every question, 95 % intervals, McNemar's p, the environment, the SHA-256 of
                 the experiment and of the trained weights, milliseconds of each phase
  events.jsonl   a line a step (step, loss, lr, gradientNorm, tokens, ms, …) and a line for
                 everything else that happened, with its type
  export/        the trained model: safetensors, ONNX, tokenizer, model card, experiment.json`;

const devices = ['auto', 'webgpu', 'wasm'];

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
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return { help: true };
  if (positionals.length !== 1) throw new Error('Name one experiment file; --help says how.');
  if (values.out === undefined) throw new Error('Say with --out DIR where the results shall be written.');
  if (!devices.includes(values.device))
    throw new Error(`--device takes ${devices.join(', ')}, not "${values.device}".`);
  const budgetBytes = values.memory === undefined ? undefined : Number(values.memory) * 1e9;
  if (budgetBytes !== undefined && !(budgetBytes > 0))
    throw new Error(`--memory takes a number of gigabytes, not "${values.memory}".`);
  return { ...values, budgetBytes, file: resolve(positionals[0]), out: resolve(values.out) };
}

/** The profile belongs to an address, so a kept one keeps its port. */
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
    throw new Error(`Port ${profile.port}, to which this profile belongs, is in use: is the run still at work?`, {
      cause: error,
    });
  }
}

async function launch(options, profilePath) {
  // Loaded here: playwright-core may only just have been installed.
  const [{ chromium }, found] = await Promise.all([import('playwright-core'), import('./lib/chromium.mjs')]);
  const executablePath = found.findChromium(options.browser);
  if (!executablePath) throw new Error(found.noChromium);
  const software = options.device === 'webgpu' && (options['software-webgpu'] || !found.hasGraphicsCard());
  const webgpu = options.device === 'wasm' ? 'none' : software ? 'software' : 'hardware';
  if (software) console.log('WebGPU is computed on the processor: this is slow.');
  return chromium
    .launchPersistentContext(profilePath, {
      executablePath,
      headless: true,
      // Playwright would choose its small headless shell, which has no WebGPU.
      ignoreDefaultArgs: ['--headless', '--headless=old'],
      args: ['--headless=new', ...found.chromiumFlags(webgpu)],
    })
    .catch((error) => {
      throw new Error(`${executablePath} did not start: ${error.message.split('\n')[0]}`, { cause: error });
    });
}

/** Resolves with what the page said at its end; rejects when page or browser are gone before. */
function watch(context, page, finished) {
  return new Promise((done, fail) => {
    finished.then(done, fail);
    context.once('close', () => fail(new Error('The browser was closed before the run was finished.')));
    page.once('crash', () =>
      fail(new Error('The page crashed, most likely for want of memory: a lower --memory helps.')),
    );
    page.on('pageerror', (error) => fail(new Error(`The page failed: ${error.stack}`)));
  });
}

async function carryOut(options, input, profile) {
  const report = new RunReport(options.out);
  await report.begin();
  const zip = join(options.out, 'export.zip');
  let metrics = null;
  const finished = Promise.withResolvers?.() ?? withResolvers();
  const { token, route } = jobRoutes(
    {
      experiment: input.json,
      name: input.name,
      fileName: input.fileName,
      modelName: input.modelName,
      device: options.device,
      budgetBytes: options.budgetBytes,
      inputs: input.inputs,
    },
    {
      exportFile: zip,
      onEvents: (events) => report.add(events),
      onProgress: (progress) => {
        if (progress.totalSteps !== undefined) report.totalSteps = progress.totalSteps;
        if (progress.note !== undefined) report.note(progress.note);
        if (progress.what !== undefined) report.progress(progress);
      },
      onMetrics: (value) => void (metrics = value),
      onFinish: (result) => finished.resolve(result),
    },
  );
  const server = siteServer({ site, route });
  const port = await listenFor(profile, server);
  let context = null;
  try {
    context = await launch(options, profile.path);
    const page = context.pages()[0] ?? (await context.newPage());
    const ended = watch(context, page, finished.promise);
    await Promise.race([ended, page.goto(`http://127.0.0.1:${port}/#/headless?job=${token}`)]);
    const result = await ended;
    if (!result.ok) throw new Error(result.sentence);
    if (!metrics) throw new Error('The page ended without metrics.');
    return {
      report,
      zip,
      metrics: {
        ...metrics,
        environment: { ...metrics.environment, chromium: context.browser()?.version() ?? metrics.environment.browser },
      },
    };
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

async function writeResults(options, { report, zip, metrics }) {
  const folder = join(options.out, 'export');
  await rm(folder, { recursive: true, force: true });
  const files = await unzip(zip, folder);
  await rm(zip);
  await report.finish();
  await writeFile(join(options.out, 'metrics.json'), `${JSON.stringify(metrics, null, 1)}\n`);
  console.log(`before: ${metricsLine(metrics.before)}`);
  console.log(`after:  ${metricsLine(metrics.after)}`);
  console.log(
    `won ${metrics.comparison.won.length}, lost ${metrics.comparison.lost.length}, McNemar p = ${metrics.comparison.mcNemarP.toPrecision(2)}`,
  );
  console.log(`Written: metrics.json, events.jsonl and export/ (${files.length} files) in ${options.out}`);
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(help);
  const input = await readExperimentFile(options.file);
  await writableFolder(options.out, '--out');
  // What an earlier command left here must not be taken for this one's result.
  for (const name of ['metrics.json', 'events.jsonl', 'export'])
    await rm(join(options.out, name), { recursive: true, force: true });
  await installWhenNeeded();
  await buildWhenNeeded();
  const profile = await openProfile(options.profile);
  try {
    await writeResults(options, await carryOut(options, input, profile));
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
