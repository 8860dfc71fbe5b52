import { Worker } from 'node:worker_threads';

/**
 * A vitest pool that keeps its threads. Vitest otherwise starts a thread for each test file and loads the packages
 * again, which takes 0.3 s of processor time, while most test files need only a few milliseconds. Only the project's
 * own modules are loaded again for each file.
 */
const idleThreads = [];

const newThread = () => new Worker(new URL('warmWorker.mjs', import.meta.url), { stdout: true, stderr: true });

/** A worker that vitest starts for a test file. Takes an idle thread if there is one, and puts it back. */
export class WarmWorker {
  name = 'warm';
  #idle;
  #start;
  #thread;
  #listeners = [];
  #finished = false;
  #noteEnd = (message) => (this.#finished ||= message?.type === 'stopped');

  /** Tests replace the threads. */
  constructor(idle = idleThreads, start = newThread) {
    this.#idle = idle;
    this.#start = start;
  }

  async start() {
    this.#thread = this.#takeIdle() ?? this.#startNew();
    this.#thread.ref();
    this.on('message', this.#noteEnd);
  }

  /** Returns an idle thread that has not ended meanwhile, for example because it ran out of memory. */
  #takeIdle() {
    let thread;
    do thread = this.#idle.pop();
    while (thread && hasEnded(thread));
    return thread;
  }

  #startNew() {
    const thread = this.#start();
    // While a thread is idle nobody else listens, and node throws errors that nobody listens to.
    thread.on('error', () => undefined);
    return thread;
  }

  on(event, listener) {
    this.#listeners.push([event, listener]);
    this.#thread.on(event, listener);
  }

  off(event, listener) {
    this.#thread.off(event, listener);
  }

  send(message) {
    this.#thread.postMessage(message);
  }

  deserialize(data) {
    return data;
  }

  /** Keeps the thread for the next test file, unless it was stopped in the middle of one. */
  async stop() {
    for (const [event, listener] of this.#listeners) this.#thread.off(event, listener);
    if (!this.#finished || hasEnded(this.#thread)) return void (await this.#thread.terminate());
    // Vitest may stop its last worker after `onClose`, so an idle thread must not keep the process alive.
    this.#thread.unref();
    this.#idle.push(this.#thread);
  }
}

const hasEnded = (thread) => thread.threadId === -1;

/** A plugin, because Stryker's runner overwrites the setting `pool` with "threads". */
export const warmPool = {
  name: 'warm-pool',
  configureVitest({ project, vitest }) {
    project.config.pool = 'warm';
    project.config.poolRunner = { name: 'warm', createPoolWorker: () => new WarmWorker() };
    vitest.onClose(() => Promise.all(idleThreads.splice(0).map((thread) => thread.terminate())));
  },
};
