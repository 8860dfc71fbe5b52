import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unfinishedFolder } from './resultsFolder.mjs';
import { root } from './source.mjs';

/**
 * The phases in which runs are killed, each with the lines of the runner's output that begin and end it. A checkpoint
 * also ends with its event; see `windowsOf`.
 */
const phases = {
  import: { begins: /^reading files/, ends: /^tokenizing/ },
  tokenize: { begins: /^tokenizing/, ends: /^(device:|== )/ },
  evaluation: { begins: /^== evaluate(Before|After)/, ends: /^== (train|done)/ },
  // A line `== stage 1 of 2` ends no phase: it comes with the first step of each stage.
  training: { begins: /^== train/, ends: /^== (?!stage )/ },
  checkpoint: { begins: /^writing a checkpoint/, ends: /^(?!writing a checkpoint)/ },
  export: { begins: /^writing the export/, ends: /^before: / },
};
export const phaseNames = Object.keys(phases);

/** Maximum attempts per kill. Each waits half as long as the previous one, which came too late. */
const maxAttempts = 6;

/** Maximum wait for the processes of a killed browser to end. */
const endMs = 20_000;

const jsonLines = (path) =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : [];

/** Returns the ids of the browser processes of a profile, or none if the system has no /proc. */
function browserProcesses(profile) {
  if (!existsSync('/proc/self')) return [];
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`--user-data-dir=${profile}`);
    } catch {
      return false;
    }
  });
}

/** Kills the browser immediately, so that it cannot react, and resolves when it is gone. */
async function killBrowser(profile) {
  for (const id of browserProcesses(profile))
    try {
      process.kill(Number(id), 'SIGKILL');
    } catch {
      // The process has ended in the meantime.
    }
  const begun = Date.now();
  while (browserProcesses(profile).length > 0 && Date.now() - begun < endMs) await sleep(100);
}

/**
 * Starts the runner and resolves with its exit code and the lines that it printed, each with its time. `onLine` is
 * called with each line and a function that kills the browser and the runner.
 */
function run(file, out, profile, onLine = () => undefined) {
  const args = ['tools/experiment.mjs', file, '--out', out, '--device', 'wasm', '--profile', profile];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = [];
  let [waiting, stderr] = ['', ''];
  const kill = () => {
    void killBrowser(profile);
    child.kill('SIGKILL');
  };
  child.stderr.on('data', (text) => (stderr += text));
  child.stdout.on('data', (text) => {
    const parts = (waiting + text).split('\n');
    waiting = parts.pop();
    for (const line of parts) {
      lines.push({ line, at: Date.now() });
      onLine(line, kill);
    }
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, lines, stderr }));
  });
}

/**
 * Returns when each occurrence of a phase began and ended, in ms since 1970. An occurrence that was cut off has no end.
 */
export function windowsOf(phase, lines, events) {
  const { begins, ends } = phases[phase];
  const windows = [];
  for (const { line, at } of lines) {
    const open = windows.at(-1);
    if (open && open.end === undefined && ends.test(line)) open.end = at;
    if (begins.test(line) && (!open || open.end !== undefined)) windows.push({ begin: at, end: undefined });
  }
  if (phase !== 'checkpoint') return windows;
  return windows.map(({ begin, end }) => {
    const stored = events.find((event) => event.type === 'checkpoint' && event.at >= begin)?.at ?? Infinity;
    return { begin, end: stored < (end ?? Infinity) ? stored : end };
  });
}

/** Returns the parts of the results that an interruption must not change. */
function resultOf(out) {
  const metrics = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8'));
  const { weightsSha256, steps, keptStep, before, after, ranksBefore, ranksAfter, comparison } = metrics;
  const events = jsonLines(join(out, 'events.jsonl'));
  const trained = events.filter((event) => event.type === undefined).map(({ step, loss }) => ({ step, loss }));
  const dev = events.filter((event) => event.type === 'devEvaluation').map(({ step, metrics: m }) => ({ step, m }));
  const sameParts = {
    weightsSha256,
    steps,
    keptStep,
    before,
    after,
    ranksBefore,
    ranksAfter,
    comparison,
    trained,
    dev,
  };
  return {
    sameParts,
    resumed: metrics.resumed,
    repeated: metrics.repeatedSteps,
    files: metrics.export.files.map(({ path }) => path),
  };
}

function differing(found, expected) {
  return Object.keys(expected).filter((name) => JSON.stringify(found[name]) !== JSON.stringify(expected[name]));
}

/** Kills a run `delayMs` after a phase begins for the `nth` time. Returns whether the phase was still in progress. */
async function killWithin(file, { out, profile }, { phase, nth, delayMs }) {
  const { begins, ends } = phases[phase];
  let [begun, inside] = [0, false];
  let timer;
  const { code, lines } = await run(file, out, profile, (line, kill) => {
    const over = inside && ends.test(line);
    if (over) inside = false;
    // The phase is over, so the kill is too late; end the run and let another attempt begin.
    if (over && begun > nth) return kill();
    if (!begins.test(line) || inside) return undefined;
    inside = true;
    if (begun++ === nth) timer = setTimeout(kill, delayMs);
    return undefined;
  });
  clearTimeout(timer);
  await killBrowser(profile);
  const window = windowsOf(phase, lines, jsonLines(join(out, unfinishedFolder, 'events.jsonl')))[nth];
  return code === null && window !== undefined && window.end === undefined;
}

/** Kills a run at a random moment of a phase. Attempts that come too late are repeated in an empty folder. */
async function killAtRandom(file, folder, phase, windows) {
  let share = Math.random();
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const nth = Math.floor(Math.random() * windows.length);
    const delayMs = share * (windows[nth].end - windows[nth].begin);
    const place = { out: join(folder, 'out'), profile: join(folder, 'profile') };
    if (await killWithin(file, place, { phase, nth, delayMs })) return { ...place, delayMs, nth, attempt };
    await rm(folder, { recursive: true, force: true });
    share /= 2;
  }
  throw new Error(`no kill came before the end of the phase in ${maxAttempts} attempts`);
}

/** Resumes a killed run and compares it with the uninterrupted one. Returns a description of the rerun. */
async function resume(file, { out, profile }, { phase, expected }) {
  const before = jsonLines(join(out, unfinishedFolder, 'events.jsonl'));
  const stored = before.findLast((event) => event.type === 'checkpoint')?.step ?? 0;
  const checkpoint = phase === 'export' ? expected.sameParts.steps : stored;
  const second = await run(file, out, profile);
  if (second.code !== 0) throw new Error(`the rerun exited with code ${second.code}: ${second.stderr.trim()}`);
  const { sameParts, resumed, repeated, files } = resultOf(out);
  const changed = differing(sameParts, expected.sameParts);
  if (changed.length > 0) throw new Error(`${changed.join(', ')} differ from the unbroken run`);
  if (files.join() !== expected.files.join() || !files.every((path) => existsSync(join(out, 'export', path))))
    throw new Error('the export has other files than that of the unbroken run');
  if (checkpoint > 0 && !resumed)
    throw new Error(`a new run began although there was a checkpoint of step ${checkpoint}`);
  if (repeated && repeated.first <= checkpoint)
    throw new Error(`step ${repeated.first} was trained again although there was a checkpoint of step ${checkpoint}`);
  return resumed ? `resumed after step ${checkpoint}, ${repeated?.count ?? 0} steps again` : 'began again';
}

/**
 * Kills runs of an experiment at random moments, `kills` times, in each phase in turn. Throws unless each of them, once
 * restarted, ends with the results of the uninterrupted run and repeats no step that a checkpoint contains.
 */
export async function killAtRandomMoments(file, folder, kills) {
  const whole = join(folder, 'whole');
  const unbroken = await run(file, join(whole, 'out'), join(whole, 'profile'));
  if (unbroken.code !== 0) throw new Error(`the unbroken run exited with code ${unbroken.code}: ${unbroken.stderr}`);
  const expected = resultOf(join(whole, 'out'));
  const events = jsonLines(join(whole, 'out', 'events.jsonl'));
  const windows = Object.fromEntries(phaseNames.map((name) => [name, windowsOf(name, unbroken.lines, events)]));
  const counts = Object.fromEntries(phaseNames.map((name) => [name, 0]));
  for (let i = 0; i < kills; i++) {
    const phase = phaseNames[i % phaseNames.length];
    const place = join(folder, `kill-${i + 1}`);
    let label = `kill ${i + 1} of ${kills}, in ${phase}`;
    try {
      const killed = await killAtRandom(file, place, phase, windows[phase]);
      label += ` ${killed.nth + 1} of ${windows[phase].length} after ${Math.round(killed.delayMs)} ms`;
      if (killed.attempt > 1) label += ` (attempt ${killed.attempt})`;
      console.log(`  ${label}: ${await resume(file, killed, { phase, expected })}, same results`);
      counts[phase] += 1;
    } catch (error) {
      throw new Error(`${label}: ${error.message}`, { cause: error });
    }
    await rm(place, { recursive: true, force: true });
  }
  const list = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return `${kills} kills (${list.join(', ')}), each with the results of the unbroken run`;
}
