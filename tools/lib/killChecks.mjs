import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unfinishedFolder } from './resultsFolder.mjs';
import { root } from './source.mjs';

/** The phases that runs are killed in, each with the line of the runner's output that begins it. */
const phases = {
  import: /^reading files/,
  tokenize: /^tokenizing/,
  evaluation: /^== evaluate(Before|After)/,
  training: /^== train/,
  checkpoint: /^writing a checkpoint/,
  export: /^writing the export/,
};
const phaseNames = Object.keys(phases);

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

async function killBrowser(profile) {
  for (const id of browserProcesses(profile))
    try {
      process.kill(Number(id), 'SIGKILL');
    } catch {
      // The process has ended meanwhile.
    }
  const begun = Date.now();
  while (browserProcesses(profile).length > 0 && Date.now() - begun < endMs) await sleep(100);
}

/**
 * Runs the runner and resolves with its exit code and the lines that it printed, each with its time in ms. `onLine` is
 * called with each line and a function that kills the runner and its browser.
 */
function run(file, out, profile, onLine = () => undefined) {
  const args = ['tools/experiment.mjs', file, '--out', out, '--device', 'wasm', '--profile', profile];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = [];
  const begun = Date.now();
  let [waiting, stderr] = ['', ''];
  const kill = () => {
    child.kill('SIGKILL');
    void killBrowser(profile);
  };
  child.stderr.on('data', (text) => (stderr += text));
  child.stdout.on('data', (text) => {
    const parts = (waiting + text).split('\n');
    waiting = parts.pop();
    for (const line of parts) {
      lines.push({ line, at: Date.now() - begun });
      onLine(line, kill);
    }
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, lines, stderr, ms: Date.now() - begun }));
  });
}

/** Returns how many ms each phase took in a run: from its line to the next line that is not of the same phase. */
function phaseDurations({ lines, ms }) {
  const nameOf = (line) => phaseNames.find((name) => phases[name].test(line));
  return Object.fromEntries(
    phaseNames.map((name) => {
      const first = lines.findIndex(({ line }) => nameOf(line) === name);
      if (first < 0) return [name, 0];
      const next = lines.slice(first + 1).find(({ line }) => nameOf(line) !== undefined && nameOf(line) !== name);
      return [name, (next?.at ?? ms) - lines[first].at];
    }),
  );
}

/** The parts of the results that an interruption must not change. */
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
  return { sameParts, repeated: metrics.repeatedSteps, files: metrics.export.files.map(({ path }) => path) };
}

function differing(found, expected) {
  return Object.keys(expected).filter((name) => JSON.stringify(found[name]) !== JSON.stringify(expected[name]));
}

/**
 * Kills a run in a phase, resumes it, and compares it with the unbroken run. Returns false if the run ended before the
 * kill.
 */
async function killAndResume(file, folder, { phase, share, duration, expected }) {
  const [out, profile] = ['out', 'profile'].map((name) => join(folder, name));
  let killed = false;
  const first = await run(file, out, profile, (line, kill) => {
    if (killed || !phases[phase].test(line)) return;
    killed = true;
    setTimeout(kill, share * duration);
  });
  await killBrowser(profile);
  if (first.code !== null) return false;
  const before = jsonLines(join(out, unfinishedFolder, 'events.jsonl'));
  const checkpoint = before.findLast((event) => event.type === 'checkpoint')?.step ?? 0;
  const second = await run(file, out, profile);
  if (second.code !== 0) throw new Error(`the rerun exited with code ${second.code}: ${second.stderr.trim()}`);
  const { sameParts, repeated, files } = resultOf(out);
  const changed = differing(sameParts, expected.sameParts);
  if (changed.length > 0) throw new Error(`${changed.join(', ')} differ from the unbroken run`);
  if (files.join() !== expected.files.join() || !files.every((path) => existsSync(join(out, 'export', path))))
    throw new Error('the export has other files than that of the unbroken run');
  if (repeated && repeated.first <= checkpoint)
    throw new Error(`step ${repeated.first} was trained again although there was a checkpoint of step ${checkpoint}`);
  return true;
}

/**
 * Kills runs of an experiment at random moments, `kills` times, each phase in turn. Throws unless each of them ends
 * with the results of an unbroken run. Returns a line for the terminal.
 */
export async function killAtRandomMoments(file, folder, kills) {
  const whole = join(folder, 'whole');
  const unbroken = await run(file, join(whole, 'out'), join(whole, 'profile'));
  if (unbroken.code !== 0) throw new Error(`the unbroken run exited with code ${unbroken.code}: ${unbroken.stderr}`);
  const expected = resultOf(join(whole, 'out'));
  const durations = phaseDurations(unbroken);
  const survived = [];
  const counts = Object.fromEntries(phaseNames.map((name) => [name, 0]));
  for (let i = 0; i < kills; i++) {
    const phase = phaseNames[i % phaseNames.length];
    const share = Math.random();
    const label = `kill ${i + 1} of ${kills}, at ${Math.round(share * 100)}% of the phase ${phase}`;
    const place = join(folder, `kill-${i + 1}`);
    try {
      const killed = await killAndResume(file, place, { phase, share, duration: durations[phase], expected });
      console.log(`  ${label}: ${killed ? 'same results' : 'the run ended first'}`);
      if (killed) counts[phase] += 1;
      else survived.push(phase);
    } catch (error) {
      throw new Error(`${label}: ${error.message}`, { cause: error });
    }
    await rm(place, { recursive: true, force: true });
  }
  if (survived.length > kills / 3) throw new Error(`${survived.length} of ${kills} runs ended before they were killed`);
  const list = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return `${kills - survived.length} kills (${list.join(', ')}), each with the results of the unbroken run`;
}
