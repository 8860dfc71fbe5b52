import { Worker } from 'node:worker_threads';

/**
 * A vitest pool that keeps its threads. Vitest otherwise starts a thread for each test file and loads the packages
 * again, which takes 0.3 s of processor time, while most test files need only a few milliseconds. Only the project's
 * own modules are loaded again for each file.
 */
const idle = [];

class WarmWorker {
  name = 'warm';
  #thread;
  #listeners = [];
  #finished = false;
  #noteEnd = (message) => (this.#finished ||= message?.type === 'stopped');

  async start() {
    this.#thread = idle.pop() ?? new Worker(new URL('warmWorker.mjs', import.meta.url), { stdout: true, stderr: true });
    this.#thread.ref();
    this.on('message', this.#noteEnd);
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
    if (!this.#finished) return void (await this.#thread.terminate());
    // Vitest may stop its last worker after `onClose`, so an idle thread must not keep the process alive.
    this.#thread.unref();
    idle.push(this.#thread);
  }
}

/** A plugin, because Stryker's runner overwrites the setting `pool` with "threads". */
export const warmPool = {
  name: 'warm-pool',
  configureVitest({ project, vitest }) {
    project.config.pool = 'warm';
    project.config.poolRunner = { name: 'warm', createPoolWorker: () => new WarmWorker() };
    vitest.onClose(() => Promise.all(idle.splice(0).map((thread) => thread.terminate())));
  },
};
