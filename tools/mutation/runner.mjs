import { inject, TestRunner } from 'vitest';
import { MutationLog } from './log.mjs';

/** Ids of the sampled mutants, and longest processor time of a test in milliseconds. */
const { path, sample, slowest } = inject('mutation');
const log = new MutationLog(path);
/** What Stryker's mutated code reads and counts in. */
const mutation = Object.assign((globalThis.__stryker__ ??= {}), { mutantCoverage: { static: {}, perTest: {} } });

/** A mutant that has spent this much processor time in tests, in milliseconds, meets no more of them. */
const enough = 20_000;
const killed = new Set();
const suspects = new Set();
const done = new Set();
const tried = new Set();
/** Processor time of each test without mutants, and what each mutant has spent in such tests. */
const times = new Map();
const spent = new Map();
for (const line of log.lines()) note(...line);

function note(kind, value, test, time) {
  if (kind === 'killed') killed.add(value);
  if (kind === 'unused') done.add(value);
  if (kind === 'reached') times.set(test, time);
  if (kind === 'run') {
    tried.add(`${value} ${test}`);
    spent.set(value, (spent.get(value) ?? 0) + times.get(test));
    suspects.delete(value);
  }
  if (kind === 'suspect') {
    tried.delete(`${value} ${test}`);
    suspects.add(value);
  }
}

function write(...line) {
  note(...line);
  log.write(...line);
}

/**
 * Runs each test once to see which mutants it reaches, once more to see whether it can be repeated, then once per
 * living mutant. These are vitest's own repeats: hooks run each time, but modules are loaded once. If a test then fails
 * without a mutant, a mutant has left traces: the process ends, and another one goes on from the log.
 */
export default class MutantRunner extends TestRunner {
  #test;
  #began;
  /** Ids of the sampled mutants that the test reaches the first time. */
  #reached;
  /** Ids of the mutants to run, and how often the test reaches each. */
  #waiting;
  #mutant;
  /** A mutant with which the test failed, until the test has passed without: the mutant before may have left traces. */
  #failed;
  /** Whether a mutant has run in this process. */
  #used = false;

  constructor(config) {
    super(config);
    write('process', process.pid);
  }

  onCollected(files) {
    write('loaded', Object.keys(mutation.mutantCoverage.static));
    return super.onCollected?.(files);
  }

  onBeforeRunTask(test) {
    // Ends with a skip when no mutant is left.
    test.repeats = 1e9;
    this.#test = `${test.file.name} ${test.id} ${test.name}`;
    this.#failed = undefined;
    this.#reached = this.#waiting = [];
    return super.onBeforeRunTask(test);
  }

  onBeforeTryTask(test, { repeats }) {
    if (repeats < 2) this.#begin(test, repeats);
    else if (this.#failed === undefined) this.#activateNext(test);
    return super.onBeforeTryTask(test);
  }

  #begin(test, repeats) {
    const isLeft =
      repeats === 0 ? !done.has(this.#test) && sample.some((id) => !killed.has(id)) : this.#reached.length > 0;
    if (!isLeft) test.context.skip();
    this.#began = process.cpuUsage();
    mutation.mutantCoverage.perTest.test = {};
    mutation.currentTestId = 'test';
  }

  #activateNext(test) {
    while (this.#waiting.length > 0 && killed.has(this.#waiting[0][0])) this.#waiting.shift();
    if (this.#waiting.length === 0) test.context.skip();
    const [mutant, hits] = this.#waiting.shift();
    this.#mutant = mutant;
    write('run', mutant, this.#test);
    // Stryker's own limit: mutated code throws when it has run a hundred times as often as the original.
    Object.assign(mutation, { activeMutant: mutant, hitCount: 0, hitLimit: hits * 100 });
  }

  onAfterRetryTask(test, { repeats }) {
    const mutant = this.#mutant;
    this.#mutant = mutation.activeMutant = mutation.currentTestId = undefined;
    const failed = test.result.state === 'fail';
    const message = test.result.errors?.[0]?.message?.split('\n')[0].slice(0, 200);
    Object.assign(test.result, { state: 'run', errors: undefined });
    if (mutant !== undefined) this.#afterMutant(mutant, failed, message);
    else if (failed) this.#afterFailure(message);
    else if (repeats < 2) this.#afterUnchanged(repeats);
    else if (this.#failed) {
      this.#kill(...this.#failed);
      this.#failed = undefined;
    }
  }

  /** Code that runs only the first time, such as a module's or what fills a cache, does not count as reached. */
  #afterUnchanged(repeats) {
    const reached = mutation.mutantCoverage.perTest.test;
    const { user, system } = process.cpuUsage(this.#began);
    const time = Math.round((user + system) / 1000);
    const own = sample.filter((id) => reached[id]);
    if (repeats === 0) return void (this.#reached = own);
    write(
      'loaded',
      this.#reached.filter((id) => !reached[id]),
    );
    write('reached', own, this.#test, time);
    const isLeft = (id) => !tried.has(`${id} ${this.#test}`) && (spent.get(id) ?? 0) + time < enough;
    this.#waiting = time > slowest ? [] : own.filter(isLeft).map((id) => [id, reached[id]]);
    this.#waiting.sort(([a], [b]) => suspects.has(b) - suspects.has(a));
  }

  #afterMutant(mutant, failed, message) {
    if (failed && !this.#used) this.#kill(mutant, message);
    if (failed) this.#failed = [mutant, message];
    this.#used = true;
  }

  #afterFailure(message) {
    if (!this.#used) {
      this.#waiting = this.#reached = [];
      return write('unused', this.#test, message);
    }
    if (this.#failed && !killed.has(this.#failed[0])) write('suspect', this.#failed[0], this.#test);
    process.kill(process.pid, 'SIGKILL');
  }

  #kill(mutant, message) {
    if (!killed.has(mutant)) write('killed', mutant, this.#test, message);
  }

  onAfterRunFiles(files) {
    for (const { name } of files) write('file', name);
    return super.onAfterRunFiles(files);
  }
}
