#!/usr/bin/env node
/*
 * `npm run bench`: times the engine and its peers in one run, interleaved where both run in a page. Also writes the
 * results to bench/results/<date>.json.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../tools/lib/source.mjs';
import { findChromium, noChromium } from '../tools/lib/chromium.mjs';
import { installWhenNeeded } from '../tools/lib/install.mjs';
import { runCommand } from '../tools/lib/runCommand.mjs';
import { pythonWithPackages } from '../tools/lib/pythonChecks.mjs';
import { benchAdapter } from './adapter/run.mjs';
import { lowerMedian, times } from './figures.mjs';
import { exportFolder, openPage } from './openPage.mjs';
import { printTable } from './printTable.mjs';
import { writeResults } from './resultsFile.mjs';
import { answeredWithin, keywordsWithin, searchedWithin, searchingTask } from './searchRows.mjs';
import { frozenAgainstFull, minedWithin, miningTask } from './trainingRows.mjs';

const help = `npm run bench -- [--only ROW]... [--browser PATH]

  --only ROW      run only this row; may be repeated
  --browser PATH  the Chromium or Chrome to use
  --list          print the names of the rows
  --help          print this text

npm run bench -- --adapter [OPTIONS]   measures the engine on this machine's adapter; --adapter --help lists the options`;

const tiny = {
  layers: 2,
  hiddenSize: 128,
  heads: 2,
  intermediateSize: 512,
  vocabularySize: 8000,
  maxPositions: 512,
  typeVocabularySize: 2,
  layerNormEpsilon: 1e-12,
  hiddenDropout: 0,
  attentionDropout: 0,
  padTokenId: 0,
};
const demoZh = { ...tiny, layers: 3, hiddenSize: 256, heads: 4, intermediateSize: 1024, vocabularySize: 8286 };

const bertBase = {
  ...tiny,
  layers: 12,
  hiddenSize: 768,
  heads: 12,
  intermediateSize: 3072,
  vocabularySize: 21_128,
};

/** Returns `count` text lengths between `min` and `max` tokens, the same on every call. */
const lengths = (count, min, max) => Array.from({ length: count }, (_, i) => min + ((i * 37) % (max - min + 1)));
/** Text lengths similar to the demo's questions and passages. */
const demoStep = { config: demoZh, anchors: lengths(16, 9, 20), positives: lengths(16, 50, 110) };
const uniform = (count, length) => Array.from({ length: count }, () => length);

/**
 * Returns the floating-point operations of a step's matrix products: two per weight and token, times three for the
 * forward pass and the gradients of inputs and weights, plus attention's products.
 */
function stepFlops({ config, anchors, positives }) {
  const { layers, hiddenSize: h, intermediateSize: f } = config;
  const all = [...anchors, ...positives];
  const tokens = all.reduce((sum, length) => sum + length, 0);
  const pairs = all.reduce((sum, length) => sum + length * length, 0);
  return layers * (tokens * 6 * (4 * h * h + 2 * h * f) + pairs * 12 * h);
}

/**
 * Each function measures one row or several, and returns { figure, ours, peer, bar, met, ratio?, detail? } or a list of
 * these.
 */
const rows = {
  async stepWebgpu({ page }) {
    const task = { backend: 'webgpu', config: tiny, anchors: uniform(16, 64), positives: uniform(16, 64), rounds: 3 };
    return against(
      await page('stepRow', task),
      'step, 2 layers × 128, 32 texts × 64 tokens, WebGPU, vs stock tfjs ops',
      10,
    );
  },
  async stepDemoWebgpu({ page }) {
    const result = await page('stepRow', { ...demoStep, backend: 'webgpu', rounds: 2 });
    return against(result, 'step, demo-zh, 16 pairs, WebGPU, vs stock tfjs ops', 10);
  },
  async matmul({ page }) {
    const { ours, peer } = await page('matmulRow', 512, 5);
    const rate = (ms) => (2 * 512 ** 3) / lowerMedian(ms) / 1e6;
    return {
      figure: 'matmul 512³ f32, WebGPU, GFLOP/s, vs stock tfjs ops',
      ours: rate(ours).toFixed(2),
      peer: rate(peer).toFixed(2),
      bar: '≥ 3',
      met: rate(ours) >= 3,
      detail: { ours, peer },
    };
  },
  async stepWasm({ page }) {
    const products = [
      [1300, 1024, 256],
      [1300, 256, 1024],
      [1300, 256, 256],
    ];
    const result = await page('stepRow', { ...demoStep, backend: 'wasm', rounds: 5, products });
    const rate = stepFlops(demoStep) / (lowerMedian(result.ours) / 1000);
    const share = rate / result.bestMatmul;
    return [
      against(result, `step, demo-zh, 16 pairs, wasm (${result.threads} threads), vs stock tfjs ops`, 3),
      {
        figure: 'the same step: FLOP rate vs the fastest wasm matmul of the run',
        ours: `${(rate / 1e9).toFixed(1)} GFLOP/s`,
        peer: `${(result.bestMatmul / 1e9).toFixed(1)} GFLOP/s`,
        bar: '≥ 60%',
        met: share >= 0.6,
        ratio: `${(100 * share).toFixed(0)}%`,
      },
      await againstPytorch(result),
    ];
  },
  async encodeWasm({ page }) {
    return encodeRow(page, 'wasm', 1.2);
  },
  async encodeWebgpu({ page }) {
    return encodeRow(page, 'webgpu', 1.5);
  },
  async frozenWasm({ page }) {
    const config = { ...demoZh, layers: 12 };
    const task = { config, anchors: lengths(8, 9, 20), positives: lengths(8, 50, 110), rounds: 5, frozenLayers: 6 };
    return frozenAgainstFull(await page('frozenRow', task));
  },
  async mineWasm({ page }) {
    return minedWithin(await page('miningRow', miningTask()), 4);
  },
  async playground({ page }) {
    return answeredWithin(await page('playgroundRow', searchingTask(30)), 150);
  },
  async searchExact({ page }) {
    return searchedWithin((task) => page('exactRow', task));
  },
  async keywords({ page }) {
    return keywordsWithin(await page('keywordsRow', searchingTask(400)), 2);
  },
  async weights({ page }) {
    const ms = await page('weightsRow', bertBase);
    const once = { read: ms.rawRead, write: ms.rawWrite };
    return [
      seconds('import of a BERT-base folder (409 MB)', ms.import, 6, once.read + once.write, ms),
      seconds('load of its weights', ms.load, 3, once.read),
      seconds('load of the kept weights, verified', ms.kept, 3, once.read),
      seconds('checkpoint (1.22 GB)', ms.checkpoint, 6, 3 * once.write),
      seconds('the same checkpoint: steps wait for the snapshot', ms.snapshot, 6, 3 * once.write),
      seconds('export (zip of 818 MB), reopened and checked', ms.export, 12, once.read + 2 * once.write),
    ];
  },
  async weightsDemo({ page }) {
    const ms = await page('weightsRow', demoZh);
    return seconds('export of the demo model, reopened and checked', ms.export, 2, ms.rawRead + 2 * ms.rawWrite, ms);
  },
};

/** Returns a row that compares a time with that of the same bytes in plain IndexedDB, measured in the same run. */
function seconds(figure, ms, bar, rawMs, detail) {
  const text = (value) => `${(value / 1000).toFixed(1)} s`;
  return {
    figure: `${figure}, vs its bytes in IndexedDB`,
    ours: text(ms),
    peer: text(rawMs),
    ratio: times(ms / rawMs),
    bar: `≤ ${bar} s`,
    met: ms <= 1000 * bar,
    detail,
  };
}

function against({ ours, peer, ...detail }, figure, bar) {
  const ratio = lowerMedian(peer) / lowerMedian(ours);
  return {
    figure,
    ours: `${lowerMedian(ours).toFixed(0)} ms`,
    peer: `${lowerMedian(peer).toFixed(0)} ms`,
    ratio: times(ratio),
    bar: `≥ ${bar}×`,
    met: ratio >= bar,
    detail: { ours, peer, ...detail },
  };
}

/**
 * Times PyTorch's steps. They cannot be interleaved with a page's, so they run right afterwards, on the same number of
 * threads.
 */
async function againstPytorch({ ours, threads }) {
  const { config, anchors, positives } = demoStep;
  const python = await pythonWithPackages();
  const task = JSON.stringify({ config, anchors, positives, steps: 8, threads });
  const output = await new Promise((resolve, reject) => {
    const child = spawn(python, [join(root, 'bench/peers/pytorch_step.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (data) => (text += data));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`pytorch_step.py exited with code ${code}`)),
    );
    child.stdin.end(task);
  });
  const peer = output.trim().split('\n').slice(2).map(Number);
  return against({ ours, peer }, 'the same step, vs PyTorch with as many threads', 0.15);
}

async function encodeRow(page, backend, bar) {
  await exportDemoModel();
  const { Tokenizer } = await import('@huggingface/tokenizers');
  const model = join(root, 'public/models/demo-zh');
  const json = (name) => JSON.parse(readFileSync(join(model, name), 'utf8'));
  const tokenizer = new Tokenizer(json('tokenizer.json'), json('tokenizer_config.json'));
  const texts = readFileSync(join(root, 'public/demo/knowledge-base.jsonl'), 'utf8').trim().split('\n');
  const ids = texts.map((line) => tokenizer.encode(JSON.parse(line).text).ids.slice(0, 128));
  const result = await page('encodeRow', {
    backend,
    config: demoZh,
    texts: backend === 'wasm' ? ids : ids.slice(0, 48),
    batchSizes: backend === 'wasm' ? [1, 4, 16, 32] : [8, 16],
    rounds: backend === 'wasm' ? 5 : 2,
  });
  return against(
    result,
    `encoding the demo's passages, ${backend}, vs transformers.js with batch size ${result.batchSize}`,
    bar,
  );
}

/** Trains the demo for one step and exports the model for transformers.js. */
async function exportDemoModel() {
  if (existsSync(join(exportFolder, 'onnx/model.onnx'))) return;
  const out = join(root, '.cache/bench/run');
  await mkdir(join(root, '.cache/bench'), { recursive: true });
  const experiment = JSON.parse(readFileSync(join(root, 'examples/demo.json'), 'utf8'));
  experiment.stages[0].duration = { unit: 'steps', value: 1 };
  for (const [key, path] of Object.entries(experiment.locations ?? {}))
    experiment.locations[key] = join(root, 'examples', path);
  const file = join(root, '.cache/bench/demo.json');
  await writeFile(file, JSON.stringify(experiment));
  await runCommand(process.execPath, ['tools/experiment.mjs', file, '--out', out, '--device', 'wasm']);
  await rm(exportFolder, { recursive: true, force: true });
  await import('node:fs/promises').then(({ cp }) => cp(join(out, 'export'), exportFolder, { recursive: true }));
}

const adapter = process.argv.includes('--adapter');
const { values } = parseArgs({
  args: adapter ? [] : process.argv.slice(2),
  options: {
    only: { type: 'string', multiple: true },
    browser: { type: 'string' },
    help: { type: 'boolean' },
    list: { type: 'boolean' },
  },
});
if (adapter) await benchAdapter(process.argv.slice(2).filter((option) => option !== '--adapter'));
else if (values.help) console.log(help);
else if (values.list) console.log(Object.keys(rows).join('\n'));
else await main(values);

async function main({ only, browser }) {
  await installWhenNeeded();
  const path = findChromium(browser);
  if (path === undefined) throw new Error(noChromium);
  const results = [];
  for (const name of only ?? Object.keys(rows)) {
    const { call, close } = await openPage(path);
    try {
      for (const row of [await rows[name]({ page: call })].flat()) {
        results.push({ name, ...row });
        console.log(`${row.met ? '✓' : '✗'} ${row.figure}`);
      }
    } finally {
      await close();
    }
  }
  const machine = {
    processor: cpus()[0]?.model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  const file = await writeResults(machine, results);
  printTable(results);
  console.log(`\nMedians on ${machine.cores} cores, ${machine.processor}. Written to ${relative(root, file)}.`);
}
