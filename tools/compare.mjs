#!/usr/bin/env node
/* `npm run compare`: compares results of `npm run experiment` and `npm run evaluate`, with the same code as the app. */
import { basename, resolve } from 'node:path';
import { openProfile } from './lib/browserProfile.mjs';
import { comparisonLines } from './lib/comparisonLines.mjs';
import { readMetrics } from './lib/experimentFile.mjs';
import { writableFolder } from './lib/files.mjs';
import {
  browserOptions,
  doInPage,
  interruption,
  prepareBrowser,
  requireLanguage,
  runMain,
} from './lib/headlessCommand.mjs';
import { parseOptions } from './lib/options.mjs';
import { ResultsFolder } from './lib/resultsFolder.mjs';
import { RunReport } from './lib/runReport.mjs';

const help = `Compares the results of several runs on the same test questions and knowledge base, with the
statistics of the page: intervals, McNemar's test, paired bootstrap, Holm's correction.

  npm run compare -- DIR DIR… [options]

Each DIR is a folder that "npm run experiment" or "npm run evaluate" wrote. Base models and the
keyword search are compared as well, each once.

  --out DIR         also write metrics.json, report.html, report.md and report.xlsx to DIR.
                    Earlier results there are replaced, other files never.
  --k N             cut-off of the hit rate, recall and precision. Default: 1
  --baseline NAME   what the others are compared with: the name of a DIR or of a base model.
                    Default: the first base model
  --language L      language of the report: en (default) or zh
  --browser PATH    the Chromium or Chrome to use. Default: CHROMIUM_PATH, then an installed one,
                    then Playwright's own
  --help            print this text

Nothing is evaluated again: the ranks in metrics.json are enough.`;

/** Largest cut-off; see src/domain/evaluate/comparedMetric.ts. */
const largestK = 1000;

function readOptions() {
  const { values, positionals } = parseOptions({
    allowPositionals: true,
    options: { ...browserOptions, out: { type: 'string' }, k: { type: 'string' }, baseline: { type: 'string' } },
  });
  if (values.help) return { help: true };
  if (positionals.length === 0) throw new Error('Give the folders to compare; --help shows how.');
  requireLanguage(values);
  const k = values.k === undefined ? 1 : Number(values.k);
  if (!Number.isInteger(k) || k < 1 || k > largestK)
    throw new Error(`--k takes a whole number from 1 to ${largestK}, not "${values.k}".`);
  const folders = positionals.map((path) => resolve(path));
  return { ...values, k, folders, ...(values.out === undefined ? {} : { out: resolve(values.out) }) };
}

/** Names folders by their last component, or by their whole path if several have the same. */
function namesOf(folders) {
  const names = folders.map((folder) => basename(folder));
  const twice = folders.find((folder, index) => folders.indexOf(folder) !== index);
  if (twice !== undefined) throw new Error(`${twice} is given twice.`);
  return names.map((name, index) => (names.indexOf(name) === names.lastIndexOf(name) ? name : folders[index]));
}

async function readFolders({ folders }) {
  const names = namesOf(folders);
  return Promise.all(folders.map(async (path, index) => ({ name: names[index], metrics: await readMetrics(path) })));
}

async function compareAndWrite(options, folders, interrupted) {
  const results = options.out === undefined ? null : await ResultsFolder.open(options.out, 'compare');
  let profile;
  try {
    profile = await openProfile();
    const { k, baseline, language } = options;
    const about = { name: folders.map(({ name }) => name).join(', '), fileName: 'The command line', inputs: [] };
    const job = {
      kind: 'compare',
      ...about,
      device: 'wasm',
      folders,
      k,
      baseline,
      language,
      withReport: results !== null,
    };
    const report = new RunReport(results?.unfinished ?? '');
    const handlers = { ...results?.folders, onProgress: (progress) => report.take(progress) };
    const page = { ...options, device: 'wasm' };
    const { metrics } = await doInPage(job, { options: page, profile, interrupted, handlers });
    await results?.finish(metrics);
    for (const line of comparisonLines(metrics)) console.log(line);
    if (results) console.log(`Wrote metrics.json, report.html, report.md and report.xlsx to ${options.out}`);
  } finally {
    await profile?.close();
    await results?.close();
  }
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(help);
  const folders = await readFolders(options);
  if (options.out !== undefined) await writableFolder(options.out, '--out');
  const interrupted = interruption('Interrupted.');
  await prepareBrowser(options, interrupted);
  return compareAndWrite(options, folders, interrupted);
}

runMain(main);
