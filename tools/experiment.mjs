#!/usr/bin/env node
/* `npm run experiment`: runs an experiment file in a headless Chromium, with the same page and workers as the app. */
import { resolve } from 'node:path';
import { openProfile } from './lib/browserProfile.mjs';
import { requireDiskSpace } from './lib/diskSpace.mjs';
import { readExperimentFile } from './lib/experimentFile.mjs';
import { writableFolder } from './lib/files.mjs';
import {
  deviceOptions,
  doInPage,
  interruption,
  prepareBrowser,
  requireDeviceOptions,
  runMain,
} from './lib/headlessCommand.mjs';
import { parseOptions } from './lib/options.mjs';
import { ResultsFolder } from './lib/resultsFolder.mjs';
import { RunReport, blendLines, metricsLine, sweepLines } from './lib/runReport.mjs';

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
  --language L        language of the report: en (default) or zh
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
  report.html    the results on one page for the person who decides, without scripts; also as
                 report.md and report.xlsx
  export/        the trained model: safetensors, ONNX, tokenizer, model card, experiment.json

With "compare": "negatives" in the file, the command trains with negatives from the batch only,
with mined ones, and with mined and filtered ones, and compares the three runs on dev. metrics.json
then has the comparison, events.jsonl names the run of each line as "arm", and nothing is exported.

With "blend" in the file, weights interpolated between base and tuned are evaluated on dev after the
run. "export" in it names the ratio that is exported, or "bestDev" for the best of them.`;

function readOptions() {
  const { values, positionals } = parseOptions({
    allowPositionals: true,
    options: { ...deviceOptions, out: { type: 'string' }, memory: { type: 'string' } },
  });
  if (values.help) return { help: true };
  if (positionals.length !== 1) throw new Error('Give one experiment file; --help shows how.');
  if (values.out === undefined) throw new Error('Give a folder for the results with --out DIR.');
  requireDeviceOptions(values);
  const budgetBytes = values.memory === undefined ? undefined : Number(values.memory) * 1e9;
  if (budgetBytes !== undefined && !(budgetBytes > 0))
    throw new Error(`--memory takes a number of gigabytes, not "${values.memory}".`);
  return { ...values, budgetBytes, file: resolve(positionals[0]), out: resolve(values.out) };
}

/** Runs the experiment in a browser. Returns the ids of its runs and the metrics. */
function runInBrowser(options, input, { report, results, profile, interrupted }) {
  const job = {
    kind: 'experiment',
    experiment: input.json,
    name: input.name,
    fileName: input.fileName,
    modelName: input.modelName,
    negativesModelName: input.negativesModelName,
    guideModelName: input.guideModelName,
    teacherModelName: input.teacherModelName,
    device: options.device,
    budgetBytes: options.budgetBytes,
    hubHost: options['hub-host'],
    hubToken: process.env.RECALLSMITH_HUB_TOKEN,
    language: options.language,
    delivered: profile.delivered,
    inputs: input.inputs,
  };
  const handlers = {
    ...results.folders,
    onEvents: (events) => report.add(events),
    onProgress: (progress) => report.take(progress),
    onMetrics: async (value) => {
      const bytes = (value.export?.files ?? []).reduce((sum, file) => sum + file.bytes, 0);
      await requireDiskSpace(options.out, bytes, 'the export');
    },
  };
  return doInPage(job, { options, profile, interrupted, handlers });
}

function printMetrics(metrics, out) {
  if (metrics.sweep) {
    for (const line of sweepLines(metrics.sweep)) console.log(line);
    console.log(`Wrote metrics.json, events.jsonl, report.html, .md, .xlsx and export/sweep.csv to ${out}`);
    return;
  }
  if (metrics.compare !== undefined) return printArms(metrics, out);
  const { k, won, lost, mcNemarP } = metrics.comparison;
  const p = mcNemarP.toPrecision(2);
  console.log(`before: ${metricsLine(metrics.before)}`);
  console.log(`after:  ${metricsLine(metrics.after)}`);
  console.log(`hit rate@${k}: ${won.length} questions improved, ${lost.length} got worse, McNemar p = ${p}`);
  if (metrics.blend) for (const line of blendLines(metrics.blend)) console.log(line);
  const { files } = metrics.export;
  console.log(
    `Wrote metrics.json, events.jsonl, report.html, .md, .xlsx and export/ (${files.length} files) to ${out}`,
  );
}

/** Prints the dev metrics of the compared runs. */
function printArms({ arms, sentence }, out) {
  for (const { arm, dev } of arms) console.log(`${`${arm}:`.padEnd(10)}${metricsLine(dev.after.metrics)}`);
  console.log(sentence);
  console.log(`Wrote metrics.json, events.jsonl, report.html, .md and .xlsx to ${out}`);
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

async function main() {
  const options = readOptions();
  if (options.help) return console.log(help);
  const input = await readExperimentFile(options.file);
  await writableFolder(options.out, '--out');
  const resumes = options.profile === undefined ? '' : ' The same command resumes the run from its last checkpoint.';
  const interrupted = interruption(`Interrupted.${resumes}`);
  await prepareBrowser(options, interrupted);
  return runAndWrite(options, input, interrupted);
}

runMain(main);
