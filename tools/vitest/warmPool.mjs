import { Worker } from 'node:worker_threads';

const threads = {
  start: () => new Worker(new URL('warmWorker.mjs', import.meta.url), { stdout: true, stderr: true }),
  send: (worker, message) => worker.postMessage(message),
  end: (worker) => worker.terminate(),
  hasEnded: (worker) => worker.threadId === -1,
};

/**
 * A worker that vitest starts for a test file. Takes an idle one of `idle` if there is one, and puts it back. `kind`
 * starts, reaches and ends workers.
 */
export class WarmWorker {
  name = 'warm';
  #kind;
  #idle;
  #worker;
  #listeners = [];
  #finished = false;
  #noteEnd = (message) => (this.#finished ||= message?.type === 'stopped');

  constructor(kind, idle) {
    this.#kind = kind;
    this.#idle = idle;
  }

  async start() {
    this.#worker = this.#takeIdle() ?? this.#startNew();
    this.#worker.ref();
    this.on('message', this.#noteEnd);
  }

  /** Returns an idle worker that has not ended meanwhile, for example because it ran out of memory. */
  #takeIdle() {
    let worker;
    do worker = this.#idle.pop();
    while (worker && this.#kind.hasEnded(worker));
    return worker;
  }

  #startNew() {
    const worker = this.#kind.start();
    // While a worker is idle nobody else listens, and Node throws errors that nobody listens to.
    worker.on('error', () => undefined);
    return worker;
  }

  on(event, listener) {
    this.#listeners.push([event, listener]);
    this.#worker.on(event, listener);
  }

  off(event, listener) {
    this.#worker.off(event, listener);
  }

  send(message) {
    this.#kind.send(this.#worker, message);
  }

  deserialize(data) {
    return data;
  }

  /** Keeps the worker for the next test file, unless it was stopped in the middle of one. */
  async stop() {
    for (const [event, listener] of this.#listeners) this.#worker.off(event, listener);
    if (!this.#finished || this.#kind.hasEnded(this.#worker)) return void (await this.#kind.end(this.#worker));
    // Vitest may stop its last worker after `onClose`, so an idle worker must not keep the process alive.
    this.#worker.unref();
    this.#idle.push(this.#worker);
  }
}

const idle = [];

/**
 * A vitest pool that keeps its threads. Vitest otherwise starts a thread for each test file and loads the packages
 * again, which takes 0.3 s of processor time, while most test files need only a few milliseconds. Only the project's
 * own modules are loaded again for each file.
 *
 * It is a plugin, because Stryker's runner overwrites the setting `pool` with "threads".
 */
export const warmPool = {
  name: 'warm-pool',
  configureVitest({ project, vitest }) {
    project.config.pool = 'warm';
    project.config.poolRunner = { name: 'warm', createPoolWorker: () => new WarmWorker(threads, idle) };
    vitest.onClose(() => Promise.all(idle.splice(0).map((worker) => threads.end(worker))));
  },
};
