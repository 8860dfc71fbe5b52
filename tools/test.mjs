#!/usr/bin/env node
/* `npm test`: runs all checks, even from a bare checkout. The last line is `N passed, N failed`. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installWhenNeeded } from './lib/install.mjs';
import { buildWhenNeeded } from './lib/build.mjs';
import { runCommand } from './lib/runCommand.mjs';
import { root } from './lib/source.mjs';
import { deleteTranslatedComponents, pageCheck, zoneCheck } from './lib/typeChecks.mjs';

const reports = join(root, '.cache/reports');
const bin = (name, file) => join(root, 'node_modules', name, file);

/**
 * Returns a browser for the tests. If none is installed, installs Chromium when run as root on Debian, and throws
 * elsewhere.
 */
async function browserWhenNeeded() {
  const { findChromium, noChromium } = await import('./lib/chromium.mjs');
  const found = findChromium();
  if (found) return found;
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(noChromium);
  console.log('Installing Chromium with apt-get …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runCommand('apt-get', ['update', '-qq'], { env });
  await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-noto-cjk'], {
    env,
  });
  const installed = findChromium();
  if (!installed) throw new Error(noChromium);
  return installed;
}

/** Returns a check without a test count of its own, which passes or fails as a whole. */
function single(name, script, args) {
  return { name, script, args, count: (code) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 }) };
}

/** Returns a suite's report, or null if it wrote none or crashed while writing. */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Returns the counts of a suite. A bad exit code without a failed test (a crash, a file that does not load) counts as
 * one failure.
 */
function counted(passed, failed, code) {
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
}

function vitest(project) {
  const file = join(reports, `${project}.json`);
  return {
    name: `vitest ${project}`,
    script: bin('vitest', 'vitest.mjs'),
    args: ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    count: (code) => {
      const report = readReport(file);
      return counted(report?.numPassedTests ?? 0, report?.numFailedTests ?? 0, code);
    },
  };
}

/** Returns the check of the end-to-end tests of one project of playwright.config.ts. */
function endToEnd(project) {
  const file = join(reports, `${project}.json`);
  return {
    name: project,
    script: bin('@playwright/test', 'cli.js'),
    args: ['test', '--project', project, '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: file },
    count: (code) => {
      const { expected = 0, unexpected = 0, flaky = 0 } = readReport(file)?.stats ?? {};
      return counted(expected, unexpected + flaky, code);
    },
  };
}

/** Returns the check of a zone's types. On one thread, because each thread would check shared types again. */
function types(zone) {
  const { script, args } = zoneCheck(zone);
  return single(`types: ${zone}`, script, [...args, '--singleThreaded']);
}

const page = pageCheck();

/** Needs neither a browser nor the site, so it runs beside the build. */
const lint = single('lint', bin('eslint', 'bin/eslint.js'), ['.']);
/**
 * Checks that keep about one core busy, so two run at a time. Longest first: the short ones at the end let both lanes
 * finish at about the same time.
 */
const paired = [
  vitest('engine-webgpu'),
  endToEnd('e2e'),
  vitest('engine-wasm'),
  vitest('unit'),
  single('format', bin('prettier', 'bin/prettier.cjs'), ['--check', '--log-level', 'warn', '.']),
  types('tests'),
  single('types: page', page.script, page.args),
  types('workers'),
  types('domain'),
];
/** Runs alone, because training in the page needs the whole machine. */
const alone = endToEnd('e2e-training');

/** Runs a check and prints its output at the end, so that the output of simultaneous checks does not mix. */
async function runCheck(check, browser) {
  console.log(`-- ${check.name} …`);
  const env = { ...process.env, CHROMIUM_PATH: browser, CI: '1', FORCE_COLOR: '0', ...check.env };
  const begun = Date.now();
  const output = [];
  const code = await new Promise((resolve) => {
    const child = spawn(process.execPath, [check.script, ...check.args], { cwd: root, env });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => output.push(piece));
    child.once('error', () => resolve(1));
    child.once('close', (ended) => resolve(ended ?? 1));
  });
  const seconds = Math.round((Date.now() - begun) / 1000);
  console.log(`\n== ${check.name} (${seconds} s)\n${Buffer.concat(output).toString()}`);
  return { name: check.name, seconds, ...check.count(code) };
}

/**
 * Builds the site if needed and runs all checks, two at a time except the last, even if one fails. Returns their
 * counts.
 */
async function runChecks(browser) {
  const results = [];
  const run = async (check) => results.push(await runCheck(check, browser));
  const queue = [...paired];
  const lane = async (beginning) => {
    await beginning;
    for (let check = queue.shift(); check; check = queue.shift()) await run(check);
  };
  const building = buildWhenNeeded().catch((error) => {
    queue.length = 0;
    throw error;
  });
  // If the build fails, wait for the check in the other lane: its output must not follow the last line.
  const lanes = await Promise.allSettled([lane(building), lane(run(lint))]);
  for (const { reason } of lanes) if (reason) throw reason;
  await run(alone);
  return results;
}

async function main() {
  await installWhenNeeded();
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  deleteTranslatedComponents();
  const results = await runChecks(await browserWhenNeeded());
  console.log('\n== summary');
  for (const { name, passed, failed, seconds } of results)
    console.log(`${name}: ${passed} passed, ${failed} failed, ${seconds} s`);
  const sum = (key) => results.reduce((all, result) => all + result[key], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  process.exitCode = sum('failed') === 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
