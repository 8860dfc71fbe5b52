#!/usr/bin/env node
/*
 * `npm run verify`: runs `npm test`, then the long checks of the README's claims. Prints a line per check and a total.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/source.mjs';
import { findChromium } from './lib/chromium.mjs';
import { installWhenNeeded } from './lib/install.mjs';
import { buildWhenNeeded } from './lib/build.mjs';
import { runCommand } from './lib/runCommand.mjs';
import { killAtRandomMoments } from './lib/killChecks.mjs';
import { exportAgreesInPython } from './lib/pythonChecks.mjs';

const work = join(root, '.cache/verify');
const shared = resolve(root, '../shared');
const seeds = [1, 2, 3, 4, 5];
/** Number of runs to kill; set by `--kills`. */
let kills = 30;

const jsonLines = (path) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const losses = (out) => jsonLines(join(out, 'events.jsonl')).filter((line) => line.type === undefined);

function check(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

/** Starts the runner. Resolves with its exit code. */
function experiment(file, out) {
  const args = ['tools/experiment.mjs', file, '--out', out, '--device', 'wasm'];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', fail).once('close', done);
  });
}

async function mustRun(file, out) {
  const code = await experiment(file, out);
  check(code === 0, `${file} exited with code ${code}`);
  return json(join(out, 'metrics.json'));
}

async function replayReference() {
  const out = join(work, 'replay');
  const metrics = await mustRun('examples/replay-reference.json', out);
  const expected = jsonLines(join(shared, 'reference/losses.jsonl'));
  const found = losses(out);
  check(found.length === expected.length, `${found.length} steps, expected ${expected.length}`);
  let worst = 0;
  for (const [i, { step, loss }] of expected.entries()) {
    const difference = Math.abs(found[i].loss - loss);
    worst = Math.max(worst, difference);
    check(difference <= Math.max(0.001, 0.002 * loss), `step ${step}: loss ${found[i].loss}, expected ${loss}`);
  }
  const reference = json(join(shared, 'reference/metrics.json'));
  for (const moment of ['before', 'after'])
    for (const name of ['hitRateAt1', 'hitRateAt3', 'hitRateAt5', 'hitRateAt10', 'recallAt10', 'mrrAt10', 'ndcgAt10']) {
      const [is, should] = [metrics[moment][name], reference[moment][name]];
      check(Math.abs(is - should) <= 0.005, `${name} ${moment} training is ${is}, expected ${should}`);
    }
  return `largest difference in loss ${worst.toExponential(1)}`;
}

/**
 * Replays 20 steps on software WebGPU, where a step takes seconds. `npm test` replays only a few steps in the same
 * test.
 */
async function replayOnWebgpu() {
  const env = { ...process.env, REPLAY_STEPS: '20', CHROMIUM_PATH: findChromium() ?? '' };
  const args = ['run', '--project', 'engine-webgpu', 'tests/engine/sharedReference.test.ts'];
  await runCommand(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], { env });
  return '20 steps within 0.2% or 0.001';
}

const same = async () => {
  const first = await mustRun('examples/own-data.json', join(work, 'same-1'));
  const second = await mustRun('examples/own-data.json', join(work, 'same-2'));
  check(first.weightsSha256 === second.weightsSha256, 'two runs with the same seed have different weights');
  return `weights ${first.weightsSha256.slice(0, 12)}`;
};

/** Returns the own-data example in two stages. A checkpoint is written at the end of each. */
async function twoStageOwnData() {
  const file = json(join(root, 'examples/own-data.json'));
  const stage = { ...file.stages[0], duration: { unit: 'epochs', value: 1 } };
  file.stages = [stage, stage];
  file.locations = Object.fromEntries(
    Object.entries(file.locations).map(([slot, path]) => [slot, resolve(root, 'examples', path)]),
  );
  const path = join(work, 'two-stages.json');
  await writeFile(path, JSON.stringify(file));
  return path;
}

const killedAndResumed = async () => killAtRandomMoments(await twoStageOwnData(), join(work, 'kills'), kills);

async function demoFile(name, seed, pairs) {
  const file = json(join(root, 'examples/demo.json'));
  file.seed = seed;
  file.locations = Object.fromEntries(
    Object.entries(file.locations).map(([slot, path]) => [slot, resolve(root, 'examples', path)]),
  );
  if (pairs) file.locations.pairs = pairs;
  const path = join(work, `${name}.json`);
  await writeFile(path, JSON.stringify(file));
  return path;
}

/** Writes the training pairs with their passages shuffled among the questions. */
async function shuffledPairs(seed) {
  const rows = jsonLines(join(root, 'public/demo/train-pairs.jsonl'));
  let state = seed;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  const ids = rows.map((row) => row.positiveId);
  for (let i = ids.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [ids[i], ids[j]] = [ids[j], ids[i]];
  }
  const path = join(work, `shuffled-${seed}.jsonl`);
  await writeFile(path, rows.map((row, i) => `${JSON.stringify({ ...row, positiveId: ids[i] })}\n`).join(''));
  return path;
}

/** Runs the demo with a seed. A second call with the same seed reuses the first result. */
async function demo(seed) {
  const out = join(work, `demo-${seed}`);
  const metrics = join(out, 'metrics.json');
  return existsSync(metrics) ? json(metrics) : mustRun(await demoFile(`demo-${seed}`, seed), out);
}

async function honesty() {
  let rises = 0;
  for (const seed of seeds) {
    const metrics = await demo(seed);
    if (metrics.after.hitRateAt1 > metrics.before.hitRateAt1) rises += 1;
    const wrong = await mustRun(
      await demoFile(`wrong-${seed}`, seed, await shuffledPairs(seed)),
      join(work, `wrong-${seed}`),
    );
    check(wrong.after.hitRateAt1 <= wrong.before.hitRateAt1, `hit rate@1 rose with shuffled positives (seed ${seed})`);
  }
  check(rises >= 4, `hit rate@1 rose with only ${rises} of 5 seeds`);
  return `hit rate@1 rose with ${rises} of 5 seeds, and with none when positives were shuffled`;
}

async function demoTime() {
  const { durationsMs } = await demo(seeds[0]);
  const seconds =
    Object.entries(durationsMs).reduce((sum, [phase, ms]) => (phase === 'export' ? sum : sum + ms), 0) / 1000;
  check(seconds <= 200, `the demo took ${Math.round(seconds)} s on wasm`);
  return `${Math.round(seconds)} s from start to result`;
}

/** Runs browser tests that are too slow for `npm test`: the page's main thread under load. */
async function longBrowserTests() {
  await runCommand(process.execPath, ['node_modules/@playwright/test/cli.js', 'test', '--project', 'long']);
  return 'details above';
}

const needsShared = { replayReference, replayOnWebgpu };
const checks = {
  replayReference,
  replayOnWebgpu,
  sameSeedSameWeights: same,
  killedAndResumed,
  demoHonesty: honesty,
  demoTime,
  longBrowserTests,
  exportInPython: () => exportAgreesInPython(join(work, 'same-1'), join(root, 'public/models/demo-zh')),
};

async function runOne(name) {
  if (name in needsShared && !existsSync(shared)) {
    console.log(`${name}: skipped, needs ../shared`);
    return null;
  }
  const begun = Date.now();
  const took = () => `${Math.round((Date.now() - begun) / 1000)} s`;
  try {
    console.log(`${name}: passed, ${await checks[name]()} (${took()})`);
    return true;
  } catch (error) {
    console.log(`${name}: FAILED, ${error.message} (${took()})`);
    return false;
  }
}

async function main() {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, kills: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help)
    return console.log(
      `npm run verify -- [--only NAME]… [--kills N]\n\nRuns npm test, then: ${Object.keys(checks).join(', ')}`,
    );
  if (values.kills !== undefined) kills = Number(values.kills);
  await installWhenNeeded();
  await buildWhenNeeded();
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const results = [];
  if (!values.only)
    results.push(
      await runCommand(process.execPath, ['tools/test.mjs']).then(
        () => true,
        () => false,
      ),
    );
  for (const name of values.only ?? Object.keys(checks)) results.push(await runOne(name));
  const count = (result) => results.filter((one) => one === result).length;
  console.log(`\n${count(true)} passed, ${count(false)} failed, ${count(null)} skipped`);
  process.exitCode = count(false) === 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
