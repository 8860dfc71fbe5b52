#!/usr/bin/env node
/* `npm run evaluate`: compares models without training, in a headless Chromium, with the same code as the app. */
import { resolve } from 'node:path';
import { openProfile } from './lib/browserProfile.mjs';
import { comparisonLines } from './lib/comparisonLines.mjs';
import { requireDiskSpace } from './lib/diskSpace.mjs';
import { readEvaluationFile } from './lib/experimentFile.mjs';
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
import { RunReport } from './lib/runReport.mjs';

const help = `Compares models, BM25 and fused rankings on your questions, without training anything: the same
comparison as on the page, in a headless Chromium on this machine. Nothing leaves the machine.
The only requests to another host are for models that the file names on a hub.

  npm run evaluate -- path/to/evaluation.json --out DIR [options]

  --out DIR           folder for the results; created if missing. Earlier results there are
                      replaced once the new ones are complete, other files never.
  --device D          auto (default), webgpu or wasm
  --software-webgpu   with --device webgpu: compute on the CPU (slow, for checks).
                      Implied on a Linux machine without a graphics card.
  --browser PATH      the Chromium or Chrome to use. Default: CHROMIUM_PATH, then an installed
                      one, then Playwright's own
  --profile DIR       keep the browser profile in DIR. The same command with the same DIR goes on
                      after the last model that was evaluated, and uses stored vectors.
  --hub-host HOST     where a model "hub:ID@REVISION" is fetched from: huggingface (default),
                      hf-mirror, modelscope, or an address. RECALLSMITH_HUB_TOKEN in the
                      environment is sent to it as access token.
  --language L        language of the report: en (default) or zh
  --help              print this text

docs/evaluation.md explains the fields of the file; examples/evaluation.json is one to start from.

DIR gets metrics.json, report.html, report.md and report.xlsx. The command exits with code 0 if
all candidates were evaluated, with 2 if some failed (the results name them), and with 1 and one
sentence if there are no results.`;

/** Exit code if results were written, but without some of the candidates. */
const someFailed = 2;

function readOptions() {
  const { values, positionals } = parseOptions({
    allowPositionals: true,
    options: { ...deviceOptions, out: { type: 'string' } },
  });
  if (values.help) return { help: true };
  if (positionals.length !== 1) throw new Error('Give one evaluation file; --help shows how.');
  if (values.out === undefined) throw new Error('Give a folder for the results with --out DIR.');
  requireDeviceOptions(values);
  return { ...values, file: resolve(positionals[0]), out: resolve(values.out) };
}

async function evaluateInBrowser(options, input, { profile, report, results, interrupted }) {
  const { json: evaluation, name, fileName, inputs } = input;
  const { device, language, 'hub-host': hubHost } = options;
  const hubToken = process.env.RECALLSMITH_HUB_TOKEN;
  const about = { kind: 'evaluate', evaluation, name, fileName, inputs, withReport: true };
  const job = { ...about, device, language, hubHost, hubToken };
  const handlers = { ...results.folders, onProgress: (progress) => report.take(progress) };
  return doInPage(job, { options, profile, interrupted, handlers });
}

/** Evaluates and writes the results. Always removes a temporary profile and unlocks the folder. */
async function evaluateAndWrite(options, input, interrupted) {
  const results = await ResultsFolder.open(options.out, 'evaluate');
  let profile;
  try {
    profile = await openProfile(options.profile);
    await requireDiskSpace(profile.path, 0, 'the browser');
    await requireDiskSpace(options.out, 0, 'the results');
    const report = new RunReport(results.unfinished);
    const { metrics } = await evaluateInBrowser(options, input, { profile, report, results, interrupted });
    await results.finish(metrics);
    for (const line of comparisonLines(metrics)) console.log(line);
    console.log(`Wrote metrics.json, report.html, report.md and report.xlsx to ${options.out}`);
    return metrics.failures.length > 0 ? someFailed : 0;
  } finally {
    await profile?.close();
    await results.close();
  }
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(help);
  const input = await readEvaluationFile(options.file);
  await writableFolder(options.out, '--out');
  const resumes = options.profile === undefined ? '' : ' The same command goes on with the next model.';
  const interrupted = interruption(`Interrupted.${resumes}`);
  await prepareBrowser(options, interrupted);
  return evaluateAndWrite(options, input, interrupted);
}

runMain(main);
