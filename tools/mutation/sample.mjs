#!/usr/bin/env node
/*
 * `npm run mutate:sample`: a random sample of Stryker's mutants, in processes that load the modules once per test file
 * instead of once per mutant. CONTRIBUTING.md says how to use it.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { globSync } from 'tinyglobby';
import { createVitest } from 'vitest/node';
import { root } from '../lib/source.mjs';
import { MutationLog } from './log.mjs';
import { nearestTests } from './nearestTests.mjs';
import { outcomes, report, scoreLine } from './report.mjs';

const { values, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: {
    every: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    tests: { type: 'string', default: '8' },
    slowest: { type: 'string', default: '8' },
  },
});
const options = { seed: values.seed, every: +values.every, tests: +values.tests, slowest: 1000 * values.slowest };

/** Longest time of a test, and longest silence of a process, in milliseconds. */
const [testTimeout, silence] = [30_000, 60_000];
const logger = { debug: () => undefined, info: () => undefined, warn: console.warn, isDebugEnabled: () => false };

/** Returns mutated code by file, and a sample that is the same for the same seed and code. */
async function mutantsOf(files) {
  const sources = files.map((name) => ({
    name: join(root, name),
    mutate: true,
    content: readFileSync(join(root, name), 'utf8'),
  }));
  const instrumentation = { plugins: null, ignorers: [], excludedMutations: [] };
  const { files: mutated, mutants } = await new Instrumenter(logger).instrument(sources, instrumentation);
  const counted = mutants.filter(({ status }) => status === undefined);
  const draw = ({ fileName, location, replacement }) => {
    const text = JSON.stringify([options.seed, relative(root, fileName), location, replacement]);
    return createHash('sha256').update(text).digest('hex');
  };
  const drawn = counted.map((mutant) => [draw(mutant), mutant]).sort(([a], [b]) => (a < b ? -1 : 1));
  const sample = drawn.slice(0, Math.ceil(counted.length / options.every)).map(([, mutant]) => mutant);
  return { codeOf: new Map(mutated.map(({ name, content }) => [name, content])), count: counted.length, sample };
}

/** Whether a unit test replaces modules, so that it cannot share loaded modules with other test files. */
const replaces = (name) => readFileSync(join(root, name), 'utf8').includes('vi.mock(');

/** Opens the projects of unit and engine tests in Node. Engine tests compute on wasm. */
function openVitest(codeOf, provided) {
  const mutate = { name: 'mutate', enforce: 'pre', transform: (_code, id) => codeOf.get(id.split('?')[0]) };
  const generate = ({ filename }) => ({ generate: filename.endsWith('.svelte') ? 'server' : 'client' });
  const runner = join(root, 'tools/mutation/runner.mjs');
  const project = (name, include, rest) => ({
    plugins: [svelte({ configFile: false, dynamicCompileOptions: generate }), mutate],
    test: { name, root, include, environment: 'node', pool: 'forks', testTimeout, runner, ...rest },
  });
  const setup = 'tools/mutation/setup.mjs';
  const setupFiles = ['tools/vitest/resetGlobals.mjs', setup];
  const units = globSync('tests/unit/**/*.test.ts', { cwd: root });
  const projects = [
    project(
      'unit',
      units.filter((name) => !replaces(name)),
      { setupFiles, isolate: false },
    ),
    project('replacing', units.filter(replaces), { setupFiles }),
    project('engine', ['tests/engine/**/*.test.ts'], {
      setupFiles: [setup],
      globalSetup: 'tests/engine/moduleServer.mjs',
    }),
  ];
  const settings = { config: false, root, watch: false, reporters: [{}], maxWorkers: 1, fileParallelism: false };
  return createVitest('test', { ...settings, projects, provide: { mutation: provided } }, { configFile: false });
}

/** Ends the process of a mutant that neither fails nor ends. Such a mutant counts as killed, as in Stryker. */
function endSilence(log) {
  let [size, since] = [0, Date.now()];
  return setInterval(() => {
    if (log.size !== size) [size, since] = [log.size, Date.now()];
    if (Date.now() - since < silence) return;
    const lines = log.lines();
    const [kind, mutant, test] = lines.at(-1);
    if (kind !== 'run') return;
    log.write('killed', mutant, test, 'no end');
    process.kill(lines.findLast((line) => line[0] === 'process')[1], 'SIGKILL');
  }, 1000);
}

/** Most rounds in which test files are run again after mutants have ended the process. */
const mostRounds = 20;

/**
 * Runs the test files, and runs those again that a mutant stopped by ending the process. The log names
 * files that have not ended in the last round.
 */
async function runFiles(vitest, tests, log) {
  for (let round = 0; ; round++) {
    const ended = log.of('file');
    const left = tests.filter((name) => !ended.has(name));
    if (left.length === 0) return;
    if (round === mostRounds) {
      console.warn(`  did not end after ${mostRounds} rounds: ${left.join(', ')}`);
      return log.write('left', left);
    }
    const found = await vitest.globTestSpecifications(left.map((name) => join(root, name)));
    await vitest.runTestSpecifications(found.filter(({ moduleId }) => left.includes(relative(root, moduleId))));
  }
}

/** Runs the nearest tests of each file in which a mutant lives, then the next nearest. */
async function runTests({ codeOf, sample }, log) {
  const nameOf = ({ fileName }) => relative(root, fileName);
  const nearest = nearestTests([...new Set(sample.map(nameOf))], options.tests);
  const vitest = await openVitest(codeOf, {
    path: log.path,
    sample: sample.map(({ id }) => id),
    slowest: options.slowest,
  });
  for (let begin = 0; begin < options.tests; begin = 2 * begin + 2) {
    const killed = log.of('killed');
    const living = sample.filter(({ id }) => !killed.has(id));
    const tests = new Set(living.flatMap((mutant) => nearest.get(nameOf(mutant)).slice(begin, 2 * begin + 2)));
    await runFiles(vitest, [...tests], log);
  }
  await vitest.close();
}

async function measure(folder) {
  const isFile = statSync(join(root, folder)).isFile();
  const files = isFile ? [folder] : globSync('**/*.ts', { cwd: join(root, folder) }).map((name) => join(folder, name));
  const mutation = await mutantsOf(files.sort());
  const name = `${folder.replaceAll('/', '-')}-${options.seed}`;
  const output = join(root, '.cache/mutation');
  mkdirSync(output, { recursive: true });
  const path = join(output, `${name}.jsonl`);
  rmSync(path, { force: true });
  const log = new MutationLog(path);
  log.write('sample', mutation.sample.length);
  const watch = endSilence(log);
  await runTests(mutation, log);
  clearInterval(watch);
  const all = outcomes(mutation.sample, log);
  const line = scoreLine(`${folder} (${mutation.count} mutants, seed ${options.seed})`, all);
  writeFileSync(join(output, `${name}.txt`), `${line}\n\n${report(mutation.sample, log)}`);
  console.log(`${line}\n  survivors: .cache/mutation/${name}.txt`);
}

for (const folder of folders) await measure(folder);
process.exit();
