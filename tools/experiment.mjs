#!/usr/bin/env node
/* `npm run experiment`: runs an experiment file in a headless Chromium, with the same page and workers as the app. */
import { resolve } from 'node:path';
import { listenFor, openProfile } from './lib/browserProfile.mjs';
import { requireDiskSpace, withFullDisk } from './lib/diskSpace.mjs';
import { readExperimentFile } from './lib/experimentFile.mjs';
import { writableFolder } from './lib/files.mjs';
import { sentenceOf } from './lib/errors.mjs';
import { runPage } from './lib/headlessBrowser.mjs';
import { installWhenNeeded } from './lib/install.mjs';
import { buildWhenNeeded, site } from './lib/build.mjs';
import { jobRoutes } from './lib/jobRoutes.mjs';
import { parseOptions } from './lib/options.mjs';
import { ResultsFolder } from './lib/resultsFolder.mjs';
import { RunReport, blendLines, metricsLine, sweepLines } from './lib/runReport.mjs';
import { siteServer } from './lib/server.mjs';

const help = `Runs an experiment file without a screen: the same page and workers as the app, in a
headless Chromium on this machine. Nothing leaves the machine. The only request to another
host is for the base model, if "locations.model" names one on a hub ("hub:ID@REVISION").

  npm run experiment -- path/to/experiment.json --out DIR [options]

  --out DIR           folder for the results; created if missing. Earlier results there are
                      replaced once the new ones are complete, other files never.
  --device D          auto (default), webgpu or wasm
  --memory GB         memory budget of the run. Default: half of the machine's memory, within
                      1.1 to 8.6 GB; wasm uses at most 3.2 GB. A run that does not fit is
                      refused before it starts, with settings that do fit.
  --software-webgpu   with --device webgpu: compute on the CPU (slow, for checks). Implied on
                      a Linux machine without a graphics card.
  --browser PATH      the Chromium or Chrome to use. Default: CHROMIUM_PATH, then an installed
                      one, then Playwright's own
  --profile DIR       keep the browser profile in DIR. If a run is killed, the same command
                      with the same DIR resumes it from its last checkpoint, or exports it if it
                      is trained. With another --memory, or after running out of memory, a new
                      run starts.
  --hub-host HOST     where a model "hub:ID@REVISION" is fetched from: huggingface (default),
                      hf-mirror, modelscope, or the address of a host that speaks Hugging
                      Face's protocol. RECALLSMITH_HUB_TOKEN in the environment is sent to
                      it as access token, for models that need one. With --profile, an
                      interrupted download resumes.
  --help              print this text

A file with "sweep" makes a run for each combination of the listed values, evaluated on dev only.
metrics.json and export/sweep.csv then have a table with means and intervals over seeds. With
--profile, the same command continues after a kill; runs that are done are not repeated.

"locations" in the file names the data and the model, relative to the file. docs/experiment.md
explains every field; examples/ has files to start from.

Before the run, data and settings are checked; what is found goes to stderr and metrics.json.

On success DIR contains the files below. On failure the command prints one sentence and exits
with code 1. Until the results are complete, they are in DIR/recallsmith-unfinished, where
events.jsonl can be read during the run and after a failure.
  metrics.json   metrics before and after (test, and dev if there is one), the ranks of every
                 question, 95% intervals, McNemar's p, the environment, the SHA-256 of the
                 experiment and of the trained weights, and the milliseconds of each phase
  events.jsonl   one line per step (step, loss, lr, gradientNorm, tokens, ms, …) and one line
                 for every other event, with its type
  export/        the trained model: safetensors, ONNX, tokenizer, model card, experiment.json

With "compare": "negatives" in the file, the command trains with negatives from the batch only,
with mined ones, and with mined and filtered ones, and compares the three runs on dev. metrics.json
then has the comparison, events.jsonl names the run of each line as "arm", and nothing is exported.

With "blend" in the file, weights interpolated between base and tuned are evaluated on dev after the
run. "export" in it names the ratio that is exported, or "bestDev" for the best of them.`;

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
 * Connects the page with the report. Returns the routes that serve the job, and `finished`, which resolves with the
 * page's final result and the metrics that it sent.
 */
function connect(options, input, { report, results, profile }) {
  const finished = Promise.withResolvers?.() ?? withResolvers();
  let metrics = null;
  const job = {
    experiment: input.json,
    name: input.name,
    fileName: input.fileName,
    modelName: input.modelName,
    negativesModelName: input.negativesModelName,
    guideModelName: input.guideModelName,
    teacherModelName: input.teacherModelName,
    device: options.device,
    budgetBytes: options.budgetBytes,
    hubHost: options.hubHost,
    hubToken: process.env.RECALLSMITH_HUB_TOKEN,
    delivered: profile.delivered,
    inputs: input.inputs,
  };
  const routes = jobRoutes(job, {
    exportFolder: results.exportFolder,
    onEvents: (events) => report.add(events),
    onProgress: (progress) => {
      if (progress.totalSteps !== undefined) report.totalSteps = progress.totalSteps;
      if (progress.note !== undefined) report.note(progress.note);
      if (progress.finding !== undefined) report.finding(progress.finding);
      if (progress.what !== undefined) report.progress(progress);
    },
    onMetrics: async (value) => {
      metrics = value;
      const bytes = (value.export?.files ?? []).reduce((sum, file) => sum + file.bytes, 0);
      await requireDiskSpace(options.out, bytes, 'the export');
    },
    onFinish: (result) => finished.resolve({ ...result, metrics }),
    onFailure: (error) => finished.reject(error),
  });
  return { ...routes, finished: finished.promise };
}

/** Runs the experiment in a browser. Returns the ids of its runs and the metrics. */
async function runInBrowser(options, input, parts) {
  const { profile, interrupted } = parts;
  const { token, route, finished } = connect(options, input, parts);
  const server = siteServer({ site, route });
  const port = await listenFor(profile, server);
  try {
    const url = `http://127.0.0.1:${port}/#/headless?job=${token}`;
    const { result, chromium } = await runPage(options, profile.path, url, { finished, interrupted });
    const { ok, sentence, runIds, metrics } = result;
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

function withResolvers() {
  let [resolve_, reject_] = [() => undefined, () => undefined];
  const promise = new Promise((resolve, reject) => ([resolve_, reject_] = [resolve, reject]));
  return { promise, resolve: resolve_, reject: reject_ };
}

function printMetrics(metrics, out) {
  if (metrics.sweep) {
    for (const line of sweepLines(metrics.sweep)) console.log(line);
    console.log(`Wrote metrics.json, events.jsonl and export/sweep.csv to ${out}`);
    return;
  }
  if (metrics.compare !== undefined) return printArms(metrics, out);
  const { k, won, lost, mcNemarP } = metrics.comparison;
  const p = mcNemarP.toPrecision(2);
  console.log(`before: ${metricsLine(metrics.before)}`);
  console.log(`after:  ${metricsLine(metrics.after)}`);
  console.log(`hit rate@${k}: ${won.length} questions improved, ${lost.length} got worse, McNemar p = ${p}`);
  if (metrics.blend) for (const line of blendLines(metrics.blend)) console.log(line);
  console.log(`Wrote metrics.json, events.jsonl and export/ (${metrics.export.files.length} files) to ${out}`);
}

/** Prints the dev metrics of runs that were compared. */
function printArms({ arms, sentence }, out) {
  for (const { arm, dev } of arms) console.log(`${`${arm}:`.padEnd(10)}${metricsLine(dev.after.metrics)}`);
  console.log(sentence);
  console.log(`Wrote metrics.json and events.jsonl to ${out}`);
}

/** Returns the path of the browser. Throws if there is none. */
async function browserPath(given) {
  // Imported late, because installWhenNeeded() may have just installed playwright-core.
  const { findChromium, noChromium } = await import('./lib/chromium.mjs');
  const path = findChromium(given);
  if (path === undefined) throw new Error(noChromium);
  return path;
}

/** Runs the experiment and writes its results. Always removes a temporary profile and unlocks the folder. */
async function runAndWrite(options, input, interrupted) {
  const results = await ResultsFolder.open(options.out);
  let profile;
  try {
    profile = await openProfile(options.profile);
    await requireDiskSpace(profile.path, 0, 'the browser');
    await requireDiskSpace(options.out, 0, 'the results');
    const report = new RunReport(results.unfinished);
    await report.begin();
    const { runIds, metrics } = await runInBrowser(options, input, { report, results, profile, interrupted });
    await report.finish();
    await results.finish(metrics);
    await profile.deliver(runIds);
    printMetrics(metrics, options.out);
  } finally {
    await profile?.close();
    await results.close();
  }
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Rejects at the first signal, so that everything is closed. A second signal ends the process immediately. */
function interruption(options) {
  return new Promise((_, reject) => {
    const sentence =
      options.profile === undefined
        ? 'Interrupted.'
        : 'Interrupted. The same command resumes the run from its last checkpoint.';
    let first = true;
    for (const [signal, number] of Object.entries(signals))
      process.on(signal, () => {
        if (!first) process.exit(128 + number);
        first = false;
        reject(Object.assign(new Error(sentence), { exitCode: 128 + number }));
      });
  });
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(help);
  const input = await readExperimentFile(options.file);
  await writableFolder(options.out, '--out');
  const interrupted = interruption(options);
  const prepared = async () => {
    await installWhenNeeded();
    options.browser = await browserPath(options.browser);
    await buildWhenNeeded();
  };
  await Promise.race([prepared(), interrupted]);
  await runAndWrite(options, input, interrupted);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(sentenceOf(error));
    process.exit(error?.exitCode ?? 1);
  },
);
